"""Where a reading goes: to what the marts are made of, or beside it (`analysis.shadow`)."""

from collections.abc import Sequence

from analysis.analyzer import Identity, Question
from analysis.changes import Changes
from analysis.messages import Message
from analysis.tables import ensure_enrichment_tables
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse


class Destination:
    """What the marts are made of: what is held there counts as read."""

    is_tidied = True
    """Whether what is held of messages that are gone is removed."""

    has_waiting_list = True
    """Whether what a budget has no room for is written down, to come up again by itself."""

    may_fall_back = True
    """Whether another model may answer where the one that was asked for cannot."""

    def __init__(self, tasks: tuple[AnalysisTask, ...] = tuple(AnalysisTask)) -> None:
        self.tasks = tasks
        """What is asked."""

    def ready(self, warehouse: Warehouse) -> None:
        """Make sure the tables are there."""
        ensure_enrichment_tables(warehouse)

    def chosen(self, page: Sequence[Message]) -> Sequence[Message]:
        """The messages of a page that are read, with what is held about them here."""
        return page

    def asked_as(self, identity: Identity) -> Identity:
        """Who is said to answer, which is what a call is known by."""
        return identity

    def asking(self, tenant_id: str, question: Question, key: str) -> None:
        """Told of every question, and the key of its call, before it is asked."""

    def changes(self) -> Changes:
        """Where one page is collected."""
        return Changes()
