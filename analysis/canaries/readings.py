"""What canaries were read as, one row a canary, day and analyzer, beside the readings of tickets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from core.naming import ENRICHMENT
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

CANARY_READINGS: Final = TableSpec(
    schema=ENRICHMENT,
    name="canary_readings",
    columns=(
        Column("read_on", ColumnType.DATE),
        Column("analyzer"),
        Column("model"),
        Column("prompt_version"),
        Column("canary"),
        Column("kind"),
        Column("expected_sentiment"),
        Column("expected_churn_intent"),
        Column("sentiment"),
        Column("churn_intent"),
        Column("reason"),
        Column("is_right", ColumnType.BOOLEAN),
        Column("is_known_weak", ColumnType.BOOLEAN),
        Column("is_flipped", ColumnType.BOOLEAN),
        Column("schema_hash"),
        Column("input_hash"),
        Column("call_key"),
        Column("input_tokens", ColumnType.INTEGER),
        Column("output_tokens", ColumnType.INTEGER),
        Column("cost_usd", ColumnType.FLOAT),
        Column("latency_ms", ColumnType.INTEGER),
        Column("run_id"),
        Column("analyzed_at", ColumnType.TIMESTAMP),
    ),
    key=("read_on", "analyzer", "model", "prompt_version", "canary"),
)

_LAST: Final = f"""
select * from {ENRICHMENT}.canary_readings as r
where r.read_on = (
    select max(read_on) from {ENRICHMENT}.canary_readings as before
    where before.analyzer = r.analyzer and before.model = r.model and before.prompt_version = r.prompt_version
        and before.canary = r.canary and before.sentiment is not null and before.read_on < :before_on
)
and r.analyzer = :analyzer and r.model = :model and r.prompt_version = :prompt_version
"""  # noqa: S608 - names of ours, values are bound

_LATEST: Final = f"""
select * from {ENRICHMENT}.canary_readings
where run_id = (select run_id from {ENRICHMENT}.canary_readings order by analyzed_at desc, run_id limit 1)
order by canary
"""  # noqa: S608 - names of ours


@dataclass(frozen=True, kw_only=True)
class CanaryReading:
    """One canary on one day. Without a usable answer `sentiment` and `churn_intent` are None, and `reason` says why.

    Attributes:
        is_known_weak: Whether the analyzer is known to read this canary wrong, and not held to it.
        is_flipped: Whether the answer differs from the last earlier day's of the same model and prompt; None: there is none.
    """

    read_on: date
    analyzer: str
    model: str
    prompt_version: str
    canary: str
    kind: str
    expected_sentiment: str
    expected_churn_intent: str
    sentiment: str | None
    churn_intent: str | None
    reason: str | None
    is_right: bool
    is_known_weak: bool
    is_flipped: bool | None
    schema_hash: str
    input_hash: str
    call_key: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    latency_ms: int
    run_id: str
    analyzed_at: datetime


def keep(warehouse: Warehouse, readings: Sequence[CanaryReading]) -> None:
    """Write readings; those of the same day and analyzer are replaced.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    warehouse.merge([(CANARY_READINGS, [asdict(one) for one in readings])])


def earlier(
    warehouse: Warehouse, *, analyzer: str, model: str, prompt_version: str, before_on: date
) -> dict[str, tuple[str, str]]:
    """The last answer (level and intent) to each canary before a day, from the same model and prompt."""
    rows = _rows(warehouse, _LAST, analyzer=analyzer, model=model, prompt_version=prompt_version, before_on=before_on)
    return {row["canary"]: (row["sentiment"], row["churn_intent"]) for row in rows}


def latest(warehouse: Warehouse) -> list[CanaryReading]:
    """The readings of the last run, by name; empty where there was none."""
    return [CanaryReading(**row) for row in _rows(warehouse, _LATEST)]


def _rows(warehouse: Warehouse, sql: str, **params: object) -> list[dict[str, Any]]:
    with warehouse.snapshot() as snapshot:
        if not snapshot.has_table(ENRICHMENT, CANARY_READINGS.name):
            return []
        return snapshot.rows(sql, **params)
