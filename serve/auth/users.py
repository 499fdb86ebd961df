"""Users: the rows that say which tenant a verified subject belongs to, and what they may do there.

This is the one lookup that happens before a tenant is known, so it does not go through a tenant session.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.appdb.tables import api_key as key_table
from core.appdb.tables import live_position, published_build
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import user as user_table
from core.people.api_keys import USE_IS_NOTED_EVERY
from core.people.secrets import is_hash_of, prefix_of
from core.tenants import TenantId
from core.vocabulary import Role
from serve.errors import Forbidden, NotFound, Unauthenticated
from serve.version import version_of

DEMO_PREFIX = "demo|"
"""How the subjects of demo users start; no real issuer may name them."""

KEY_PREFIX = "key|"
"""How the subjects of API keys start; no issuer may name them either."""

_NO_KEY = "0" * 64
"""No key has this hash: what is compared where there is no row, so that a miss takes as long as a hit."""


class UnknownUser(Forbidden):
    """The token is genuine, but nobody has given its subject access."""


class TenantNotFound(NotFound):
    """There is no tenant of that id."""


class InvalidKey(Unauthenticated):
    """The API key is none of ours, was revoked, or has expired."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A person, or an API key, whose token was verified. Made here and nowhere else, so whoever holds one holds a proof."""

    tenant_id: TenantId
    subject: str
    email: str
    name: str
    role: Role

    @property
    def is_key(self) -> bool:
        """Whether this is an API key and no person."""
        return self.subject.startswith(KEY_PREFIX)


@dataclass(frozen=True, kw_only=True)
class KeyHolder:
    """A verified API key, and whether it is time to note that it was used."""

    user: User
    prefix: str
    is_use_to_be_noted: bool


@dataclass(frozen=True, kw_only=True)
class Present:
    """A user as they were at a moment, and where their tenant's rows stood at the same one.

    Attributes:
        user: The person, or the API key.
        version: What `TenantSession.version` says; None where nothing is published.
        key: The row of an API key; None for a person.
    """

    user: User
    version: tuple[str, ...] | None
    key: Mapping[Any, Any] | None = None


def _with_standing(of: Any, wanted: Any) -> Select[Any]:
    """Rows of a table that names a tenant in each, and beside them what the version of the tenant's rows is made of."""
    tenant_id = of.c.tenant_id
    return (
        select(of, published_build.c.build_id, published_build.c.published_at, live_position.c.position)
        .outerjoin(published_build, published_build.c.tenant_id == tenant_id)
        .outerjoin(live_position, live_position.c.tenant_id == tenant_id)
        .where(wanted)
    )


_PRESENT_PEOPLE = _with_standing(user_table, user_table.c.subject.in_(bindparam("wanted", expanding=True)))
_PRESENT_KEYS = _with_standing(key_table, key_table.c.prefix.in_(bindparam("wanted", expanding=True)))
_BY_SUBJECT = select(user_table).where(user_table.c.subject == bindparam("wanted"))
_BY_PREFIX = select(key_table).where(key_table.c.prefix == bindparam("wanted"))


@dataclass(frozen=True, kw_only=True)
class DemoTenant:
    """A tenant one may look at in a local installation."""

    tenant_id: str
    name: str


