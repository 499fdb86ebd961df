"""Corrections: what a person says a reading should have been. They stay as made; one that was wrong is withdrawn. Pure.

Stored by `core.appdb.corrections`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from core.errors import Terminal
from core.vocabulary import ChurnIntent, CorrectedField, Sentiment


class UnknownCorrection(Terminal):
    """No correction of that number stands."""


class NoSuchValue(Terminal):
    """A correction to something a reading cannot say."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction; `before` and `after` are lists because a ticket may carry several topics (`none`: that no topic fits).

    Attributes:
        text: What the ticket said; None once erased.
        input_hash: SHA-256 of it.
    """

    tenant_id: str
    correction_id: int
    ticket_id: str
    field: CorrectedField
    before: tuple[str, ...]
    after: tuple[str, ...]
    text: str | None
    input_hash: str
    why: str | None
    author: str
    created_at: datetime
    withdrawn_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """As it was stored."""
        lists = {name: tuple(row[name]) for name in ("before", "after")}
        return cls(**dict(row) | lists | {"field": CorrectedField(row["field"])})


def standing(corrections: Iterable[Correction]) -> list[Correction]:
    """The last of each ticket and field that was not withdrawn, in the order they were made."""
    held = [one for one in corrections if one.withdrawn_at is None]
    last = {(one.tenant_id, one.ticket_id, one.field): one.correction_id for one in held}
    return [one for one in held if last[one.tenant_id, one.ticket_id, one.field] == one.correction_id]


def check_value(field: CorrectedField, after: Sequence[str]) -> None:
    """Make sure that a reading can say this.

    Raises:
        NoSuchValue: It is no sentiment or churn intent. That topics exist, the caller has seen to.
    """
    values = _VALUES.get(field)
    if values is not None and (len(after) != 1 or after[0] not in values):
        raise NoSuchValue(f"{', '.join(after) or 'nothing'} is no {field}: it is one of {', '.join(values)}.")


_VALUES: dict[CorrectedField, list[str]] = {
    CorrectedField.SENTIMENT: [value.value for value in Sentiment],
    CorrectedField.CHURN_INTENT: [value.value for value in ChurnIntent],
}
