"""What happened to a card, in one list: what its signal did day by day, what the pipeline did, and what people did. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from serve.board.schemas import TimelineType

Row = Mapping[str, Any]


def timeline(
    card: Row, changes: Sequence[Row], aliases: Sequence[Row], events: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Everything, oldest first; a day of the signal stands before what was done on it.

    Args:
        card: The published card.
        changes: Its `card_changes`, by day.
        aliases: Other ids it is found under, with when each was first published.
        events: Its events, as `TimelineEntry` names their parts, in order.
    """
    opened = {"severity": card["opened_severity"]}
    steps = [
        *_on(TimelineType.OPENED, card["opened_on"], opened),
        *(step for change in changes if not _is_last(change) for step in _change(change)),
        *_on(TimelineType.SIGNAL_ENDED, card["closed_on"], {}),
        *(step for change in changes if _is_last(change) for step in _change(change)),
        *(_entry(TimelineType.ALIASED, row["first_published_at"], {"alias_id": row["alias_id"]}) for row in aliases),
    ]
    return sorted([*steps, *events], key=lambda entry: entry["occurred_at"])


def _is_last(change: Row) -> bool:
    # A card looks resolved only after its signal has ended, be it on the same day.
    return bool(change["change_type"] == TimelineType.LOOKS_RESOLVED)


def _change(change: Row) -> list[dict[str, Any]]:
    told = {name: change[name] for name in ("severity", "previous_severity", "score") if change[name] is not None}
    return _on(TimelineType(change["change_type"]), change["changed_on"], told)


def _on(kind: TimelineType, day_on: date | None, details: dict[str, Any]) -> list[dict[str, Any]]:
    return [] if day_on is None else [_entry(kind, datetime.combine(day_on, time(), UTC), details)]


def _entry(kind: TimelineType, occurred_at: datetime, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "occurred_at": occurred_at,
        "seq": None,
        "actor": None,
        "status": None,
        "details": details,
    }
