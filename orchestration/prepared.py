"""A tenant's last ninety days made ready, so that other trigger settings are tried in about a second.

What a backtest builds under the settings of now is kept in a DuckDB file: the models that read a parameter, and what these are
made of. A candidate then needs no dbt: the SQL that dbt compiled for the models that its settings touch is run over the file, in
a transaction that is rolled back. It is the same SQL over the same rows, so the cards are those of the full backtest (a test
holds the two against each other). Why it is done so: docs/decisions/0025.

The file is good for one published build, the settings and the models it was made under, and one day; another one takes its place.
It holds no words: what the erasure registry calls names and words of the tables that are kept is left empty.
"""

import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from analysis.backtest.cards import Departure, KnownCard, ReplayedCard
from analysis.backtest.changes import BestDay
from analysis.backtest.report import BacktestReport, make_report
from analysis.backtest.settings import Key
from core.appdb.directory import Tenant
from core.erasure.registry import MODELS
from core.installation import Installation
from core.naming import INTERMEDIATE, STAGING
from core.params import params
from core.tenants import TenantId
from core.vocabulary import CardOutcome, Severity, TriggerType
from core.warehouse import TableSpec
from core.warehouse.base import Row
from core.warehouse.duckdb import DuckDBWarehouse, Rehearsal
from ingestion.app_state import TRIGGER_PARAMS
from orchestration.backtest import known_truth, other_cards, remarks_on, unknown_truth
from orchestration.candidates import candidate_settings, current_settings
from orchestration.replay import KEPT, OnStep, Replay, Span, touched
from orchestration.scratch import FILE_NAME, Scratch, scratch_copy
from transforms.lineage import Lineage, read_lineage
from transforms.runner import NodeResult, manifest_path

TRIED_DAYS: Final = 90
"""How far back settings are tried."""

_ABOUT: Final = "about.json"
_STAGED_PARAMS: Final = "stg_app__trigger_params"
_FACTS: Final = "int_company_facts"


@dataclass(frozen=True)
class Prepared:
    """What was made ready.

    Attributes:
        build_id: The published build it goes with; empty: none.
        fingerprint: Of the models' code.
        values: Every parameter it was made under.
        cards: What these come to.
        companies: Everybody whom a card could be about.
        statements: The SQL of the models that read a parameter, and of those made of them, by name.
    """

    build_id: str
    fingerprint: str
    span: Span
    values: Mapping[Key, float]
    cards: Sequence[ReplayedCard]
    companies: Sequence[str]
    known: Sequence[KnownCard]
    departures: Sequence[Departure]
    remarks: Sequence[str]
    statements: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values; `of` reads it back."""
        return {
            "build_id": self.build_id,
            "fingerprint": self.fingerprint,
            "first_on": self.span.first_on,
            "last_on": self.span.last_on,
            "values": [[trigger, name, value] for (trigger, name), value in self.values.items()],
            "cards": [asdict(card) for card in self.cards],
            "companies": list(self.companies),
            "known": [asdict(card) for card in self.known],
            "departures": [asdict(one) for one in self.departures],
            "remarks": list(self.remarks),
            "statements": dict(self.statements),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Out of plain values."""
        return cls(
            build_id=plain["build_id"],
            fingerprint=plain["fingerprint"],
            span=Span(date.fromisoformat(plain["first_on"]), date.fromisoformat(plain["last_on"])),
            values={(TriggerType(trigger), name): value for trigger, name, value in plain["values"]},
            cards=[ReplayedCard(**_dated(card) | {"severity": Severity(card["severity"])}) for card in plain["cards"]],
            companies=plain["companies"],
            known=[KnownCard(**_dated(card) | {"outcome": CardOutcome(card["outcome"])}) for card in plain["known"]],
            departures=[Departure(**_dated(one)) for one in plain["departures"]],
            remarks=plain["remarks"],
            statements=plain["statements"],
        )


