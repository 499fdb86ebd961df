"""Who our tenants are, how their HubSpot is reached, and what they decided that the warehouse must know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Table, delete, insert, select, update

from core.appdb.tables import connection as connection_table
from core.appdb.tables import field_mapping as field_mapping_table
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import topic as topic_table
from core.appdb.tables import trigger_param as trigger_param_table
from core.errors import Terminal
from core.secrets import Vault
from core.tenants import Cell, TenantId
from core.vocabulary import ConnectionStatus, PlanTier


class UnknownTenant(Terminal):
    """No tenant of that name."""


class NotConnected(Terminal):
    """The tenant has no usable HubSpot connection."""


class PortalTaken(Terminal):
    """The HubSpot portal is already connected to another tenant."""


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """One customer of churnboard; `currency` is what its revenue is reported in (ISO 4217)."""

    tenant_id: TenantId
    name: str
    cell: Cell
    plan_tier: PlanTier = PlanTier.STARTER
    currency: str = "USD"


@dataclass(frozen=True, kw_only=True)
class HubSpotCredentials:
    """How a tenant's portal is reached."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic of a tenant's taxonomy."""

    name: str
    description: str
    parent: str | None = None
    is_active: bool = True
    version: int = 1


class TenantDirectory:
    """Reads and writes tenants, connections and topics."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def save(self, tenant: Tenant) -> None:
        """Add the tenant, or bring it up to date."""
        values = asdict(tenant)
        with self._writing() as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant.tenant_id)
            if not connection.execute(known.values(values)).rowcount:
                connection.execute(insert(tenant_table).values(created_at=datetime.now(UTC), **values))

    def tenants(self, cell: Cell | None = None) -> list[Tenant]:
        """All tenants in the order of their ids, or those of one cell."""
        query = select(*(tenant_table.c[field.name] for field in fields(Tenant))).order_by(tenant_table.c.tenant_id)
        if cell is not None:
            query = query.where(tenant_table.c.cell == cell)
        with self._engine.connect() as connection:
            return [Tenant(**row) for row in connection.execute(query).mappings()]

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant.

        Raises:
            UnknownTenant: There is none of that id.
        """
        for tenant in self.tenants():
            if tenant.tenant_id == tenant_id:
                return tenant
        raise UnknownTenant(f"There is no tenant {tenant_id!r}: see `churnboard tenants list`.")

    def cells(self) -> list[Cell]:
        """Every cell that carries a tenant, in order."""
        return sorted({tenant.cell for tenant in self.tenants()})

    def connect_hubspot(
        self, tenant_id: TenantId, credentials: HubSpotCredentials, *, hub_id: str | None = None
    ) -> None:
        """Store how the tenant's portal is reached, encrypted, replacing what was stored.

        Raises:
            PortalTaken: `hub_id` is already connected to another tenant.
        """
        secret = {
            "access_token": credentials.access_token.get_secret_value(),
            "refresh_token": credentials.refresh_token.get_secret_value() if credentials.refresh_token else None,
        }
        mine = (connection_table.c.tenant_id == tenant_id) & (connection_table.c.type == "hubspot")
        with self._writing() as connection:
            owner = select(connection_table.c.tenant_id).where(connection_table.c.hub_id == hub_id)
            if hub_id and (other := connection.scalar(owner)) not in {None, tenant_id}:
                raise PortalTaken(
                    f"HubSpot portal {hub_id} is already connected to tenant {other}; disconnect it there before "
                    f"connecting it to {tenant_id}."
                )
            connection.execute(delete(connection_table).where(mine))
            connection.execute(
                insert(connection_table).values(
                    tenant_id=tenant_id,
                    type="hubspot",
                    status=ConnectionStatus.ACTIVE,
                    credentials=self._vault.encrypt(json.dumps(secret)),
                    hub_id=hub_id,
                )
            )

    def hubspot_credentials(self, tenant_id: TenantId) -> HubSpotCredentials:
        """The tenant's stored credentials, decrypted.

        Raises:
            NotConnected: Nothing is stored, or the tenant disconnected.
        """
        query = select(connection_table.c.credentials).where(
            connection_table.c.tenant_id == tenant_id,
            connection_table.c.type == "hubspot",
            connection_table.c.status != ConnectionStatus.DISCONNECTED,
        )
        with self._engine.connect() as connection:
            stored = connection.scalar(query)
        if stored is None:
            raise NotConnected(f"Tenant {tenant_id} has no HubSpot connection: add one with `churnboard tenants add`.")
        secret = json.loads(self._vault.decrypt(stored))
        return HubSpotCredentials(
            access_token=SecretStr(secret["access_token"]),
            refresh_token=SecretStr(secret["refresh_token"]) if secret["refresh_token"] else None,
        )

    def note_sync(self, tenant_id: TenantId, *, synced_at: datetime, error: str | None) -> None:
        """Record how the last sync of a tenant ended; an error keeps the time of the last good one."""
        values: dict[str, object] = {"status": ConnectionStatus.ERROR, "error_message": error}
        if error is None:
            values = {"status": ConnectionStatus.ACTIVE, "error_message": None, "last_synced_at": synced_at}
        query = update(connection_table).where(
            connection_table.c.tenant_id == tenant_id, connection_table.c.type == "hubspot"
        )
        with self._writing() as connection:
            connection.execute(query.values(values))

    def save_topics(self, tenant_id: TenantId, topics: Sequence[Topic]) -> None:
        """Add topics the tenant does not have yet; topics people may have edited since are left alone."""
        with self._writing() as connection:
            held = set(connection.scalars(select(topic_table.c.name).where(topic_table.c.tenant_id == tenant_id)))
            new = [{"tenant_id": tenant_id, **asdict(topic)} for topic in topics if topic.name not in held]
            if new:
                connection.execute(insert(topic_table), new)

    def app_state(self) -> Mapping[str, list[dict[str, Any]]]:
        """What the warehouse must know of people's decisions: the rows of `raw_app`, by table name (docs/names.md)."""
        with self._engine.connect() as connection:
            tenants = [
                {name: value for name, value in row.items() if name not in _OURS_ALONE}
                for row in _all(connection, tenant_table)
            ]
            mappings = [
                row | {"stage_ids": None if row["stage_ids"] is None else json.dumps(row["stage_ids"])}
                for row in _all(connection, field_mapping_table)
            ]
            return {
                "tenants": tenants,
                "field_mappings": mappings,
                "topics": _all(connection, topic_table),
                "trigger_params": _newest(_all(connection, trigger_param_table)),
            }

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            yield connection


_OURS_ALONE = ("cell", "created_at")


def _newest(params: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Rows come in the order of their key, of which the version is the last part.
    return list({(row["tenant_id"], row["trigger_type"], row["name"]): row for row in params}.values())


def _all(connection: Connection, table: Table) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [dict(row) for row in rows]