class UserDirectory:
    """Finds users by subject, and keeps the demo users of a local installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_subject(self, subject: str) -> User:
        """The user a verified token speaks of.

        Raises:
            UnknownUser: Nobody gave this subject access.
        """
        found = None
        if "\0" not in subject:
            with self._engine.connect() as connection:
                found = connection.execute(_BY_SUBJECT, {"wanted": subject}).mappings().first()
        if found is None:
            raise UnknownUser(
                "Your sign-in is genuine, but it has no access to any tenant here: ask an admin of your company to invite you."
            )
        return _user(found["tenant_id"], subject, found["email"], found["name"], found["role"])

    def still_known(self, users: Iterable[User], *, now: datetime | None = None) -> set[tuple[str, str]]:
        """Tenant and subject of those of them, people and keys, who still have access."""
        subjects, moment = {user.subject for user in users}, now or datetime.now(UTC)
        prefixes = {subject.removeprefix(KEY_PREFIX) for subject in subjects if subject.startswith(KEY_PREFIX)}
        people = select(user_table.c.tenant_id, user_table.c.subject).where(user_table.c.subject.in_(subjects))
        keys = select(key_table.c.tenant_id, key_table.c.prefix).where(
            key_table.c.prefix.in_(prefixes),
            key_table.c.revoked_at.is_(None),
            or_(key_table.c.expires_at.is_(None), key_table.c.expires_at > moment),
        )
        with self._engine.connect() as connection:
            known = {(row.tenant_id, row.subject) for row in connection.execute(people)}
            if prefixes:
                known |= {(row.tenant_id, f"{KEY_PREFIX}{row.prefix}") for row in connection.execute(keys)}
        return known

    def by_key(self, key: str, *, now: datetime | None = None) -> KeyHolder:
        """Whom an API key speaks for: its tenant, as a viewer. One read, by the key's prefix.

        Raises:
            InvalidKey: None of ours, revoked, or expired.
        """
        moment, prefix, found = now or datetime.now(UTC), prefix_of(key), None
        if prefix is not None:
            with self._engine.connect() as connection:
                found = connection.execute(_BY_PREFIX, {"wanted": prefix}).mappings().first()
        return holder(key, found, now=moment)

    def present(self, subjects: Collection[str]) -> dict[str, Present]:
        """Users of these subjects, people and keys, by subject, with where their tenants' rows stand; one look for all of them.

        Of several tenants at once, as nothing else is: what is told of a tenant is a name of a build, a moment and a number.
        A key's secret is still to be compared: see `holder`.
        """
        prefixes = {one.removeprefix(KEY_PREFIX) for one in subjects if one.startswith(KEY_PREFIX)}
        people = [one for one in subjects if not one.startswith(KEY_PREFIX) and "\0" not in one]
        found: dict[str, Present] = {}
        with self._engine.connect() as connection:
            if people:
                for row in connection.execute(_PRESENT_PEOPLE, {"wanted": people}).mappings():
                    user = _user(row["tenant_id"], row["subject"], row["email"], row["name"], row["role"])
                    found[user.subject] = Present(user=user, version=_version(row))
            if prefixes:
                for row in connection.execute(_PRESENT_KEYS, {"wanted": list(prefixes)}).mappings():
                    user = _of_key(row)
                    found[user.subject] = Present(user=user, version=_version(row), key=row)
        return found

    def demo_tenants(self) -> list[DemoTenant]:
        """Every tenant, in the order of their names."""
        query = select(tenant_table.c.tenant_id, tenant_table.c.name).order_by(
            tenant_table.c.name, tenant_table.c.tenant_id
        )
        with self._engine.connect() as connection:
            return [DemoTenant(**row) for row in connection.execute(query).mappings()]

    def keep_demo_user(self, tenant_id: str, role: Role) -> User:
        """The tenant's demo user of that role, made or brought up to date.

        Raises:
            TenantNotFound: No such tenant.
        """
        held = {shown.tenant_id: shown.name for shown in self.demo_tenants()}
        if tenant_id not in held:
            raise TenantNotFound(
                f"There is no tenant {tenant_id!r}: GET /api/v1/auth/demo lists the tenants there are."
            )
        subject = f"{DEMO_PREFIX}{tenant_id}|{role}"
        kept = {"email": f"{role}@{tenant_id}.example", "name": f"Demo {role} of {held[tenant_id]}", "role": role.value}
        mine = (user_table.c.tenant_id == tenant_id) & (user_table.c.subject == subject)
        with self._writing() as connection:
            if not connection.execute(update(user_table).where(mine).values(kept)).rowcount:
                try:
                    with connection.begin_nested():
                        connection.execute(insert(user_table).values(tenant_id=tenant_id, subject=subject, **kept))
                except IntegrityError:
                    # Somebody signed in as the same demo user between our two statements; theirs is as good.
                    pass
        return _user(tenant_id, subject, kept["email"], kept["name"], role)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            yield connection


def holder(key: str, found: Mapping[Any, Any] | None, *, now: datetime | None = None) -> KeyHolder:
    """Whom an API key speaks for, given the row that its prefix leads to, or None.

    Raises:
        InvalidKey: None of ours, revoked, or expired.
    """
    moment = now or datetime.now(UTC)
    is_right = is_hash_of(key, found["secret_hash"] if found else _NO_KEY)
    if found is None or not is_right or found["revoked_at"] is not None:
        raise InvalidKey("This API key is not valid, or was revoked: an admin of your company makes a new one.")
    if found["expires_at"] is not None and found["expires_at"] <= moment:
        raise InvalidKey("This API key has expired: an admin of your company makes a new one.")
    used_at = found["last_used_at"]
    return KeyHolder(
        user=_of_key(found),
        prefix=found["prefix"],
        is_use_to_be_noted=used_at is None or used_at <= moment - USE_IS_NOTED_EVERY,
    )


def demo_person(email: str) -> str:
    """The subject under which the built-in issuer knows an address."""
    return f"{DEMO_PREFIX}person|{email.lower()}"


def _user(tenant_id: str, subject: str, email: str, name: str, role: str) -> User:
    return User(tenant_id=TenantId(tenant_id), subject=subject, email=email, name=name, role=Role(role))


def _of_key(row: Mapping[Any, Any]) -> User:
    return _user(row["tenant_id"], f"{KEY_PREFIX}{row['prefix']}", "", row["name"], Role.VIEWER)


def _version(row: Mapping[Any, Any]) -> tuple[str, ...] | None:
    if row["build_id"] is None:
        return None
    return version_of(row["tenant_id"], row["build_id"], row["published_at"], row["position"])
