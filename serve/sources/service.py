"""What a tenant's streams add up to, and what has to be said about them. Pure.

What stale means was decided where the build was computed; here it is only told.
"""

from collections.abc import Mapping, Sequence
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
    amiss: dict[tuple[int, str, str | None], list[Row]] = {}
    for row in streams:
        if (kind := _kind(row)) is not None:
            amiss.setdefault((*kind, row["error_message"]), []).append(row)
    return [
        " ".join(filter(None, [_told(kind, rows), reason]))
        for (_, kind, reason), rows in sorted(amiss.items(), key=lambda item: item[0][0])
    ]


def _kind(row: Row) -> tuple[int, str] | None:
    if row["is_backfilling"]:
        return 2, "backfilling"
    if row["status"] == StreamStatus.FAILED:
        return 0, "failed"
    if row["status"] == StreamStatus.MISSING_SCOPE:
        return 3, "missing_scope"
    return None if row["is_fresh"] else (1, "stale")


def _told(kind: str, rows: Sequence[Row]) -> str:
    what = _listed([row["stream"] for row in rows])
    lags = [row["lag_seconds"] for row in rows]
    since = f"{_span(max(lags))} before these cards were computed" if None not in lags else None
    if kind == "failed":
        held = f"What is shown was read {since}." if since else "Nothing of it was ever read to the end."
        return f"{what} could not be read the last time. {held}"
    if kind == "stale":
        return (
            f"{what} were last read {since}: what came since is not in them."
            if since
            else f"{what} have never been read to the end."
        )
    if kind == "backfilling":
        return f"{what} are still being read for the first time: the board is not complete yet."
    return f"{what} are not read: the HubSpot connection lacks a scope."


def _listed(streams: Sequence[str]) -> str:
    names = [_SPOKEN.get(stream, stream.replace("_", " ")) for stream in streams]
    text = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return text[0].upper() + text[1:]


def _span(seconds: int) -> str:
    count, unit = (seconds // _HOUR, "hour") if seconds < 2 * _DAY else (seconds // _DAY, "day")
    return f"{count} {unit}{'' if count == 1 else 's'}"
