"""Invitations: how people come in. A one-time secret, and a genuine sign-in by the address that was invited.

Both are needed: a link that is passed on lets nobody in, and neither does an address at an identity provider alone. The secret is
kept as a hash; sending an invitation again makes a new one, and the old one dies. One person belongs to one tenant.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.appdb.tables import invitation as table
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import user as user_table
from core.errors import Terminal
from core.people.secrets import hash_of, new_prefix, new_secret
from core.people.trail import AuditTrail
from core.tenants import TenantId
from core.vocabulary import AuditAction, Role

Transaction = Callable[[], AbstractContextManager[Connection]]

LIFETIME = timedelta(days=7)
"""How long an invitation, or one sent again, can be accepted."""

_MOST = 500
_C = table.c


class AlreadyHere(Terminal):
    """Whoever is invited, or accepts, has access already."""


class AlreadyInvited(Terminal):
    """The address has an invitation that is open."""


class TooManyInvitations(Terminal):
    """The tenant has as many open invitations as it may have."""


class NoSuchInvitation(Terminal):
    """There is no such invitation, or no such secret."""


class InvitationOver(Terminal):
    """The invitation was accepted, revoked, or has expired."""


class ForSomebodyElse(Terminal):
    """The invitation is for another address, or the address is not verified."""


@dataclass(frozen=True, kw_only=True)
class Invited:
    """An invitation with its secret, which is told this once."""

    row: dict[str, Any]
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What somebody is invited to."""

    tenant_name: str
    email: str
    role: Role
    invited_by_name: str | None
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Somebody whose sign-in was verified and who has no access yet; `email` is empty where it is not verified."""

    subject: str
    email: str
    name: str


def as_address(email: str) -> str:
    """An e-mail address as it is compared: without blanks around it, in small letters."""
    return email.strip().lower()


class InvitationBook:
    """Invites people to one tenant."""

    def __init__(self, tenant_id: str, transaction: Transaction) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def invite(self, email: str, role: Role, *, by: str, now: datetime | None = None) -> Invited:
        """Invite an address.

        Raises:
            AlreadyHere: A user of the tenant has it.
            AlreadyInvited: It has an open invitation.
            TooManyInvitations: There are five hundred open ones.
        """
        moment, address, secret = now or datetime.now(UTC), as_address(email), new_secret()
        row = {
            "invitation_id": new_prefix(),
            "email": address,
            "role": role,
            "invited_by": by,
            "invited_at": moment,
            "expires_at": moment + LIFETIME,
        }
        open_ones = (_C.tenant_id == self._tenant_id) & _C.accepted_at.is_(None) & _C.revoked_at.is_(None)
        with self._transaction() as connection:
            known = select(user_table.c.subject).where(
                user_table.c.tenant_id == self._tenant_id, func.lower(user_table.c.email) == address
            )
            if connection.scalar(known) is not None:
                raise AlreadyHere(f"{address} has access already: change their role instead.")
            if (connection.scalar(select(func.count()).select_from(table).where(open_ones)) or 0) >= _MOST:
                raise TooManyInvitations(f"There are {_MOST} open invitations: revoke some first.")
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(table).values(tenant_id=self._tenant_id, secret_hash=hash_of(secret), **row)
                    )
            except IntegrityError as error:
                raise AlreadyInvited(f"{address} is invited already: send that invitation again instead.") from error
        return Invited(row=row, secret=secret)

    def resend(self, invitation_id: str, *, now: datetime | None = None) -> Invited:
        """A new secret and a new term for an open invitation, expired or not; the old secret dies.

        Raises:
            NoSuchInvitation: There is none that is open.
        """
        moment, secret = now or datetime.now(UTC), new_secret()
        with self._transaction() as connection:
            row = self._open(connection, invitation_id)
            renewed = {"expires_at": moment + LIFETIME, "secret_hash": hash_of(secret)}
            connection.execute(update(table).where(self._one(invitation_id)).values(renewed))
        return Invited(row=row | {"expires_at": renewed["expires_at"]}, secret=secret)

    def revoke(self, invitation_id: str, *, now: datetime | None = None) -> dict[str, Any]:
        """Take an open invitation back; returns it as it was.

        Raises:
            NoSuchInvitation: There is none that is open.
        """
        with self._transaction() as connection:
            row = self._open(connection, invitation_id)
            revoked = update(table).where(self._one(invitation_id)).values(revoked_at=now or datetime.now(UTC))
            connection.execute(revoked)
        return row

    def _open(self, connection: Connection, invitation_id: str) -> dict[str, Any]:
        found = (
            connection.execute(
                select(_C.invitation_id, _C.email, _C.role, _C.invited_by, _C.invited_at, _C.expires_at)
                .where(self._one(invitation_id))
                .with_for_update()
            )
            .mappings()
            .first()
        )
        if found is None:
            raise NoSuchInvitation("There is no such open invitation: see GET /api/v1/invitations.")
        return dict(found)

    def _one(self, invitation_id: str) -> Any:
        mine = (_C.tenant_id == self._tenant_id) & (_C.invitation_id == invitation_id)
        return mine & _C.accepted_at.is_(None) & _C.revoked_at.is_(None)


class InvitationDoor:
    """Where people come in with a secret; whose tenant it leads to is found out here.

    Args:
        transaction: Opens a transaction that may see every tenant's invitations.
        enter: Makes the rest of a transaction see one tenant's rows only.
    """

    def __init__(self, transaction: Transaction, enter: Callable[[Connection, TenantId], None]) -> None:
        self._transaction = transaction
        self._enter = enter

    def look(self, secret: str, *, now: datetime | None = None) -> Offer:
        """What the secret is an invitation to.

        Raises:
            NoSuchInvitation, InvitationOver: As they say.
        """
        with self._transaction() as connection:
            row = _by_secret(connection, secret, now or datetime.now(UTC), is_accepting=False)
            inviter = connection.scalar(
                select(user_table.c.name).where(
                    user_table.c.tenant_id == row["tenant_id"], user_table.c.subject == row["invited_by"]
                )
            )
        return Offer(
            tenant_name=row["tenant_name"],
            email=row["email"],
            role=Role(row["role"]),
            invited_by_name=inviter,
            expires_at=row["expires_at"],
        )

    def accept(self, secret: str, guest: Guest, *, request_id: str | None, now: datetime | None = None) -> None:
        """Make the guest a user; the secret is spent.

        Raises:
            NoSuchInvitation, InvitationOver, ForSomebodyElse, AlreadyHere: As they say; nothing was changed, and the
                invitation is as good as before.
        """
        moment = now or datetime.now(UTC)
        try:
            with self._transaction() as connection:
                self._let_in(connection, secret, guest, request_id, moment)
        except IntegrityError as error:
            raise _has_access() from error

    def _let_in(self, connection: Connection, secret: str, guest: Guest, request_id: str | None, now: datetime) -> None:
        row = _by_secret(connection, secret, now, is_accepting=True)
        if as_address(guest.email) != row["email"]:
            raise ForSomebodyElse(
                f"This invitation is for {row['email']}, and your sign-in does not prove that you are: sign in with that "
                f"address, verified, and open the link again."
            )
        if connection.scalar(select(user_table.c.subject).where(user_table.c.subject == guest.subject)) is not None:
            raise _has_access()
        tenant_id = TenantId(row["tenant_id"])
        self._enter(connection, tenant_id)
        connection.execute(
            insert(user_table).values(
                tenant_id=tenant_id,
                subject=guest.subject,
                email=row["email"],
                name=guest.name or row["email"],
                role=row["role"],
            )
        )
        mine = (_C.tenant_id == tenant_id) & (_C.invitation_id == row["invitation_id"])
        connection.execute(update(table).where(mine).values(accepted_at=now, accepted_by=guest.subject))
        AuditTrail(tenant_id, lambda: nullcontext(connection)).add(
            AuditAction.JOINED,
            "user",
            guest.subject,
            {"email": row["email"], "role": row["role"], "invitation_id": row["invitation_id"]},
            actor=guest.subject,
            actor_name=guest.name or row["email"],
            request_id=request_id,
            now=now,
        )


def _by_secret(connection: Connection, secret: str, now: datetime, *, is_accepting: bool) -> dict[str, Any]:
    query = (
        select(*table.c, tenant_table.c.name.label("tenant_name"))
        .join(tenant_table, tenant_table.c.tenant_id == _C.tenant_id)
        .where(_C.secret_hash == hash_of(secret))
    )
    if is_accepting:
        query = query.with_for_update(of=table)
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NoSuchInvitation(
            "This invitation link is not known: it was mistyped, or a newer one was sent. Ask whoever invited you."
        )
    for is_over, why in (
        (found["accepted_at"] is not None, "was accepted already: sign in"),
        (found["revoked_at"] is not None, "was taken back: ask whoever invited you"),
        (found["expires_at"] <= now, "has expired: ask whoever invited you to send it again"),
    ):
        if is_over:
            raise InvitationOver(f"This invitation {why}.")
    return dict(found)


def _has_access() -> AlreadyHere:
    return AlreadyHere(
        "You have access to a company here already, and one sign-in belongs to one company: ask its admin to remove you "
        "first, or accept with another sign-in."
    )
