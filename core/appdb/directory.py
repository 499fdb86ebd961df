"""Who our tenants are, and what they decided that the warehouse must know. How their HubSpot is reached: `core.connections`."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, case, insert, select, update

from core.appdb.audits import audit_rows
from core.appdb.engine import writing
from core.appdb.locking import UnknownTenant
from core.appdb.rules import rule_state
from core.appdb.tables import connection as connection_table
from core.appdb.tables import field_mapping as field_mapping_table
from core.appdb.tables import tenant as tenant_table
from core.appdb.tables import trigger_param as trigger_param_table
from core.appdb.tables import trigger_preset as trigger_preset_table
from core.appdb.tables import user as user_table
from core.appdb.topics import topic_state
from core.errors import ChangedMeanwhile, Terminal
from core.tenants import Cell, TenantId
from core.vocabulary import ConnectionStatus, PlanTier


class UnknownPerson(Terminal):
    """The tenant has no such user."""


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """One customer of churnboard.

    Attributes:
        currency: What its revenue is reported in (ISO 4217).
        is_masked: Whether personal details are masked before a text is sent to a model behind an API.
        default_owner_id: HubSpot owner of cards whose company has none; None: nobody.
        expire_after_days: When low cards that nobody owns or looked at are completed as expired; None: never.
        retention_days: How long the words of closed tickets are kept; None: for good.
    """

    tenant_id: TenantId
    name: str
    cell: Cell
    plan_tier: PlanTier = PlanTier.STARTER
    currency: str = "USD"
    is_masked: bool = True
    default_owner_id: str | None = None
    expire_after_days: int | None = None
    retention_days: int | None = None


_VERSION = tenant_table.c.version
_NEXT: dict[str, Any] = {"version": _VERSION + 1}


class TenantBook:
    """Changes one tenant's own settings, as its people ask for."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def change(
        self,
        *,
        expected_version: int,
        name: str,
        currency: str,
        is_masked: bool,
        default_owner_id: str | None,
        expire_after_days: int | None,
        retention_days: int | None,
    ) -> Mapping[str, Any] | None:
        """Set all of it; see `Tenant`.

        Returns:
            What held before, `version` included; None where all of it was so already, and nothing was written.

        Raises:
            ChangedMeanwhile: It is at another version than expected.
            UnknownTenant: It was deleted meanwhile.
        """
        values = {
            "name": name,
            "currency": currency,
            "is_masked": is_masked,
            "default_owner_id": default_owner_id,
            "expire_after_days": expire_after_days,
            "retention_days": retention_days,
        }
        mine = tenant_table.c.tenant_id == self._tenant_id
        asked = select(_VERSION, *(tenant_table.c[one] for one in values)).where(mine).with_for_update()
        with self._transaction() as connection:
            held = connection.execute(asked).mappings().first()
            if held is None:
                raise _unknown(self._tenant_id)
            if held["version"] != expected_version:
                raise ChangedMeanwhile(
                    f"Somebody changed the settings meanwhile: they are at version {held['version']}, and you saw "
                    f"{expected_version}. Look at what holds now, and change it again."
                )
            before = {str(name): value for name, value in held.items()}
            if all(before[name] == value for name, value in values.items()):
                return None
            connection.execute(update(tenant_table).where(mine).values({**values, **_NEXT}))
        return before


class TenantDirectory:
    """Reads and writes tenants."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, tenant: Tenant) -> None:
        """Add the tenant, or bring it up to date; how it is masked, what its cards follow and what is kept stays as it was set."""
        values = asdict(tenant)
        switched = {
            name: values.pop(name) for name in ("is_masked", "default_owner_id", "expire_after_days", "retention_days")
        }
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant.tenant_id)
            is_same = and_(tenant_table.c.name == tenant.name, tenant_table.c.currency == tenant.currency)
            version = case((is_same, _VERSION), else_=_VERSION + 1)
            if not connection.execute(known.values({**values, "version": version})).rowcount:
                connection.execute(insert(tenant_table).values(created_at=datetime.now(UTC), **values, **switched))

    def switch_masking(self, tenant_id: str, *, is_masked: bool) -> None:
        """Have a tenant's texts masked before they are sent, or not.

        Raises:
            UnknownTenant: There is none of that id.
        """
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant_id)
            if not connection.execute(known.values(is_masked=is_masked, **_NEXT)).rowcount:
                raise _unknown(tenant_id)

    def set_card_policy(self, tenant_id: str, *, default_owner_id: str | None, expire_after_days: int | None) -> None:
        """Say who owns the cards of companies that nobody owns, and when low ones expire; None: nobody, never.

        Raises:
            UnknownTenant: There is none of that id.
        """
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant_id)
            if not connection.execute(
                known.values(default_owner_id=default_owner_id, expire_after_days=expire_after_days, **_NEXT)
            ).rowcount:
                raise _unknown(tenant_id)

    def set_retention(self, tenant_id: str, retention_days: int | None) -> None:
        """Say how long the words of closed tickets are kept; None: for good.

        Raises:
            UnknownTenant: There is none of that id.
        """
        with writing(self._engine) as connection:
            known = update(tenant_table).where(tenant_table.c.tenant_id == tenant_id)
            if not connection.execute(known.values(retention_days=retention_days, **_NEXT)).rowcount:
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

    def email_of(self, tenant_id: str, subject: str) -> str:
        """The address of a user.

        Raises:
            UnknownPerson: There is no such user.
        """
        mine = (user_table.c.tenant_id == tenant_id) & (user_table.c.subject == subject)
        with self._engine.connect() as connection:
            found = connection.scalar(select(user_table.c.email).where(mine))
        if found is None:
            raise UnknownPerson(f"Tenant {tenant_id} has no such user any more.")
        return str(found)

    def cells(self) -> list[Cell]:
        """Every cell that carries a tenant, in order."""
        return sorted({tenant.cell for tenant in self.tenants()})

    def connected_cells(self) -> list[Cell]:
        """Every cell with a tenant whose HubSpot is connected, in order; of the others there is nothing to load."""
        query = (
            select(tenant_table.c.cell)
            .join(connection_table, connection_table.c.tenant_id == tenant_table.c.tenant_id)
            .where(connection_table.c.status != ConnectionStatus.DISCONNECTED)
            .distinct()
        )
        with self._engine.connect() as connection:
            return sorted(Cell(name) for name in connection.scalars(query))

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
                "trigger_params": _without_words(_all(connection, trigger_param_table)),
                "trigger_presets": _without_words(_all(connection, trigger_preset_table)),
                **topic_state(connection),
                "audit_tickets": audit_rows(connection),
                **rule_state(connection),
            }


_OURS_ALONE = ("cell", "is_masked", "retention_days", "version", "created_at")


def _unknown(tenant_id: str) -> UnknownTenant:
    return UnknownTenant(f"There is no tenant {tenant_id!r}: see `churnboard tenants list`.")


def _all(connection: Connection, table: Table) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [dict(row) for row in rows]


def _without_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What people said of a change stays here: the warehouse is told what was decided."""
    return [{name: value for name, value in row.items() if name != "note"} for row in rows]
