"""What admins do about people: each act and its line in the audit trail in one transaction."""

from collections.abc import Mapping
from typing import Any

from core import cards, people
from core.errors import ChurnboardError
from core.vocabulary import AuditAction, Role
from serve.auth.dependencies import Caller
from serve.auth.tokens import Identity
from serve.auth.users import User
from serve.errors import Conflict, Forbidden, NotFound, retold
from serve.people.repository import invitation
from serve.services import Services


class PersonNotFound(NotFound):
    """No user of your company has that subject."""


class LastAdmin(Conflict):
    """Without this admin nobody could invite or connect any more."""


class AdminNoMore(Forbidden):
    """You were an admin when you asked, and are none now."""


class CardsMoved(Conflict):
    """Somebody did something to one of the user's cards at the same moment; nothing was done."""


class AlreadyHere(Conflict):
    """They have access already; one sign-in belongs to one company."""


class AlreadyInvited(Conflict):
    """The address has an open invitation."""


class TooManyInvitations(Conflict):
    """Your company has as many open invitations as it may have."""


class InvitationNotFound(NotFound):
    """There is no such invitation, or no such secret."""


class InvitationOver(Conflict):
    """The invitation was accepted, revoked, or has expired."""


class ForSomebodyElse(Forbidden):
    """The invitation is for another address, or the issuer has not verified yours."""


_TOLD: Mapping[type[ChurnboardError], type[ChurnboardError]] = {
    cards.CardsMoved: CardsMoved,
    people.NoSuchPerson: PersonNotFound,
    people.LastAdmin: LastAdmin,
    people.NotAdmin: AdminNoMore,
    people.AlreadyHere: AlreadyHere,
    people.AlreadyInvited: AlreadyInvited,
    people.TooManyInvitations: TooManyInvitations,
    people.NoSuchInvitation: InvitationNotFound,
    people.InvitationOver: InvitationOver,
    people.ForSomebodyElse: ForSomebodyElse,
}


def change_role(caller: Caller, subject: str, role: Role) -> dict[str, Any]:
    """Give a user another role; returns the user.

    Raises:
        PersonNotFound, LastAdmin, AdminNoMore: As they say; nothing was changed.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        held = writer.colleagues.change_role(subject, role, by=caller.user.subject)
        if held["role"] != role:
            details = {"name": held["name"], "from": held["role"], "to": role.value}
            writer.audit(AuditAction.ROLE_CHANGED, "user", subject, details)
    return held | {"role": role}


def remove(caller: Caller, subject: str) -> dict[str, Any]:
    """Take a user's access away, and their cards from them; returns who it was, and which cards are nobody's now.

    Raises:
        PersonNotFound, LastAdmin, AdminNoMore: As they say; nothing was changed.
        CardsMoved: Somebody did something to one of those cards at the same moment; nothing was changed.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        held = writer.colleagues.remove(subject, by=caller.user.subject)
        card_ids = writer.cards.release(subject, held["name"])
        details = {"name": held["name"], "email": held["email"], "role": held["role"], "card_count": len(card_ids)}
        writer.audit(AuditAction.USER_REMOVED, "user", subject, details)
    return {"subject": subject, "name": held["name"], "card_ids": card_ids}


def invite(caller: Caller, email: str, role: Role, *, root: str) -> dict[str, Any]:
    """Invite an address; returns the invitation and its link.

    Raises:
        AlreadyHere, AlreadyInvited, TooManyInvitations: As they say; nothing was changed.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        invited = writer.invitations.invite(email, role, by=caller.user.subject)
        _note(writer.audit, AuditAction.INVITED, invited.row)
    return _told(caller, invited, root)


def resend(caller: Caller, invitation_id: str, *, root: str) -> dict[str, Any]:
    """Make a new link for an open invitation; returns both.

    Raises:
        InvitationNotFound: There is none that is open.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        invited = writer.invitations.resend(invitation_id)
        _note(writer.audit, AuditAction.INVITATION_RESENT, invited.row)
    return _told(caller, invited, root)


def revoke(caller: Caller, invitation_id: str) -> dict[str, Any]:
    """Take an open invitation back.

    Raises:
        InvitationNotFound: There is none that is open.
    """
    writer = caller.writer
    with retold(_TOLD), writer.together():
        row = writer.invitations.revoke(invitation_id)
        _note(writer.audit, AuditAction.INVITATION_REVOKED, row)
    return {"invitation_id": invitation_id, "email": row["email"]}


def look(services: Services, secret: str) -> dict[str, Any]:
    """What a secret is an invitation to.

    Raises:
        InvitationNotFound, InvitationOver: As they say.
    """
    with retold(_TOLD):
        return vars(services.writing.look_at_invitation(secret))


def accept(services: Services, secret: str, identity: Identity) -> User:
    """Make whoever signed in a user.

    Raises:
        InvitationNotFound, InvitationOver, ForSomebodyElse, AlreadyHere: As they say; nothing was changed.
    """
    guest = people.Guest(subject=identity.subject, email=identity.email, name=identity.name)
    with retold(_TOLD):
        services.writing.accept_invitation(secret, guest)
    return services.users.by_subject(identity.subject)


def _note(audit: Any, action: AuditAction, row: dict[str, Any]) -> None:
    audit(action, "invitation", row["invitation_id"], {"email": row["email"], "role": str(row["role"])})


def _told(caller: Caller, invited: people.Invited, root: str) -> dict[str, Any]:
    with caller.session() as session:
        row = invitation(session, invited.row["invitation_id"])
    # Behind the hash sign, which browsers keep to themselves: it stands in no log on the way.
    return {"invitation": row, "link": f"{root}/join#{invited.secret}"}
