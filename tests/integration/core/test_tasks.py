"""The queue of tasks, on both engines: who does what, and what becomes of it when a worker dies."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.engine import writing
from core.appdb.tables import task as task_table
from core.appdb.tasks import (
    LEASE,
    MAX_ATTEMPTS,
    TaskBook,
    TaskCancelled,
    TaskLost,
    TaskQueue,
)
from core.tasks import NotCancellable, UnknownTask
from core.tenants import cell, tenant_id
from core.vocabulary import TaskKind, TaskStatus

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def queue(app_database: Engine) -> TaskQueue:
    for one in (ACME, GLOBEX):
        TenantDirectory(app_database).save(Tenant(tenant_id=one, name=one.title(), cell=cell(one)))
    return TaskQueue(app_database)


def ask(
    engine: Engine, tenant: str = ACME, kind: TaskKind = TaskKind.BACKTEST, at: datetime = NOW, **arguments: object
) -> str:
    return TaskBook(tenant, lambda: writing(engine)).ask(kind, arguments, asked_by="ada", now=at)


def row(engine: Engine, task_id: str) -> dict[str, object]:
    with engine.connect() as connection:
        return dict(connection.execute(select(task_table).where(task_table.c.task_id == task_id)).mappings().one())


def test_who_waits_longest_is_next_and_nobody_is_taken_twice(app_database: Engine, queue: TaskQueue) -> None:
    second = ask(app_database, GLOBEX, at=NOW + SECOND, days=90)
    first = ask(app_database, at=NOW, days=90)
    taken = [queue.take(NOW + 2 * SECOND) for _ in range(3)]
    assert [task and (task.tenant_id, task.task_id, task.attempt) for task in taken] == [
        (ACME, first, 1),
        (GLOBEX, second, 1),
        None,
    ]
    assert taken[0] is not None
    assert (taken[0].arguments, taken[0].asked_by, taken[0].kind) == ({"days": 90}, "ada", TaskKind.BACKTEST)


def test_the_same_is_not_done_twice_until_it_is_done(app_database: Engine, queue: TaskQueue) -> None:
    first = ask(app_database, at=NOW - SECOND, days=90)
    assert ask(app_database, days=90) == first
    others = {
        ask(app_database, days=30),
        ask(app_database, GLOBEX, days=90),
        ask(app_database, kind=TaskKind.IMPORT, days=90),
    }
    assert len(others | {first}) == 4
    task = queue.take(NOW + SECOND)
    assert task is not None
    assert ask(app_database, days=90) == first, "it is being done"
    queue.finish(task, {"cards": 14})
    assert ask(app_database, days=90) != first


def test_what_a_worker_says_is_kept(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    queue.report(task, "replaying", 3, 90)
    held = row(app_database, task_id)
    assert (held["status"], held["step"], held["done_count"], held["total_count"]) == ("running", "replaying", 3, 90)
    queue.finish(task, {"cards": 14}, NOW + SECOND)
    held = row(app_database, task_id)
    assert (held["status"], held["result"], held["ended_at"]) == (TaskStatus.DONE, {"cards": 14}, NOW + SECOND)
    assert queue.take(NOW + timedelta(days=1)) is None


def test_a_silent_worker_loses_its_task_and_its_late_words_change_nothing(
    app_database: Engine, queue: TaskQueue
) -> None:
    task_id = ask(app_database)
    dead = queue.take(NOW)
    assert dead is not None
    assert queue.take(NOW + LEASE - SECOND) is None
    queue.renew(dead, NOW + LEASE - SECOND)
    assert queue.take(NOW + LEASE + SECOND) is None, "the lease was renewed"
    heir = queue.take(NOW + 2 * LEASE)
    assert heir is not None
    assert (heir.task_id, heir.attempt) == (task_id, 2)
    for late in (
        lambda: queue.renew(dead),
        lambda: queue.report(dead, "still here", None, None),
        lambda: queue.finish(dead, {"cards": 0}),
        lambda: queue.fail(dead, "no"),
        lambda: queue.put_back(dead),
    ):
        with pytest.raises(TaskLost, match=task_id):
            late()
    queue.finish(heir, {"cards": 14})
    assert row(app_database, task_id)["result"] == {"cards": 14}


def test_a_task_that_kills_its_workers_is_given_up_with_a_reason(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database)
    other = ask(app_database, GLOBEX, at=NOW + SECOND)
    for number in range(MAX_ATTEMPTS):
        task = queue.take(NOW + 2 * number * LEASE)
        assert task is not None
        assert task.task_id == task_id
    following = queue.take(NOW + 2 * MAX_ATTEMPTS * LEASE)
    assert following is not None
    assert following.task_id == other, "others do not wait behind it"
    held = row(app_database, task_id)
    assert held["status"] == TaskStatus.FAILED
    assert "ask for it again" in str(held["error_message"])


def test_what_is_put_back_waits_its_time_and_an_interruption_costs_no_attempt(
    app_database: Engine, queue: TaskQueue
) -> None:
    ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    queue.put_back(task, until=NOW + 5 * SECOND)
    assert queue.take(NOW + SECOND) is None
    again = queue.take(NOW + 6 * SECOND)
    assert again is not None
    assert again.attempt == 2
    queue.put_back(again, is_counted=False)
    once_more = queue.take(NOW + 7 * SECOND)
    assert once_more is not None
    assert once_more.attempt == 2


def test_what_ended_a_month_ago_is_forgotten_and_a_task_goes_with_its_tenant(
    app_database: Engine, queue: TaskQueue
) -> None:
    ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    queue.fail(task, "HubSpot does not answer.", NOW)
    queue.take(NOW + timedelta(days=31))
    with app_database.connect() as connection:
        assert connection.execute(select(task_table)).all() == []
    ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    with writing(app_database) as connection:
        connection.execute(task_table.delete())
    queue.finish(task, {"receipt": "x"})


def cancel(engine: Engine, task_id: str, tenant: str = ACME) -> TaskKind | None:
    return TaskBook(tenant, lambda: writing(engine)).cancel(task_id, now=NOW + SECOND)


def test_what_nobody_has_begun_is_stopped_at_once(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database)
    with pytest.raises(UnknownTask):
        cancel(app_database, task_id, GLOBEX)
    assert cancel(app_database, task_id) is TaskKind.BACKTEST
    assert cancel(app_database, task_id) is None, "it is stopped already"
    held = row(app_database, task_id)
    assert (held["status"], held["ended_at"]) == (TaskStatus.CANCELLED, NOW + SECOND)
    assert queue.take(NOW + SECOND) is None
    assert ask(app_database) != task_id


def test_a_worker_hears_of_it_with_its_next_word(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    assert cancel(app_database, task_id) is TaskKind.BACKTEST
    assert cancel(app_database, task_id) is None
    assert ask(app_database) != task_id, "what is being stopped will not be finished"
    queue.renew(task)
    with pytest.raises(TaskCancelled):
        queue.report(task, "replaying", 3, 90)
    queue.stop(task, NOW + 2 * SECOND)
    held = row(app_database, task_id)
    assert (held["status"], held["step"], held["ended_at"]) == (TaskStatus.CANCELLED, "replaying", NOW + 2 * SECOND)
    done = queue.take(NOW + SECOND)
    assert done is not None
    queue.finish(done, {})
    with pytest.raises(NotCancellable, match="done"):
        cancel(app_database, done.task_id)


def test_what_is_done_before_its_worker_hears_of_it_is_done(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    cancel(app_database, task_id)
    queue.finish(task, {"cards": 14})
    assert row(app_database, task_id)["status"] == TaskStatus.DONE


@pytest.mark.parametrize("is_put_back", [True, False])
def test_a_worker_that_goes_while_it_was_to_stop_has_no_successor(
    app_database: Engine, queue: TaskQueue, is_put_back: bool
) -> None:
    task_id = ask(app_database)
    task = queue.take(NOW)
    assert task is not None
    cancel(app_database, task_id)
    if is_put_back:
        queue.put_back(task)
    assert queue.take(NOW + 2 * LEASE) is None
    assert row(app_database, task_id)["status"] == TaskStatus.CANCELLED


def test_a_deletion_goes_through_to_its_end(app_database: Engine, queue: TaskQueue) -> None:
    task_id = ask(app_database, kind=TaskKind.TENANT_DELETION)
    with pytest.raises(NotCancellable, match="half of it"):
        cancel(app_database, task_id)
