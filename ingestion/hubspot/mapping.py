"""What HubSpot sends, as rows of `raw_hubspot`: pure functions from decoded JSON to Arrow.

Nothing HubSpot can put into a property may stop a load: a typed column that cannot read its value is null, and the value itself
is in `properties`, where everything is, as HubSpot wrote it. Two things no store keeps are replaced by U+FFFD: NUL, which
Postgres text refuses, and half of a surrogate pair, which is not text. A property without a value is left out of
`properties`, whether HubSpot sent null or nothing (it does both).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from core.warehouse import ColumnType
from ingestion.hubspot.drift import PropertyChange
from ingestion.hubspot.tables import (
    COMPANY_HISTORY,
    LINK_TABLES,
    OBJECT_TABLES,
    OWNERS,
    PIPELINE_STAGES,
    PIPELINES,
    PORTALS,
    PROPERTIES,
    PROPERTY_CHANGES,
    RECORD_ALIASES,
    TICKET_STAGES,
    LinkType,
    ObjectType,
)

Json = Mapping[str, Any]
Links = Mapping[str, Sequence[Json]]
"""Per ticket id, HubSpot's `to` entries; empty for a ticket that has none."""

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def object_rows(kind: ObjectType, tenant_id: str, records: Sequence[Json], fetched_at: Sequence[datetime]) -> pa.Table:
    """Records of one object type; `fetched_at` gives, for each, when it was fetched."""
    values = [record.get("properties") or {} for record in records]
    columns: dict[str, pa.Array] = {
        "tenant_id": pa.repeat(pa.scalar(tenant_id), len(records)),
        "id": pa.array([str(record["id"]) for record in records], pa.string()),
    }
    for name, column_type in kind.typed.items():
        columns[name] = _typed([one.get(name) for one in values], column_type)
    columns["archived"] = pa.array([record.get("archived") is True for record in records], pa.bool_())
    columns["archived_at"] = _times([record.get("archivedAt") for record in records])
    columns["url"] = _texts([record.get("url") for record in records])
    columns["properties"] = pa.array([_json_text(one) for one in values], pa.string())
    columns["loaded_at"] = pa.array(fetched_at, _TIMESTAMP)
    return pa.table(columns, schema=OBJECT_TABLES[kind.name].schema)


def link_rows(links: LinkType, tenant_id: str, found: Links, fetched_at: datetime) -> pa.Table:
    """The links of some tickets: one row a link, and one with a null id for a ticket known to have none."""
    ticket_ids: list[str] = []
    target_ids: list[str | None] = []
    is_primary: list[bool] = []
    types_text: list[str] = []
    for ticket_id, targets in found.items():
        for target_id, types in _by_target(targets).items():
            ticket_ids.append(ticket_id)
            target_ids.append(target_id)
            is_primary.append(any(one.get("typeId") == links.primary_type_id for one in types))
            types_text.append(_json_list(types))
    columns = {
        "tenant_id": pa.repeat(pa.scalar(tenant_id), len(ticket_ids)),
        "ticket_id": pa.array(ticket_ids, pa.string()),
        links.id_column: pa.array(target_ids, pa.string()),
        "association_types": pa.array(types_text, pa.string()),
        "loaded_at": pa.repeat(pa.scalar(fetched_at, _TIMESTAMP), len(ticket_ids)),
    }
    if links.primary_type_id is not None:
        columns["is_primary"] = pa.array(is_primary, pa.bool_())
    schema = LINK_TABLES[links.table].schema
    return pa.table([columns[name] for name in schema.names], schema=schema)


def stage_history_rows(
    kind: ObjectType, tenant_id: str, records: Sequence[Json], fetched_at: Sequence[datetime]
) -> pa.Table:
    """The stages these tickets have been in, each with the moment it was entered; tickets without any moment have no row."""
    rows = []
    for record, fetched in zip(records, fetched_at, strict=True):
        # A stage set twice in the same moment was entered once.
        entered = {
            (found, clean(one.get("value")))
            for one in (record.get("propertiesWithHistory") or {}).get(kind.history) or ()
            if (found := moment(one.get("timestamp"))) is not None
        }
        rows += [
            {
                "tenant_id": tenant_id,
                "ticket_id": str(record["id"]),
                "stage_id": stage_id,
                "entered_at": entered_at,
                "loaded_at": fetched,
            }
            for entered_at, stage_id in sorted(entered, key=str)
        ]
    return pa.Table.from_pylist(rows, schema=TICKET_STAGES.schema)


