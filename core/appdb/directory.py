"""Who our tenants are, and what they decided that the warehouse must know. How their HubSpot is reached: `core.connections`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select, update

from core.appdb.audits import audit_rows
from core.appdb.engine import writing
from core.appdb.locking import UnknownTenant
from core.appdb.rules import rule_state
from core.appdb.tables import field_mapping as field_mapping_table
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import trigger_param as trigger_param_table
from core.appdb.tables import trigger_preset as trigger_preset_table
from core.appdb.topics import topic_state
from core.tenants import Cell, TenantId
from core.vocabulary import PlanTier


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """One customer of churnboard.

    Attributes:
        currency: What its revenue is reported in (ISO 4217).
        is_masked: Whether personal details are masked before a text is sent to a model behind an API.
        default_owner_id: HubSpot owner of cards whose company has none; None: nobody.
        expire_after_days: When low cards that nobody owns or looked at are completed as expired; None: never.
    """

    tenant_id: TenantId
    name: str
    cell: Cell
    plan_tier: PlanTier = PlanTier.STARTER
    currency: str = "USD"
    is_masked: bool = True
    default_owner_id: str | None = None
    expire_after_days: int | None = None


class TenantDirectory:
    """Reads and writes tenants."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, tenant: Tenant) -> None:
        """Add the tenant, or bring it up to date; how it is masked, and what its cards follow, is left as it was set."""
        values = asdict(tenant)
        switched = {name: values.pop(name) for name in ("is_masked", "default_owner_id", "expire_after_days")}
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant.tenant_id)
            if not connection.execute(known.values(values)).rowcount:
                connection.execute(insert(tenant_table).values(created_at=datetime.now(UTC), **values, **switched))

    def switch_masking(self, tenant_id: str, *, is_masked: bool) -> None:
        """Have a tenant's texts masked before they are sent, or not.

        Raises:
            UnknownTenant: There is none of that id.
        """
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant_id)
            if not connection.execute(known.values(is_masked=is_masked)).rowcount:
                raise _unknown(tenant_id)

    def set_card_policy(self, tenant_id: str, *, default_owner_id: str | None, expire_after_days: int | None) -> None:
        """Say who owns the cards of companies that nobody owns, and when low ones expire; None: nobody, never.

        Raises:
            UnknownTenant: There is none of that id.
        """
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant_id)
            if not connection.execute(
                known.values(default_owner_id=default_owner_id, expire_after_days=expire_after_days)
            ).rowcount:
                raise _unknown(tenant_id)

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
        raise _unknown(tenant_id)

    def cells(self) -> list[Cell]:
        """Every cell that carries a tenant, in order."""
        return sorted({tenant.cell for tenant in self.tenants()})

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
                "trigger_params": _all(connection, trigger_param_table),
                "trigger_presets": _all(connection, trigger_preset_table),
                **topic_state(connection),
                "audit_tickets": audit_rows(connection),
                **rule_state(connection),
            }


_OURS_ALONE = ("cell", "is_masked", "created_at")


def _unknown(tenant_id: str) -> UnknownTenant:
    return UnknownTenant(f"There is no tenant {tenant_id!r}: see `churnboard tenants list`.")


def _all(connection: Connection, table: Table) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [dict(row) for row in rows]
