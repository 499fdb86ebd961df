"""Every correction is a case: whatever is shipped next must read its ticket as the person said.

A case is asked with the ticket's present text. It drops out where the ticket's words are erased, where the ticket is gone, and
where a label the person chose is no topic any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.topics.texts import chosen_tickets
from core.topics import NO_TOPIC, TaxonomyContent
from core.topics.corrections import Correction
from core.vocabulary import AnalysisTask, CorrectedField
from core.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class RegressionCase:
    """A text and what has to be read out of it. `expected` are labels for topics (empty: none), else one value."""

    correction_id: int
    ticket_id: str
    field: CorrectedField
    text: str
    expected: tuple[str, ...]


def regression_cases(
    warehouse: Warehouse,
    corrections: Sequence[Correction],
    tenant_id: str,
    task: AnalysisTask,
    content: TaxonomyContent | None = None,
) -> list[RegressionCase]:
    """The cases of one task, in the order the corrections were made.

    Args:
        warehouse: Has the tickets' texts.
        corrections: Those that stand, see `core.appdb.corrections`.
        tenant_id: Whose.
        task: Which question they are about.
        content: The taxonomy the answers to topics come from; labels of any age are taken as what they are called there.
    """
    mine = [one for one in corrections if one.tenant_id == tenant_id and one.field.task is task]
    tickets = chosen_tickets(warehouse, tenant_id, {one.ticket_id for one in mine})
    cases = []
    for one in mine:
        expected: tuple[str, ...] | None = one.after
        if one.field is CorrectedField.TOPICS:
            expected = (
                tuple(label for label in one.after if label != NO_TOPIC)
                if content is None
                else content.relabelled_or_lost(one.after)
            )
        ticket = tickets.get(one.ticket_id)
        if ticket is not None and expected is not None:
            cases.append(RegressionCase(one.correction_id, one.ticket_id, one.field, ticket.text, expected))
    return cases
