"""From what happened to who is told, once and only once.

A notification's id is made of what it tells, so whoever plans the same again plans nothing new.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.cards import CardEvent
from core.notifications.addressing import Crew, addressees
from core.vocabulary import CardEventType, CardStatus, NotificationKind, NotificationWay, Severity

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "churnboard/notification")
_RANK = {
    severity: rank for rank, severity in enumerate((Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL))
}

KEPT_FOR_CRITICAL = 5
"""One in so many of a budget is kept for critical cards, so that a busy Monday leaves room for a Friday's alarm."""


@dataclass(frozen=True, kw_only=True)
class CardNow:
    """A card of the build that is being published, as people see it.

    Attributes:
        severity: What a person said it is, or as computed.
        priority: Expected loss a month; None where unknown.
        is_notify: Whether its score ever reached the point from which people are interrupted.
        is_active: Whether its signal is on.
    """

    card_id: str
    company_id: str
    company_name: str
    trigger_type: str
    severity: Severity
    priority: float | None
    is_notify: bool
    is_active: bool
    status: CardStatus = CardStatus.NEW
    assignee: str | None = None
    owner_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """The company a card is about, for whoever is told of it."""

    company_id: str
    company_name: str
    trigger_type: str
    severity: Severity
    priority: float | None = None

    def told(self, card_id: str) -> dict[str, Any]:
        """As it stands in a notification."""
        one = {"card_id": card_id, "trigger_type": self.trigger_type, "severity": self.severity, "is_risen": False}
        return {
            "company_id": self.company_id,
            "company_name": self.company_name,
            "severity": self.severity,
            "priority": self.priority,
            "cards": [one],
        }