def try_settings(
    place: Installation,
    tenant: Tenant,
    *,
    wanted: Sequence[str] = (),
    preset: str = "",
    taken_back: Collection[Key] = (),
    on_step: OnStep = lambda *_: None,
) -> BacktestReport:
    """The last ninety days under a candidate's settings, beside those of now; makes ready what is not.

    Args:
        place: The installation.
        tenant: Whose days.
        wanted: What the candidate sets, each as `trigger.name=value`; where nothing is different, both sides are the same.
        preset: A preset that the candidate starts from; empty: the settings of now.
        taken_back: The tenant's own values that the candidate does without.
        on_step: See `orchestration.replay`; called while something has to be made ready.

    Raises:
        NothingToReplay: There are no tickets in these days.
        InvalidSetting, UnfitValue: A parameter or value that cannot be.
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
        TransformFailed: A model did not build.
    """
    held = current_settings(place, tenant.tenant_id)
    settings = candidate_settings(held, wanted, preset, taken_back=taken_back, is_same_allowed=True)
    with place.warehouse.named_lock(f"prepared:{tenant.tenant_id}"):
        ready = _ready(place, tenant, held.values, on_step)
        others: list[ReplayedCard] = list(ready.cards)
        best_days: dict[ReplayedCard, BestDay] = {}
        if settings:
            file = DuckDBWarehouse(_folder(place, tenant.tenant_id) / FILE_NAME)
            with file.rehearsal() as rehearsal:
                kept = _Kept(rehearsal, ready.statements, read_lineage(manifest_path()))
                replay = Replay(kept, tenant.tenant_id, ready.span, built=ready.values)
                others, best_days = other_cards(replay, ready.span, ready.cards, ready.values, settings)
    return make_report(
        tenant_id=tenant.tenant_id,
        first_on=ready.span.first_on,
        last_on=ready.span.last_on,
        settings=settings,
        current=ready.cards,
        candidate=others,
        known=ready.known,
        departures=ready.departures,
        companies=ready.companies,
        best_days=best_days,
        remarks=[*ready.remarks, *unknown_truth(ready.known, ready.departures)],
    )


def forget_prepared(place: Installation, tenant_id: str) -> int:
    """Remove what was made ready for a tenant; returns how many files went."""
    with place.warehouse.named_lock(f"prepared:{tenant_id}"):
        folder = _folder(place, tenant_id)
        count = sum(1 for one in folder.glob("*") if one.is_file())
        shutil.rmtree(folder, ignore_errors=True)
    return count


def _ready(place: Installation, tenant: Tenant, values: Mapping[Key, float], on_step: OnStep) -> Prepared:
    folder = _folder(place, tenant.tenant_id)
    current = place.builds.current(tenant.tenant_id)
    lineage = read_lineage(manifest_path())
    now = place.as_of_at()
    wanted = (current.build_id if current else "", lineage.fingerprint, now.date(), dict(values))
    about = folder / _ABOUT
    if about.is_file() and (folder / FILE_NAME).is_file():
        held = Prepared.of(json.loads(about.read_text(encoding="utf-8")))
        if (held.build_id, held.fingerprint, held.span.last_on, dict(held.values)) == wanted:
            return held
    return _made(place, tenant, lineage, values, wanted[0], now, on_step)


