"""Who may come in, and what they did: colleagues and their roles, invitations, API keys, and the trail of all that.

A book is bound to one tenant and to whoever opens its transactions, as `core.connections` does it. What finds out whose tenant
a secret belongs to (`InvitationDoor`) is apart from them.
"""

from core.people.api_keys import ApiKeyBook, MadeKey, NoSuchKey, TooManyKeys
from core.people.colleagues import ColleagueBook, LastAdmin, NoSuchPerson, NotAdmin
from core.people.invitations import (
    AlreadyHere,
    AlreadyInvited,
    ForSomebodyElse,
    Guest,
    InvitationBook,
    InvitationDoor,
    InvitationOver,
    Invited,
    NoSuchInvitation,
    Offer,
    TooManyInvitations,
)
from core.people.trail import AuditTrail

__all__ = [
    "AlreadyHere",
    "AlreadyInvited",
    "ApiKeyBook",
    "AuditTrail",
    "ColleagueBook",
    "ForSomebodyElse",
    "Guest",
    "InvitationBook",
    "InvitationDoor",
    "InvitationOver",
    "Invited",
    "LastAdmin",
    "MadeKey",
    "NoSuchInvitation",
    "NoSuchKey",
    "NoSuchPerson",
    "NotAdmin",
    "Offer",
    "TooManyInvitations",
    "TooManyKeys",
]
