"""Users: the rows that say which tenant a verified subject belongs to, and what they may do there.

This is the one lookup that happens before a tenant is known, so it does not go through a tenant session.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import user as user_table
from core.tenants import TenantId
from core.vocabulary import Role
from serve.errors import Forbidden, NotFound

DEMO_PREFIX = "demo|"
"""How the subjects of demo users start; no real issuer may name them."""


class UnknownUser(Forbidden):
    """The token is genuine, but nobody has given its subject access."""


class TenantNotFound(NotFound):
    """There is no tenant of that id."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A person whose token was verified. Made here and nowhere else, so whoever holds one holds a proof."""

    tenant_id: TenantId
    subject: str
    email: str
    name: str
    role: Role


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
        query = select(user_table).where(user_table.c.subject == subject)
        found = None
        if "\0" not in subject:
            with self._engine.connect() as connection:
                found = connection.execute(query).mappings().first()
        if found is None:
            raise UnknownUser(
                "Your sign-in is genuine, but it has no access to any tenant here: ask an admin of your company to invite you."
            )
        return _user(found["tenant_id"], subject, found["email"], found["name"], found["role"])

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


def _user(tenant_id: str, subject: str, email: str, name: str, role: str) -> User:
    return User(tenant_id=TenantId(tenant_id), subject=subject, email=email, name=name, role=Role(role))
