"""Why a task cannot be stopped, and which never can be. The queue itself is `core.appdb.tasks`."""

from core.errors import Terminal
from core.vocabulary import TaskKind

NOT_CANCELLED = frozenset({TaskKind.TENANT_DELETION})
"""What goes through to its end once it was asked for: half a deletion would help nobody."""


class UnknownTask(Terminal):
    """The tenant has no task of that id."""


class NotCancellable(Terminal):
    """The task has ended, or is of a kind that goes through to its end."""
