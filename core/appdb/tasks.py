"""What people ask to be done in the background: a queue between the API, which may not run the machinery, and workers, which do.

A worker takes the task that has waited longest, under a lease that it renews while it works. When it dies, the lease runs out and
another begins the task again: whoever does a task does it in steps that may be repeated. Everything a worker writes names the
attempt it belongs to, so one that was thought dead cannot overwrite its successor.
"""

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, ScalarResult, and_, delete, func, insert, or_, select, update

from core.appdb.engine import writing
from core.appdb.tables import task as task_table
from core.errors import Terminal
from core.tasks import NOT_CANCELLED, NotCancellable, UnknownTask
from core.vocabulary import TaskKind, TaskStatus

LEASE = timedelta(seconds=60)
"""How long a task stays a silent worker's."""

MAX_ATTEMPTS = 3
"""How often a task is begun before it counts as failed."""

_KEPT = timedelta(days=30)
_OPEN = (TaskStatus.QUEUED, TaskStatus.RUNNING)
_C = task_table.c


class TaskLost(Terminal):
    """The task is another worker's by now."""


class TaskCancelled(Terminal):
    """Somebody asked for the task to be stopped."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as a worker has taken it."""

    tenant_id: str
    task_id: str
    kind: TaskKind
    arguments: Mapping[str, Any]
    asked_by: str
    attempt: int


