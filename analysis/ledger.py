"""Whether what was paid is accounted for: the journal's charges against the rows that use them, and against the server's count.

Both sides come sorted by call key and are walked through together, so a million calls need no memory. Every cent of the journal is
given one name: the rows, the dead letters, or why no row uses what was paid.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Final

from analysis.journal import CallCost, CallState, Journal
from core.naming import ENRICHMENT
from core.vocabulary import AnalyzerKind
from core.warehouse import Warehouse

_BATCH: Final = 5_000
_NOTHING: Final = 1e-9
READING_TABLES: Final = ("message_sentiment", "ticket_topics", "shadow_sentiment", "shadow_topics")
"""The tables of `enrichment` whose rows say what they cost."""


_LETTER_TABLES: Final = ("dead_letters", "shadow_dead_letters")


class Use(StrEnum):
    """What became of what was paid, as a person is told it."""

    ROWS = "rows of readings"
    LATER = "paid again after the row was written"
    DEAD_LETTERS = "dead letters"
    REPLACED = "answers that no row uses: the text, prompt or model changed since"
    ERASED = "erased on request"
    FAILED = "failures that were charged, to be asked again"
    OPEN = "in flight, or killed there"
    GIVEN_UP = "given up, and the ticket changed since"


_OF_STATE: Final = {
    CallState.ANSWERED: Use.REPLACED,
    CallState.ERASED: Use.ERASED,
    CallState.FAILED: Use.FAILED,
    CallState.CLAIMED: Use.OPEN,
    CallState.DEAD: Use.GIVEN_UP,
}


@dataclass(frozen=True, slots=True)
class HeldCost:
    """What the warehouse says about a call: the cost on its rows, None where only a dead letter names it."""

    call_key: str
    cost_usd: float | None


@dataclass
class Share:
    """A part of what was paid."""

    call_count: int = 0
    usd: float = 0.0


@dataclass
class Reconciliation:
    """The accounts of one payer.

    Attributes:
        paid_usd: What the payer's sum in the journal says.
        shares: What became of it.
        unknown: Rows that name a cost and a call the journal does not know: it was replaced, or the rows were brought along.
    """

    paid_usd: float = 0.0
    shares: dict[Use, Share] = field(default_factory=lambda: {use: Share() for use in Use})
    unknown: Share = field(default_factory=Share)

    @property
    def accounted_usd(self) -> float:
        """The sum of the shares."""
        return sum(share.usd for share in self.shares.values())

    @property
    def unaccounted_usd(self) -> float:
        """What was paid and has no name; anything but 0 is a fault of ours."""
        difference = self.paid_usd - self.accounted_usd
        return (
            difference
            if abs(difference) > _NOTHING * max(1, sum(one.call_count for one in self.shares.values()))
            else 0.0
        )


def reconcile(journal: Journal, warehouse: Warehouse, payer: str, month: str | None = None) -> Reconciliation:
    """The accounts of a payer, in one month (`YYYY-MM`, UTC) or ever since.

    Raises:
        JournalUnavailable, WarehouseBusy, WarehouseUnavailable: A store cannot be read.
    """
    found = Reconciliation(paid_usd=journal.ledger.paid_usd(payer, month))
    for call, held in _together(journal.ledger.calls(payer, month), _held(warehouse, payer)):
        if call is None:
            if held is not None and held.cost_usd:
                _add(found.unknown, held.cost_usd)
        elif held is None:
            _add(found.shares[_OF_STATE[call.state]], call.cost_usd)
        elif held.cost_usd is None:
            _add(found.shares[Use.DEAD_LETTERS], call.cost_usd)
        else:
            later = min(max(0.0, call.total_usd - held.cost_usd), call.cost_usd)
            _add(found.shares[Use.ROWS], call.cost_usd - later)
            if later > _NOTHING:
                _add(found.shares[Use.LATER], later)
    return found


def _add(share: Share, usd: float) -> None:
    if usd:
        share.call_count += 1
        share.usd += usd


def _held(warehouse: Warehouse, payer: str) -> Iterator[HeldCost]:
    """What the warehouse names, by call key; a call that several tickets share is named once."""
    parts = [
        f"select call_key, cost_usd from {ENRICHMENT}.{table} where tenant_id = :payer and analyzer <> :embedded"  # noqa: S608 - names of ours
        for table in READING_TABLES
        if warehouse.has_table(ENRICHMENT, table)
    ]
    parts += [
        f"select call_key, null as cost_usd from {ENRICHMENT}.{table} where tenant_id = :payer"  # noqa: S608 - same
        for table in _LETTER_TABLES
        if warehouse.has_table(ENRICHMENT, table)
    ]
    if warehouse.has_table(ENRICHMENT, "canary_readings"):
        parts.append(
            f"select call_key, cost_usd from {ENRICHMENT}.canary_readings where :payer = '(canaries)' and analyzer <> :embedded"  # noqa: S608 - same
        )
    if not parts:
        return
    sql = (
        f"select call_key, max(cost_usd) as cost_usd from ({' union all '.join(parts)}) as held "  # noqa: S608 - same
        "where call_key is not null group by call_key order by call_key"
    )
    batches = warehouse.batches(sql, _BATCH, payer=payer, embedded=AnalyzerKind.EMBEDDED.value)
    for row in chain.from_iterable(batches):
        yield HeldCost(row["call_key"], row["cost_usd"])


def _together(calls: Iterable[CallCost], held: Iterable[HeldCost]) -> Iterator[tuple[CallCost | None, HeldCost | None]]:
    """Two sorted sequences side by side: pairs where the keys agree, alone where they do not."""
    left, right = iter(calls), iter(held)
    call, row = next(left, None), next(right, None)
    while call is not None or row is not None:
        if row is None or (call is not None and call.call_key < row.call_key):
            yield call, None
            call = next(left, None)
        elif call is None or row.call_key < call.call_key:
            yield None, row
            row = next(right, None)
        else:
            yield call, row
            call, row = next(left, None), next(right, None)
