"""Builds marts by hand in a warehouse, for tests of what happens after dbt."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import yaml
from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, Text

from core.appdb.tables import PUBLISHED
from core.appdb.types import UtcDateTime
from core.naming import BI_ONLY_MARTS
from core.publishing import mark_passed
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from transforms.runner import PROJECT_DIR

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)

_TYPES: dict[type, ColumnType] = {
    Text: ColumnType.TEXT,
    Float: ColumnType.FLOAT,
    Integer: ColumnType.INTEGER,
    BigInteger: ColumnType.INTEGER,
    Boolean: ColumnType.BOOLEAN,
    Date: ColumnType.DATE,
    UtcDateTime: ColumnType.TIMESTAMP,
}


_OF_CONTRACTS = {
    "text": ColumnType.TEXT,
    "double precision": ColumnType.FLOAT,
    "bigint": ColumnType.INTEGER,
    "integer": ColumnType.INTEGER,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.DATE,
    "timestamp with time zone": ColumnType.TIMESTAMP,
}
_TEXT, _DAY = ColumnType.TEXT, ColumnType.DATE
_TENANT = {"tenant_id": _TEXT}


def _intermediate(name: str, key: str, columns: dict[str, ColumnType]) -> TableSpec:
    listed = tuple(Column(column, kind) for column, kind in (_TENANT | columns).items())
    return TableSpec("intermediate", name, listed, ("tenant_id", key), replace_by=("tenant_id",))


CARD_ALIASES = _intermediate(
    "int_card_aliases",
    "alias_id",
    {
        **dict.fromkeys(("alias_id", "card_id", "company_id", "trigger_type"), _TEXT),
        **dict.fromkeys(("opened_on", "last_signal_on"), _DAY),
        "opened_mrr": ColumnType.FLOAT,
        "opened_mrr_source": _TEXT,
        "first_published_at": ColumnType.TIMESTAMP,
    },
)
CARD_EFFECTS = _intermediate(
    "int_card_effects",
    "card_id",
    {
        "card_id": _TEXT,
        "after_seq": ColumnType.INTEGER,
        **dict.fromkeys(("event_type", "status", "outcome", "mrr_source", "why"), _TEXT),
        "mrr": ColumnType.FLOAT,
    },
)
CARDS = _intermediate(
    "int_cards",
    "card_id",
    {"card_id": _TEXT, "is_shown": ColumnType.BOOLEAN, "opened_mrr": ColumnType.FLOAT, "opened_mrr_source": _TEXT},
)


@cache
def mart_spec(mart: str) -> TableSpec:
    """The mart as a table of ours, derived from what is published of it, or from its contract where only BI reads it."""
    if mart in BI_ONLY_MARTS:
        return _contract(mart)
    table = PUBLISHED[mart]
    columns = [
        Column(column.name, _TYPES.get(type(column.type), ColumnType.TEXT))
        for column in table.columns
        if column.name != "build_id"
    ]
    key = tuple(column.name for column in table.primary_key.columns if column.name != "build_id")
    return TableSpec("marts", mart, tuple(columns), key, replace_by=("tenant_id",))


def _contract(mart: str) -> TableSpec:
    [model] = yaml.safe_load((PROJECT_DIR / "models" / "marts" / f"{mart}.yml").read_text())["models"]
    columns = [Column(column["name"], _OF_CONTRACTS[column["data_type"]]) for column in model["columns"]]
    [key] = [test["unique_key"]["arguments"]["columns"] for test in model["data_tests"] if "unique_key" in test]
    return TableSpec("marts", mart, tuple(columns), tuple(key), replace_by=("tenant_id",))


def company(tenant_id: str, company_id: str, **values: Any) -> dict[str, Any]:
    """One row of `companies`."""
    base = {"tenant_id": tenant_id, "company_id": company_id, "company_name": f"Company {company_id}", "mrr": 100.0}
    return base | values


def card(tenant_id: str, company_id: str, **values: Any) -> dict[str, Any]:
    """One row of `churn_risk_cards`."""
    base = {
        "tenant_id": tenant_id,
        "card_id": f"card-{company_id}",
        "company_id": company_id,
        "company_name": f"Company {company_id}",
        "trigger_type": "frustrated",
        "severity": "medium",
        "opened_severity": "medium",
        "score": 3.0,
        "components": '{"tickets": 1}',
        "why": "One very negative ticket in 21 days.",
        "opened_on": date(2026, 11, 18),
        "last_signal_on": date(2026, 11, 20),
        "is_active": True,
        "is_notify": True,
        "episode": 1,
        "mrr": 100.0,
        "mrr_source": "mapped_property",
        "currency": "USD",
        "opened_mrr": 100.0,
        "opened_mrr_source": "mapped_property",
        "churn_share": 0.1,
        "priority": 10.0,
        "is_touch_overdue": False,
        "looks_resolved": False,
        "rule_version": "1",
        "as_of_at": AS_OF,
    }
    return base | values


def evidence(tenant_id: str, card_id: str, **values: Any) -> dict[str, Any]:
    """One row of `card_evidence`, its quote standing in its context."""
    base = {
        "tenant_id": tenant_id,
        "card_id": card_id,
        "evidence_id": f"{card_id}-0",
        "ticket_id": "1",
        "quote": "this is unusable",
        "quote_start": 10,
        "quote_end": 26,
        "context": "Honestly, this is unusable for us.",
        "context_start": 10,
        "context_end": 26,
        "sentiment": "very_negative",
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
    }
    return base | values


def fill_marts(warehouse: Warehouse, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Make every mart, give them these rows in place of their tenants' old ones, and say that dbt passed."""
    warehouse.merge([(mart_spec(mart), rows.get(mart, [])) for mart in (*PUBLISHED, *BI_ONLY_MARTS)])
    warehouse.merge([(spec, rows.get(spec.name, [])) for spec in (CARD_ALIASES, CARD_EFFECTS, CARDS)])
    mark_passed(warehouse, as_of_at=AS_OF, run_id="by-hand")


def small_marts(tenant_id: str, *, companies: int = 3, marker: str = "") -> dict[str, list[dict[str, Any]]]:
    """One card with one quote per company; `marker` stands in every card's `why`."""
    ids = [str(number) for number in range(1, companies + 1)]
    return {
        "companies": [company(tenant_id, one) for one in ids],
        "churn_risk_cards": [card(tenant_id, one, why=f"Because {marker}.") for one in ids],
        "card_evidence": [evidence(tenant_id, f"card-{one}") for one in ids],
    }
