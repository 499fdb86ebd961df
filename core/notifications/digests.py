"""What was not told at once, told together: every morning, and on Mondays what is low, too."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from core.notifications.planning import Planned, id_of, rank_of, urgency
from core.vocabulary import NotificationKind, NotificationWay, Severity

HOUR = time(7)
"""When a digest is due, UTC: after the nightly refresh, before people start."""

MOST_TOLD = 20
"""Companies listed in a digest; of the others it says how many there are."""


def last_cut(now: datetime) -> datetime:
    """The last moment at which digests were due."""
    today = datetime.combine(now.date(), HOUR, tzinfo=now.tzinfo)
    return today if now >= today else today - timedelta(days=1)


def weekly_cut(now: datetime) -> datetime:
    """The last Monday's."""
    cut = last_cut(now)
    return cut - timedelta(days=cut.weekday())


def is_due(way: NotificationWay, made_at: datetime, now: datetime) -> bool:
    """Whether something that was put off belongs into a digest by now."""
    return made_at < (weekly_cut(now) if way is NotificationWay.WEEKLY else last_cut(now))


def digest_of(tenant_id: str, recipient: str, companies: Sequence[Mapping[str, Any]], cut: datetime) -> Planned | None:
    """The digest of a recipient, the most urgent company first; None where nothing is left to tell.

    Args:
        tenant_id: Whose.
        recipient: Who is told.
        companies: What was put off, as in `Planned.companies`, in the order in which it was; a company may stand there twice.
        cut: When it is due: a recipient gets one at most for each cut.
    """
    merged = _merged(companies)
    if not merged:
        return None
    ranked = sorted(merged, key=lambda one: urgency(one["priority"], one["severity"], one["company_id"]))
    worst = max((one["severity"] for one in ranked), key=rank_of)
    return Planned(
        notification_id=id_of(tenant_id, recipient, NotificationKind.DIGEST, cut.isoformat()),
        recipient=recipient,
        kind=NotificationKind.DIGEST,
        severity=Severity(worst),
        priority=ranked[0]["priority"],
        companies=tuple(ranked[:MOST_TOLD]),
        company_count=len(ranked),
    )


def _merged(companies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each company once, with each of its cards as it was told last."""
    found: dict[str, dict[str, Any]] = {}
    for told in companies:
        held = found.setdefault(told["company_id"], {**told, "cards": []})
        cards = {one["card_id"]: one for one in held["cards"]} | {one["card_id"]: one for one in told["cards"]}
        priorities = [one for one in (held["priority"], told["priority"]) if one is not None]
        held["cards"] = list(cards.values())
        held["company_name"] = told["company_name"]
        held["priority"] = max(priorities, default=None)
        held["severity"] = max((one["severity"] for one in cards.values()), key=rank_of)
    return [one for one in found.values() if one["cards"]]
