"""Does tasks, one after the other, until it is told to stop. Start more of these processes for more at once."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from core import chaos
from core.appdb.tasks import MAX_ATTEMPTS, Task, TaskCancelled, TaskLost, TaskQueue
from core.errors import ChurnboardError, Transient
from core.installation import Installation
from core.logging import get_logger
from core.vocabulary import TaskKind
from orchestration.tasks.handlers import HANDLERS, Handler

_log = get_logger(__name__)

_PAUSE = timedelta(seconds=10)
_BETWEEN_LOOKS_SECONDS = 0.5
_BETWEEN_REPORTS_SECONDS = 0.5


def work(
    place: Installation,
    *,
    handlers: Mapping[TaskKind, Handler] = HANDLERS,
    on_task: Callable[[Task], None] = lambda _: None,
    meanwhile: Callable[[], bool] = lambda: False,
    is_once: bool = False,
) -> None:
    """Do tasks as they come.

    Whatever interrupts it (Ctrl-C, an orderly end) puts the task at hand back, for the next worker.

    Args:
        place: The installation.
        handlers: What is done for each kind.
        on_task: Called with each task that is begun.
        meanwhile: Called whenever no task waits; says whether it did anything.
        is_once: Whether to return as soon as nothing waits.
    """
    queue = place.tasks
    while True:
        task = queue.take()
        if task is not None:
            on_task(task)
            _do(place, queue, task, handlers.get(task.kind))
        elif meanwhile():
            continue
        elif is_once:
            return
        else:
            time.sleep(_BETWEEN_LOOKS_SECONDS)


def _do(place: Installation, queue: TaskQueue, task: Task, handler: Handler | None) -> None:
    named = {"task": task.task_id, "tenant": task.tenant_id, "kind": task.kind, "attempt": task.attempt}
    _log.info("task.started", **named)
    try:
        with _kept(queue, task):
            if handler is None:
                queue.fail(
                    task, f"This worker knows nothing of {task.kind}: its version is older than the API's. Update it."
                )
            else:
                queue.finish(task, handler(place, task, _Reporter(queue, task)))
        _log.info("task.ended", **named)
    except TaskLost as error:
        _log.warning("task.lost", reason=str(error), **named)
    except TaskCancelled:
        _log.info("task.cancelled", **named)
        chaos.point("tasks.before_stop")
        queue.stop(task)
    except Transient as error:
        _log.warning("task.failed", reason=str(error), **named)
        if task.attempt < MAX_ATTEMPTS:
            queue.put_back(task, until=datetime.now(UTC) + task.attempt * _PAUSE)
        else:
            queue.fail(task, str(error))
    except ChurnboardError as error:
        _log.warning("task.failed", reason=str(error), **named)
        queue.fail(task, str(error))
    except Exception as error:  # noqa: BLE001 - a worker outlives what its tasks do wrong
        # What a bug says of itself may quote anything; a person gets the way to it.
        _log.exception("task.broke", **named)
        queue.fail(
            task,
            f"Something of ours broke ({type(error).__name__}): the worker's log has it under task {task.task_id}.",
        )
    except BaseException:
        queue.put_back(task, is_counted=False)
        raise


class _Reporter:
    """Writes the last of many reports every half second, and each new step at once."""

    def __init__(self, queue: TaskQueue, task: Task) -> None:
        self._queue = queue
        self._task = task
        self._step = ""
        self._next_at = 0.0

    def __call__(self, step: str, done_count: int | None = None, total_count: int | None = None) -> None:
        now = time.monotonic()
        is_last = done_count is not None and done_count == total_count
        if step != self._step or is_last or now >= self._next_at:
            self._queue.report(self._task, step, done_count, total_count)
            self._step, self._next_at = step, now + _BETWEEN_REPORTS_SECONDS


@contextmanager
def _kept(queue: TaskQueue, task: Task) -> Iterator[None]:
    """Renew the lease until the block ends; its own thread, since a handler may be silent for minutes."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(queue.lease.total_seconds() / 3):
            try:
                queue.renew(task)
            except TaskLost:
                return
            except Exception:  # noqa: BLE001 - the database is away for a moment; the lease outlasts two of these
                _log.warning("task.not_renewed", task=task.task_id)

    renewing = threading.Thread(target=renew, daemon=True, name="lease")
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