def _made(
    place: Installation,
    tenant: Tenant,
    lineage: Lineage,
    values: Mapping[Key, float],
    build_id: str,
    now: datetime,
    on_step: OnStep,
) -> Prepared:
    span = Span(now.date() - timedelta(days=TRIED_DAYS - 1), now.date())
    remarks = list(remarks_on(place, tenant.tenant_id, span))
    folder = _folder(place, tenant.tenant_id)
    folder.parent.mkdir(parents=True, exist_ok=True)
    on_step("copying rows", 0, 0)
    with (
        scratch_copy(place, tenant.tenant_id, purpose="prepare", as_of_at=now) as scratch,
        TemporaryDirectory(prefix=".", dir=folder.parent) as made,
    ):
        replay = Replay(scratch, tenant.tenant_id, span, on_step)
        cards = replay.cards(values, "as it is")
        read = touched(lineage, params())
        # They are made again each time, and would be kept as tables.
        views = {_STAGED_PARAMS} | (read & lineage.views)
        _keep(scratch, Path(made) / FILE_NAME, (read | lineage.parents(read) | {_FACTS}) - views)
        known, departures = known_truth(place, tenant.tenant_id)
        ready = Prepared(
            build_id=build_id,
            fingerprint=lineage.fingerprint,
            span=span,
            values=values,
            cards=cards,
            companies=replay.companies(),
            known=known,
            departures=departures,
            remarks=remarks,
            statements=scratch.compiled(read | views),
        )
        (Path(made) / _ABOUT).write_text(json.dumps(ready.as_json(), default=str), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
    return ready


def _keep(scratch: Scratch, file: Path, models: set[str]) -> None:
    emptied = {one.table: {*one.names, *one.words} for one in MODELS}
    rows = scratch.rows(
        "select table_schema, table_name, list(column_name) as columns from information_schema.columns "
        "where table_schema = any(:schemas) group by all order by all",
        schemas=[STAGING, INTERMEDIATE],
    )
    queries = {
        f"{row['table_schema']}.{row['table_name']}": _without_words(row, emptied.get(row["table_name"], set()))
        for row in rows
        if row["table_name"] in models
    }
    queries[TRIGGER_PARAMS.spec.qualified] = f"select * from {TRIGGER_PARAMS.spec.qualified}"  # noqa: S608 - names of ours
    queries[f"{KEPT}.scores"] = f"select * from {KEPT}.scores"  # noqa: S608 - names of ours
    scratch.keep(file, queries)


def _without_words(row: Mapping[str, Any], emptied: set[str]) -> str:
    nulls = [f"cast(null as text) as {name}" for name in row["columns"] if name in emptied]
    replaced = f" replace ({', '.join(nulls)})" if nulls else ""
    return f"select *{replaced} from {row['table_schema']}.{row['table_name']}"  # noqa: S608 - names of ours


class _Kept:
    """Where a replay goes on: the file that was kept, and the SQL of its models. Nothing is written."""

    def __init__(self, rehearsal: Rehearsal, statements: Mapping[str, str], lineage: Lineage) -> None:
        self._rehearsal = rehearsal
        self._statements = statements
        self._lineage = lineage

    def replace(
        self, spec: TableSpec, columns: Sequence[str], places: Sequence[Sequence[str]], rows: Sequence[Row]
    ) -> None:
        """See `orchestration.replay.Place`."""
        self._rehearsal.execute(
            f"delete from {spec.qualified} where concat_ws('/', {', '.join(columns)}) = any(:places)",  # noqa: S608 - names of ours
            places=["/".join(place) for place in places],
        )
        self._rehearsal.insert(spec, rows)
        self._make(STAGING, _STAGED_PARAMS)

    def execute(self, sql: str) -> None:
        """See `orchestration.replay.Place`."""
        self._rehearsal.execute(sql)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """See `orchestration.replay.Place`."""
        return self._rehearsal.rows(sql, **params)

    def build(
        self,
        select: str,
        *,
        variables: Mapping[str, int | str] | None = None,  # noqa: ARG002 - they stand in the SQL already
        on_node: Callable[[NodeResult], None] | None = None,  # noqa: ARG002 - it takes a moment
    ) -> None:
        """See `orchestration.replay.Place`."""
        for model in self._lineage.ordered(select.split()):
            self._make(INTERMEDIATE, model)

    def _make(self, schema: str, model: str) -> None:
        kind = "view" if model in self._lineage.views else "table"
        self._rehearsal.execute(f"create or replace {kind} {schema}.{model} as {self._statements[model]}")


def _folder(place: Installation, tenant_id: TenantId | str) -> Path:
    return place.settings.stores.data_dir / "prepared" / tenant_id


def _dated(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name.endswith("_on") and value is not None else value
        for name, value in plain.items()
    }