class TaskBook:
    """Asks for tasks of one tenant."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def ask(self, kind: TaskKind, arguments: Mapping[str, Any], *, asked_by: str, now: datetime | None = None) -> str:
        """Have something done; returns the id to follow it by.

        Where just this has been asked for and is not finished, it is not done twice: the id is that task's.

        Args:
            kind: What.
            arguments: What the kind's handler needs to know; JSON.
            asked_by: Subject of the user.
            now: The present unless given.
        """
        with self._transaction() as connection:
            for task_id, asked in connection.execute(
                select(_C.task_id, _C.arguments).where(
                    _C.tenant_id == self._tenant_id,
                    _C.kind == kind,
                    _C.status.in_(_OPEN),
                    # What is being stopped will not be finished.
                    _C.cancel_asked_at.is_(None),
                )
            ):
                if asked == arguments:
                    return str(task_id)
            task_id = uuid.uuid4().hex
            connection.execute(
                insert(task_table).values(
                    tenant_id=self._tenant_id,
                    task_id=task_id,
                    kind=kind,
                    arguments=dict(arguments),
                    status=TaskStatus.QUEUED,
                    asked_by=asked_by,
                    asked_at=now or datetime.now(UTC),
                    attempt=0,
                )
            )
        return task_id

    def cancel(self, task_id: str, *, now: datetime | None = None) -> TaskKind | None:
        """Ask for a task to be stopped: at once where nobody has begun it, or else as soon as its worker notices.

        Returns:
            What it is; None where that was asked for before.

        Raises:
            UnknownTask: The tenant has none of that id.
            NotCancellable: It has ended, or goes through to its end.
        """
        moment = now or datetime.now(UTC)
        mine = _is(self._tenant_id, task_id)
        with self._transaction() as connection:
            # The row lock keeps a worker from taking or ending it between the look and the write.
            found = connection.execute(
                select(_C.kind, _C.status, _C.cancel_asked_at).where(mine).with_for_update()
            ).first()
            if found is None:
                raise UnknownTask("There is no such task, or it ended more than 30 days ago.")
            kind = TaskKind(found.kind)
            if found.status == TaskStatus.CANCELLED or (found.status in _OPEN and found.cancel_asked_at is not None):
                return None
            if found.status not in _OPEN:
                raise NotCancellable(f"It is {found.status} already, so there is nothing left to stop.")
            if kind in NOT_CANCELLED:
                raise NotCancellable("A deletion goes through to its end: half of it would help nobody.")
            values: dict[str, Any] = {"cancel_asked_at": moment}
            if found.status == TaskStatus.QUEUED:
                values |= {"status": TaskStatus.CANCELLED, "ended_at": moment, "lease_until_at": None}
            connection.execute(update(task_table).where(mine).values(values))
        return kind


class TaskQueue:
    """Hands tasks of all tenants to workers, and keeps what they report."""

    def __init__(self, engine: Engine, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self.lease = lease

    def take(self, now: datetime | None = None) -> Task | None:
        """The task that has waited longest, taken; None where nothing waits.

        One whose worker went silent is begun again, at most `MAX_ATTEMPTS` times, unless it was to be stopped.
        """
        moment = now or datetime.now(UTC)
        is_free = or_(_C.lease_until_at.is_(None), _C.lease_until_at < moment)
        waiting = (
            select(task_table)
            .where(_C.status.in_(_OPEN), is_free)
            .order_by(_C.asked_at, _C.tenant_id, _C.task_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        while True:
            with writing(self._engine) as connection:
                connection.execute(delete(task_table).where(_C.ended_at < moment - _KEPT))
                found = connection.execute(waiting).mappings().first()
                if found is None:
                    return None
                mine = _is(found["tenant_id"], found["task_id"])
                if found["cancel_asked_at"] is not None:
                    connection.execute(update(task_table).where(mine).values(_ended(TaskStatus.CANCELLED, moment)))
                    continue
                if found["attempt"] >= MAX_ATTEMPTS:
                    why = (
                        f"This was begun {MAX_ATTEMPTS} times, and each time the worker went silent before it was done: "
                        f"look at the worker's log, then ask for it again."
                    )
                    connection.execute(update(task_table).where(mine).values(_ended(TaskStatus.FAILED, moment, why)))
                    continue
                attempt = found["attempt"] + 1
                connection.execute(
                    update(task_table)
                    .where(mine)
                    .values(
                        status=TaskStatus.RUNNING,
                        attempt=attempt,
                        started_at=moment,
                        lease_until_at=moment + self.lease,
                        step=None,
                        done_count=None,
                        total_count=None,
                    )
                )
                return Task(
                    tenant_id=found["tenant_id"],
                    task_id=found["task_id"],
                    kind=TaskKind(found["kind"]),
                    arguments=found["arguments"],
                    asked_by=found["asked_by"],
                    attempt=attempt,
                )

    def waiting(self, now: datetime | None = None) -> tuple[int, timedelta]:
        """How many tasks nobody has begun, and how long the first of them has waited."""
        with self._engine.connect() as connection:
            count, oldest_at = connection.execute(
                select(func.count(), func.min(_C.asked_at)).where(_C.status == TaskStatus.QUEUED)
            ).one()
        return count, (now or datetime.now(UTC)) - oldest_at if oldest_at else timedelta()

    def renew(self, task: Task, now: datetime | None = None) -> None:
        """Say that the task is still being done.

        Raises:
            TaskLost: It is another worker's by now.
        """
        self._write(task, lease_until_at=(now or datetime.now(UTC)) + self.lease)

    def report(self, task: Task, step: str, done_count: int | None, total_count: int | None) -> None:
        """Say how far it is.

        Raises:
            TaskLost: It is another worker's by now.
            TaskCancelled: Somebody wants it stopped.
        """
        if self._write(task, step=step, done_count=done_count, total_count=total_count):
            raise TaskCancelled(
                f"Task {task.task_id} of tenant {task.tenant_id} is to be stopped: somebody asked for that."
            )

    def finish(self, task: Task, result: Mapping[str, Any], now: datetime | None = None) -> None:
        """Write down what came of it. A task that went with its tenant leaves nothing to write on.

        Raises:
            TaskLost: It is another worker's by now.
        """
        ended = _ended(TaskStatus.DONE, now or datetime.now(UTC))
        self._write(task, **ended, result=dict(result))

    def fail(self, task: Task, why: str, now: datetime | None = None) -> None:
        """Write down why it cannot be done.

        Raises:
            TaskLost: It is another worker's by now.
        """
        self._write(task, **_ended(TaskStatus.FAILED, now or datetime.now(UTC), why))

    def stop(self, task: Task, now: datetime | None = None) -> None:
        """Write down that it was stopped because somebody asked for that.

        Raises:
            TaskLost: It is another worker's by now.
        """
        self._write(task, **_ended(TaskStatus.CANCELLED, now or datetime.now(UTC)))

    def put_back(self, task: Task, *, until: datetime | None = None, is_counted: bool = True) -> None:
        """Let it be begun again.

        Args:
            task: Which.
            until: Not before then; None: at once.
            is_counted: Whether this attempt counts; one that was interrupted in good order does not.

        Raises:
            TaskLost: It is another worker's by now.
        """
        self._write(
            task,
            status=TaskStatus.QUEUED,
            lease_until_at=until,
            attempt=task.attempt if is_counted else task.attempt - 1,
        )

    def _write(self, task: Task, **values: Any) -> bool:
        """Whether the task is to be stopped."""
        mine = and_(_is(task.tenant_id, task.task_id), _C.attempt == task.attempt, _C.status == TaskStatus.RUNNING)
        with writing(self._engine) as connection:
            written = connection.execute(
                update(task_table).where(mine).values(values).returning(_C.cancel_asked_at)
            ).first()
            if written is not None:
                return written.cancel_asked_at is not None
            held: ScalarResult[str] = connection.scalars(select(_C.status).where(_is(task.tenant_id, task.task_id)))
            if held.first() is not None:
                raise TaskLost(
                    f"Task {task.task_id} of tenant {task.tenant_id} was taken over while its worker was silent: "
                    f"what this attempt found out is not kept."
                )
        return False


def _is(tenant_id: str, task_id: str) -> Any:
    return and_(_C.tenant_id == tenant_id, _C.task_id == task_id)


def _ended(status: TaskStatus, now: datetime, why: str | None = None) -> dict[str, Any]:
    return {"status": status, "ended_at": now, "lease_until_at": None, "error_message": why}
