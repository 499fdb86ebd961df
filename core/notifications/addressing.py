"""Who is told of a card: whoever works on it, else whoever looks after the company, else those who can have somebody do it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

CHANNEL = ""
"""The recipient that is nobody in person but the tenant's Slack channel; no user has an empty subject."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """The people of one tenant, as far as they can be told something.

    Attributes:
        users: Subjects of all users.
        admins: Those of them who are admins.
        by_owner: By HubSpot owner, the user with the owner's e-mail address.
        has_channel: Whether cards are told to the tenant's channel, too.
    """

    users: Collection[str]
    admins: Collection[str] = ()
    by_owner: Mapping[str, str] = field(default_factory=dict)
    has_channel: bool = False


def addressees(assignee: str | None, owner_id: str | None, crew: Crew) -> frozenset[str]:
    """Who is told of a card: its assignee; else the user its HubSpot owner is; else all admins. And the channel, if there is one.

    Args:
        assignee: Subject of whoever has the card; somebody who has left counts as nobody.
        owner_id: HubSpot owner of the card.
        crew: Who there is.
    """
    known = set(crew.users)
    in_person = {one for one in (assignee,) if one in known}
    if not in_person and owner_id is not None:
        in_person = {crew.by_owner[owner_id]} & known if owner_id in crew.by_owner else set()
    people = in_person or (set(crew.admins) & known)
    return frozenset(people | ({CHANNEL} if crew.has_channel else set()))
