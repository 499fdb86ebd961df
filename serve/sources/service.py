"""What a tenant's streams add up to, and what has to be said about them. Pure.

What stale means was decided where the build was computed; here it is only told.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from core.vocabulary import StreamStatus

_HOUR, _DAY = 3_600, 86_400

_SPOKEN = {
    "portals": "account details",
    "properties": "property definitions",
    "ticket_companies": "links from tickets to companies",
    "ticket_contacts": "links from tickets to contacts",
}
"""Streams whose table's name is not a word people use."""

Row = Mapping[str, Any]


def summarise(streams: Sequence[Row]) -> dict[str, Any]:
    """The body `SourceSummary` of these rows of `source_health`."""
    readable = [row for row in streams if row["status"] != StreamStatus.MISSING_SCOPE]
    lags = [row["lag_seconds"] for row in readable]
    return {
        "is_fresh": bool(readable) and all(row["is_fresh"] for row in readable),
        "worst_lag_seconds": max(lags) if lags and None not in lags else None,
        "stale": [row["stream"] for row in readable if not row["is_fresh"]],
        "failed": [row["stream"] for row in streams if row["status"] == StreamStatus.FAILED],
        "missing_scope": [row["stream"] for row in streams if row["status"] == StreamStatus.MISSING_SCOPE],
        "notices": _notices(streams),
    }


def _notices(streams: Sequence[Row]) -> list[str]:
    """Streams that share a reason (one revoked token fails them all) share a sentence."""
    amiss: dict[tuple[_Trouble, str | None], list[Row]] = {}
    for row in streams:
        if (trouble := _trouble(row)) is not None:
            amiss.setdefault((trouble, row["error_message"]), []).append(row)
    return [
        " ".join(filter(None, [_told(trouble, rows, is_all=len(rows) == len(streams) > 1), reason]))
        for (trouble, reason), rows in sorted(amiss.items(), key=lambda item: item[0][0])
    ]


class _Trouble(IntEnum):
    """What can be amiss with a stream, worst first."""

    FAILED = 0
    STALE = 1
    NEVER_READ = 2
    BACKFILLING = 3
    MISSING_SCOPE = 4


def _trouble(row: Row) -> _Trouble | None:
    if row["is_backfilling"]:
        return _Trouble.BACKFILLING
    if row["status"] == StreamStatus.FAILED:
        return _Trouble.FAILED
    if row["status"] == StreamStatus.MISSING_SCOPE:
        return _Trouble.MISSING_SCOPE
    if row["is_fresh"]:
        return None
    return _Trouble.NEVER_READ if row["lag_seconds"] is None else _Trouble.STALE


def _told(trouble: _Trouble, rows: Sequence[Row], *, is_all: bool) -> str:
    what = "HubSpot" if is_all else _listed(rows)
    match trouble:
        case _Trouble.FAILED:
            return f"{what} could not be read the last time. {_held(rows)}"
        case _Trouble.STALE:
            return f"{what} {'was' if is_all else 'were'} last read {_since(rows)}: what came since is not in them."
        case _Trouble.NEVER_READ:
            return f"{what} {'was' if is_all else 'were'} never read to the end."
        case _Trouble.BACKFILLING:
            return f"{what} {'is' if is_all else 'are'} still being read for the first time: the board is not complete yet."
        case _Trouble.MISSING_SCOPE:
            return f"{what} {'is' if is_all else 'are'} not read: the HubSpot connection lacks a scope."


def _held(rows: Sequence[Row]) -> str:
    """What there is of streams that failed."""
    read = [row for row in rows if row["lag_seconds"] is not None]
    never = [row for row in rows if row["lag_seconds"] is None]
    if not read:
        return "Nothing of it was ever read to the end."
    shown = f"What is shown was read {_since(read)}."
    return f"{shown} {_listed(never)} were never read to the end." if never else shown


def _since(rows: Sequence[Row]) -> str:
    return f"{_span(max(row['lag_seconds'] for row in rows))} before these cards were computed"


def _listed(rows: Sequence[Row]) -> str:
    names = [_SPOKEN.get(row["stream"], row["stream"].replace("_", " ")) for row in rows]
    text = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return text[0].upper() + text[1:]


def _span(seconds: int) -> str:
    count, unit = (seconds // _HOUR, "hour") if seconds < 2 * _DAY else (seconds // _DAY, "day")
    return f"{count} {unit}{'' if count == 1 else 's'}"
