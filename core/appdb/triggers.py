"""What each tenant has set its triggers to: a preset, and values of its own that go before it; since when, and who said so.

Append-only: a change is a new version, so that a past day is scored with the values then in force. Whether a name exists and a
value is within its range is not known here; `core.params` does.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import trigger_param, trigger_preset
from core.errors import ChangedMeanwhile
from core.vocabulary import TriggerPreset, TriggerType


@dataclass(frozen=True, kw_only=True)
class ParamVersion:
    """A value as somebody set it; versions of a name count from 1. `value` None: taken back."""

    trigger_type: TriggerType
    name: str
    value: float | None
    version: int
    valid_from_at: datetime
    author: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class PresetVersion:
    """A preset as somebody chose it; versions count from 1."""

    preset: TriggerPreset
    version: int
    valid_from_at: datetime
    author: str
    note: str | None = None


class TriggerSettings:
    """Reads and adds versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def own_values(self, tenant_id: str) -> dict[tuple[TriggerType, str], float]:
        """The tenant's own values now, by trigger and name; what was taken back is left out."""
        newest = {(one.trigger_type, one.name): one.value for one in self.values_set(tenant_id)}
        return {key: value for key, value in newest.items() if value is not None}

    def preset(self, tenant_id: str) -> TriggerPreset:
        """The preset that holds now; `balanced` where none was ever chosen."""
        chosen = self.presets_chosen(tenant_id)
        return chosen[-1].preset if chosen else TriggerPreset.BALANCED

    def values_set(self, tenant_id: str) -> list[ParamVersion]:
        """Every version of every value, in the order they were set."""
        with self._engine.connect() as connection:
            return _values(connection, tenant_id)

    def presets_chosen(self, tenant_id: str) -> list[PresetVersion]:
        """Every preset chosen, oldest first."""
        with self._engine.connect() as connection:
            return _presets(connection, tenant_id)

    def set(
        self,
        tenant_id: str,
        trigger_type: TriggerType,
        name: str,
        value: float | None,
        *,
        author: str,
        now: datetime | None = None,
    ) -> ParamVersion | None:
        """Add a version of a value; None takes it back.

        Returns:
            The new version; None where the value already is just that.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            return _set(connection, tenant_id, (trigger_type, name), value, author, None, now or datetime.now(UTC))

    def choose(
        self, tenant_id: str, preset: TriggerPreset, *, author: str, now: datetime | None = None
    ) -> PresetVersion | None:
        """Choose a preset; the tenant's own values go on holding.

        Returns:
            The new version; None where it holds already.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            return _choose(connection, tenant_id, preset, author, None, now or datetime.now(UTC))


class TriggerBook:
    """Changes what one tenant's triggers are set to, as its people ask for."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def change(
        self,
        values: Mapping[tuple[TriggerType, str], float | None],
        *,
        preset: TriggerPreset | None,
        expected_version: int,
        author: str,
        note: str | None,
        now: datetime | None = None,
    ) -> int:
        """Add versions of a preset and of values, all of one moment; returns the version of the triggers after it.

        Args:
            values: What is set; None takes a value back.
            preset: What is chosen; None: as it is.
            expected_version: How many changes had been made when the author looked.
            author: Subject of the user.
            note: Why.
            now: The present unless given.

        Raises:
            ChangedMeanwhile: There have been more changes; nothing is written.
            UnknownTenant: There is no such tenant.
        """
        moment = now or datetime.now(UTC)
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            held = len(_values(connection, self._tenant_id)) + len(_presets(connection, self._tenant_id))
            if held != expected_version:
                raise ChangedMeanwhile(
                    f"Somebody changed the triggers meanwhile: they are at version {held}, and you saw {expected_version}. "
                    "Look at what holds now, and change it again."
                )
            if preset is not None and _choose(connection, self._tenant_id, preset, author, note, moment):
                held += 1
            for key, value in values.items():
                if _set(connection, self._tenant_id, key, value, author, note, moment):
                    held += 1
        return held


def _set(
    connection: Connection,
    tenant_id: str,
    key: tuple[TriggerType, str],
    value: float | None,
    author: str,
    note: str | None,
    now: datetime,
) -> ParamVersion | None:
    trigger_type, name = key
    held = [one for one in _values(connection, tenant_id) if (one.trigger_type, one.name) == key]
    if (held[-1].value if held else None) == value:
        return None
    new = ParamVersion(
        trigger_type=trigger_type,
        name=name,
        value=value,
        version=held[-1].version + 1 if held else 1,
        valid_from_at=now,
        author=author,
        note=note,
    )
    connection.execute(insert(trigger_param).values(tenant_id=tenant_id, **asdict(new)))
    return new


def _choose(
    connection: Connection, tenant_id: str, preset: TriggerPreset, author: str, note: str | None, now: datetime
) -> PresetVersion | None:
    held = _presets(connection, tenant_id)
    if (held[-1].preset if held else TriggerPreset.BALANCED) == preset:
        return None
    new = PresetVersion(
        preset=preset,
        version=held[-1].version + 1 if held else 1,
        valid_from_at=now,
        author=author,
        note=note,
    )
    connection.execute(insert(trigger_preset).values(tenant_id=tenant_id, **asdict(new)))
    return new


def _values(connection: Connection, tenant_id: str) -> list[ParamVersion]:
    columns = trigger_param.c
    query = (
        select(*(one for one in columns if one is not columns.tenant_id))
        .where(columns.tenant_id == tenant_id)
        .order_by(columns.valid_from_at, columns.trigger_type, columns.name, columns.version)
    )
    rows = connection.execute(query).mappings()
    return [ParamVersion(**dict(row) | {"trigger_type": TriggerType(row["trigger_type"])}) for row in rows]


def _presets(connection: Connection, tenant_id: str) -> list[PresetVersion]:
    columns = trigger_preset.c
    query = (
        select(*(one for one in columns if one is not columns.tenant_id))
        .where(columns.tenant_id == tenant_id)
        .order_by(columns.version)
    )
    rows = connection.execute(query).mappings()
    return [PresetVersion(**dict(row) | {"preset": TriggerPreset(row["preset"])}) for row in rows]
