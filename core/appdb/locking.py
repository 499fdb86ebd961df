"""Keeps two people from writing the next number of the same tenant at once."""

from sqlalchemy import Connection, select

from core.appdb.tables import tenant as tenant_table
from core.errors import Terminal


class UnknownTenant(Terminal):
    """No tenant of that name."""


def lock_tenant(connection: Connection, tenant_id: str) -> None:
    """Hold a tenant's row until the transaction ends; on SQLite there is one writer anyway.

    Raises:
        UnknownTenant: There is no such tenant.
    """
    mine = select(tenant_table.c.tenant_id).where(tenant_table.c.tenant_id == tenant_id).with_for_update()
    if connection.scalar(mine) is None:
        raise UnknownTenant(f"There is no tenant {tenant_id!r}: see `churnboard tenants list`.")