@dataclass(frozen=True)
class Told:
    """What was last told of a card: how bad it was, and whether it was at the point from which people are interrupted."""

    severity: Severity
    is_notify: bool


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A notification that is to be written down.

    Attributes:
        recipient: Subject of a user, or `CHANNEL`.
        actor: Subject of whoever caused it; None: the pipeline.
        card_id: The card it leads to; None: several.
        seq: Number of the card's event it is about; None: of none.
        severity: Of the worst card in it.
        priority: Of the card in it that is worth most.
        companies: What it tells, company by company, the most urgent first: `company_id`, `company_name`, `severity`,
            `priority` and `cards`, each with `card_id`, `trigger_type`, `severity` and `is_risen`.
        company_count: How many companies it is about; of a digest more than are told.
    """

    notification_id: str
    recipient: str
    kind: NotificationKind
    way: NotificationWay = NotificationWay.IMMEDIATE
    actor: str | None = None
    card_id: str | None = None
    seq: int | None = None
    severity: Severity | None = None
    priority: float | None = None
    companies: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    company_count: int = 1


def id_of(*parts: str) -> str:
    """The id of a notification that tells this; lengths go in, so that no two lists of parts read the same."""
    return str(uuid.uuid5(_NAMES, "".join(f"{len(part)}:{part}" for part in parts)))


def rank_of(severity: str) -> int:
    """The severity as a number that grows with it."""
    return _RANK[Severity(severity)]


def urgency(priority: float | None, severity: str | None, identity: str) -> tuple[float, int, str]:
    """What the most urgent come first by: expected loss, then severity, then any fixed order."""
    return (-(priority if priority is not None else -1.0), -rank_of(severity) if severity else 1, identity)


def written(
    tenant_id: str,
    event: CardEvent,
    *,
    was_assigned_to: str | None,
    about: About,
    users: Iterable[str],
    channel: Mapping[NotificationKind, str] | None = None,
) -> list[Planned]:
    """Who is told of what a person did to a card: whom a comment names, and whom the card was given to.

    Never the person who did it, never somebody who is no user, and nobody who had the card already.

    Args:
        tenant_id: Whose.
        event: What was done.
        was_assigned_to: Who had the card before.
        about: The company.
        users: Subjects of the tenant's users.
        channel: By kind that the tenant's channel is told of, too, its recipient.
    """
    if event.type is CardEventType.COMMENTED:
        kind, named = NotificationKind.MENTION, set(event.payload.get("mentions", ()))
    elif event.type is CardEventType.ASSIGNED:
        kind, named = NotificationKind.ASSIGNMENT, {event.payload.get("assignee")} - {None, was_assigned_to}
    else:
        return []
    people = sorted((named & set(users)) - {event.actor})
    also = [channel[kind]] if people and channel and kind in channel else []
    return [
        Planned(
            notification_id=id_of(tenant_id, recipient, kind, event.card_id, str(event.seq)),
            recipient=recipient,
            kind=kind,
            actor=event.actor,
            card_id=event.card_id,
            seq=event.seq,
            severity=about.severity,
            priority=about.priority,
            companies=(about.told(event.card_id),),
        )
        for recipient in [*people, *also]
    ]


def is_news(card: CardNow, told: Told | None) -> bool:
    """Whether somebody is to hear of a card: nobody has yet, it got worse since, or it only now reached the point to interrupt."""
    if not card.is_active or card.status is CardStatus.COMPLETED:
        return False
    if told is None:
        return True
    return rank_of(card.severity) > rank_of(told.severity) or (card.is_notify and not told.is_notify)


def told_after(card: CardNow, told: Told | None) -> Told:
    """What has been told of a card once this was; it never eases, so that a card that goes up and down is told once."""
    if told is None:
        return Told(card.severity, card.is_notify)
    worst = max((card.severity, told.severity), key=rank_of)
    return Told(worst, card.is_notify or told.is_notify)


def planned_for_build(
    tenant_id: str,
    cards: Iterable[CardNow],
    *,
    told: Mapping[str, Told],
    crew: Crew,
    used: Mapping[str, int],
    budget: int,
    uninterrupted: Iterable[str] = (),
) -> tuple[list[Planned], dict[str, Told]]:
    """Who is told what of a build that is being published, and what of each card has been told then.

    What is told of one company to one recipient is one notification, whatever its triggers. At once are told companies with a
    card that is at the point to interrupt and not low, the most urgent first, as far as the budget goes; the rest waits for the
    digest of the next day, and what is low or below that point for Monday's.

    Args:
        tenant_id: Whose.
        cards: All of the build.
        told: By card, what was told before.
        crew: Who there is.
        used: By recipient, how many immediate ones there were in the last seven days.
        budget: How many there may be in seven days, for each recipient.
        uninterrupted: Recipients who want no such notification at once.
    """
    after: dict[str, Told] = {}
    groups: dict[str, dict[str, list[CardNow]]] = {}
    for card in sorted(cards, key=lambda one: one.card_id):
        if not is_news(card, told.get(card.card_id)):
            continue
        for recipient in addressees(card.assignee, card.owner_id, crew):
            groups.setdefault(recipient, {}).setdefault(card.company_id, []).append(card)
            after[card.card_id] = told_after(card, told.get(card.card_id))
    never = set(uninterrupted)
    plans: list[Planned] = []
    for recipient, companies in sorted(groups.items()):
        room = 0 if recipient in never else max(0, budget - used.get(recipient, 0))
        reserve = budget // KEPT_FOR_CRITICAL
        told_of = [_of_company(tenant_id, recipient, some, told) for some in companies.values()]
        for plan in sorted(told_of, key=_rank):
            way = plan.way
            if way is NotificationWay.IMMEDIATE:
                is_in_room = room > (0 if plan.severity is Severity.CRITICAL else reserve)
                room -= is_in_room
                way = NotificationWay.IMMEDIATE if is_in_room else NotificationWay.DAILY
            plans.append(Planned(**{**vars(plan), "way": way}))
    return plans, after


def _of_company(tenant_id: str, recipient: str, cards: Sequence[CardNow], told: Mapping[str, Told]) -> Planned:
    best = min(cards, key=lambda one: urgency(one.priority, one.severity, one.card_id))
    worst = max((one.severity for one in cards), key=rank_of)
    priorities = [one.priority for one in cards if one.priority is not None]
    is_interrupting = any(one.is_notify and one.severity is not Severity.LOW for one in cards)
    said = (f"{one.card_id}:{one.severity}:{one.is_notify}" for one in cards)
    priority = max(priorities, default=None)
    company = {
        "company_id": best.company_id,
        "company_name": best.company_name,
        "severity": worst,
        "priority": priority,
        "cards": [
            {
                "card_id": one.card_id,
                "trigger_type": one.trigger_type,
                "severity": one.severity,
                "is_risen": one.card_id in told,
            }
            for one in sorted(cards, key=lambda one: urgency(one.priority, one.severity, one.card_id))
        ],
    }
    return Planned(
        notification_id=id_of(tenant_id, recipient, NotificationKind.CARD, best.company_id, *said),
        recipient=recipient,
        kind=NotificationKind.CARD,
        way=NotificationWay.IMMEDIATE if is_interrupting else NotificationWay.WEEKLY,
        card_id=best.card_id,
        severity=worst,
        priority=priority,
        companies=(company,),
    )


def _rank(plan: Planned) -> tuple[float, int, str]:
    return urgency(plan.priority, plan.severity, plan.companies[0]["company_id"])