def company_history_rows(
    tenant_id: str, records: Sequence[Json], fetched_at: Sequence[datetime], names: Sequence[str]
) -> pa.Table:
    """What these properties of companies were set to, each value with its moment; one without a moment says there never was any.

    Companies that came without a history have no row.
    """
    rows = []
    for record, fetched in zip(records, fetched_at, strict=True):
        told = record.get("propertiesWithHistory")
        if not isinstance(told, Mapping):
            continue
        for name in names:
            values: dict[datetime | None, str | None] = {}
            # Newest first; of two values of one moment the first is the later.
            for one in told.get(name) or ():
                if (found := moment(one.get("timestamp"))) is not None:
                    values.setdefault(found, clean(one.get("value")))
            rows += [
                {
                    "tenant_id": tenant_id,
                    "company_id": str(record["id"]),
                    "property_name": name,
                    "value": value,
                    "set_at": set_at,
                    "loaded_at": fetched,
                }
                for set_at, value in reversed((values or {None: None}).items())
            ]
    return pa.Table.from_pylist(rows, schema=COMPANY_HISTORY.schema)


def merged_ids(record: Json) -> list[str]:
    """Ids that were merged into this record, as far as it says: `hs_merged_object_ids` is a list like `51;1551`."""
    text = (record.get("properties") or {}).get("hs_merged_object_ids")
    ids = (part.strip() for part in str(text or "").split(";"))
    return sorted({one for one in ids if one.isascii() and one.isdecimal()} - {str(record["id"])}, key=int)


def alias_rows(tenant_id: str, object_type: str, aliases: Mapping[str, str], fetched_at: datetime) -> pa.Table:
    """Ids that lead to another record: by alias id, the record it leads to."""
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant_id,
                "object_type": object_type,
                "alias_id": alias_id,
                "record_id": record_id,
                "loaded_at": fetched_at,
            }
            for alias_id, record_id in aliases.items()
        ],
        schema=RECORD_ALIASES.schema,
    )


def pipeline_rows(tenant_id: str, pipelines: Iterable[Json], fetched_at: datetime) -> pa.Table:
    """Ticket pipelines."""
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant_id,
                "id": str(one["id"]),
                "label": clean(one.get("label")),
                "display_order": _whole(one.get("displayOrder")),
                "archived": one.get("archived") is True,
                "loaded_at": fetched_at,
            }
            for one in pipelines
        ],
        schema=PIPELINES.schema,
    )


def stage_rows(tenant_id: str, pipelines: Iterable[Json], fetched_at: datetime) -> pa.Table:
    """Their stages. Whether a stage is a closed one is told by its metadata; null where that says nothing."""
    rows = []
    for pipeline in pipelines:
        for stage in pipeline.get("stages") or ():
            metadata = stage.get("metadata") or {}
            state = metadata.get("ticketState")
            rows.append(
                {
                    "tenant_id": tenant_id,
                    "pipeline_id": str(pipeline["id"]),
                    "id": str(stage["id"]),
                    "label": clean(stage.get("label")),
                    "display_order": _whole(stage.get("displayOrder")),
                    "ticket_state": state if state in {"OPEN", "CLOSED"} else None,
                    "is_closed": _is_closed(state, metadata.get("isClosed")),
                    "archived": stage.get("archived") is True or pipeline.get("archived") is True,
                    "loaded_at": fetched_at,
                }
            )
    return pa.Table.from_pylist(rows, schema=PIPELINE_STAGES.schema)


def owner_rows(tenant_id: str, owners: Iterable[Json], fetched_at: datetime) -> pa.Table:
    """The tenant's staff, present and former."""
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant_id,
                "id": str(one["id"]),
                "email": clean(one.get("email")),
                "first_name": clean(one.get("firstName")),
                "last_name": clean(one.get("lastName")),
                "archived": one.get("archived") is True,
                "loaded_at": fetched_at,
            }
            for one in owners
        ],
        schema=OWNERS.schema,
    )


def property_rows(tenant_id: str, object_type: str, definitions: Iterable[Json], fetched_at: datetime) -> pa.Table:
    """The property catalogue of one object type."""
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant_id,
                "object_type": object_type,
                "name": str(one["name"]),
                "label": clean(one.get("label")),
                "type": clean(one.get("type")),
                "field_type": clean(one.get("fieldType")),
                "group_name": clean(one.get("groupName")),
                "is_calculated": one.get("calculated") is True,
                "archived": one.get("archived") is True,
                "loaded_at": fetched_at,
            }
            for one in definitions
        ],
        schema=PROPERTIES.schema,
    )


