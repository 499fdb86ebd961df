"""What is done for each kind of task.

A handler may be begun again at any point, by another process, after a kill: it does its work in steps that may be repeated. What it
returns is kept for 30 days and is read by whoever may read the tenant's cards: ids, counts and labels, never words of
customers, which would outlive their erasure.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from core.appdb.tasks import Task
from core.installation import Installation
from core.vocabulary import TaskKind
from orchestration.tasks import topics
from orchestration.tasks.importing import import_tenant
from orchestration.tasks.notifications import try_channel
from orchestration.tasks.settings import check_rule, count_budget, delete_tenant, try_triggers


class Report(Protocol):
    """Says how far a task is."""

    def __call__(self, step: str, done_count: int | None = None, total_count: int | None = None) -> None:
        """Say so; cheap enough to be called for every row.

        Raises:
            TaskLost: Another worker has taken the task over: stop.
            TaskCancelled: Somebody wants it stopped: stop.
        """


Handler = Callable[[Installation, Task, Report], Mapping[str, Any]]
"""Does a task; what it returns is the task's `result`. A `ChurnboardError` fails it with its sentence, a `Transient` one later."""

HANDLERS: Mapping[TaskKind, Handler] = {
    TaskKind.IMPORT: import_tenant,
    TaskKind.TOPIC_DISCOVERY: topics.topic_discovery,
    TaskKind.TOPIC_PREVIEW: topics.topic_preview,
    TaskKind.TOPIC_SHIPPING: topics.topic_shipping,
    TaskKind.TOPIC_RETAGGING: topics.topic_retagging,
    TaskKind.BACKTEST: try_triggers,
    TaskKind.RULE_CHECK: check_rule,
    TaskKind.BUDGET_COUNT: count_budget,
    TaskKind.TENANT_DELETION: delete_tenant,
    TaskKind.NOTIFICATION_TEST: try_channel,
}
"""What is done for each kind."""