def property_change_rows(tenant_id: str, changes: Iterable[PropertyChange], noticed_at: datetime) -> pa.Table:
    """What happened to the property catalogue."""
    return pa.Table.from_pylist(
        [{"tenant_id": tenant_id, **asdict(one), "noticed_at": noticed_at, "loaded_at": noticed_at} for one in changes],
        schema=PROPERTY_CHANGES.schema,
    )


def portal_rows(tenant_id: str, account: Json, fetched_at: datetime) -> pa.Table:
    """The account itself."""
    return pa.Table.from_pylist(
        [
            {
                "tenant_id": tenant_id,
                "portal_id": clean(account.get("portalId")),
                "time_zone": clean(account.get("timeZone")),
                "ui_domain": clean(account.get("uiDomain")),
                "company_currency": clean(account.get("companyCurrency")),
                "account_type": clean(account.get("accountType")),
                "loaded_at": fetched_at,
            }
        ],
        schema=PORTALS.schema,
    )


def clean(value: object) -> str | None:
    """A property's value as text every store keeps unchanged; None for none and for the empty string."""
    if value is None or value == "":
        return None
    return _storable(value if isinstance(value, str) else str(value))


def _storable(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def moment(value: object) -> datetime | None:
    """A HubSpot datetime, to the microsecond: ISO 8601 with or without zone, a date, or milliseconds since the epoch."""
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    try:
        if text.lstrip("-").isdecimal() and len(text) > 8:
            return _EPOCH + timedelta(milliseconds=int(text))
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        return None


def number(value: object) -> float | None:
    """A HubSpot number; None where it is none, or not a finite one."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _typed(values: list[object], column_type: ColumnType) -> pa.Array:
    if column_type is ColumnType.TIMESTAMP:
        return _times(values)
    if column_type is ColumnType.FLOAT:
        return pa.array([None if value is None else number(value) for value in values], pa.float64())
    return _texts(values)


def _texts(values: list[object]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([clean(value) for value in values], pa.string())


def _times(values: list[object]) -> pa.Array:
    try:
        found = pa.array(values, pa.string()).cast(_TIMESTAMP)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        found = None
    # Arrow holds moments that Python, and with it everything behind us, cannot.
    if found is None or not _is_in_calendar(found):
        found = pa.array([moment(value) for value in values], _TIMESTAMP)
    return found


def _is_in_calendar(moments: pa.Array) -> bool:
    reach = pc.min_max(moments.cast(pa.int64())).as_py()
    return reach["min"] is None or bool(reach["min"] >= _FIRST and reach["max"] <= _LAST)


def _json_text(properties: Json) -> str:
    filled = {name: value for name, value in properties.items() if value is not None}
    try:
        text = orjson.dumps(filled, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        text = b"\\u0000"
    if b"\\u0000" in text:
        cleaned = {
            _storable(name): _storable(value) if isinstance(value, str) else value for name, value in filled.items()
        }
        text = orjson.dumps(cleaned, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return text.decode()


def _json_list(types: Sequence[Json]) -> str:
    return _types_text(
        tuple((clean(one.get("category")), _type_id(one.get("typeId")), clean(one.get("label"))) for one in types)
    )


def _type_id(value: object) -> int | str | None:
    return value if value is None or isinstance(value, int) else str(value)


# A portal has a handful of association types and labels, and as many of their combinations as links.
@lru_cache(maxsize=4096)
def _types_text(named: tuple[tuple[str | None, int | str | None, str | None], ...]) -> str:
    return orjson.dumps(
        [
            {"category": category, "label": label, "typeId": type_id}
            for category, type_id, label in sorted(named, key=str)
        ]
    ).decode()


def _by_target(targets: Sequence[Json]) -> dict[str | None, list[Json]]:
    """Association types by target id; the answer's pages may name a target more than once."""
    found: dict[str | None, list[Json]] = {}
    for target in targets:
        types = found.setdefault(str(target["toObjectId"]), [])
        types += [one for one in target.get("associationTypes") or () if one not in types]
    return found or {None: []}


def _is_closed(state: object, flag: object) -> bool | None:
    if state in {"OPEN", "CLOSED"}:
        return state == "CLOSED"
    return {"true": True, "false": False}.get(str(flag).lower())


def _whole(value: object) -> int | None:
    found = number(value)
    return None if found is None or abs(found) > 2**53 else int(found)
