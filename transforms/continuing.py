"""Whether a build may go on from what the warehouse holds, and the build that does.

What is said of a ticket holds until something it is made of differs (`int_ticket_inputs`, `int_stale_tickets`), and so do a day's
score (`int_day_inputs`, `int_stale_days`), a card's day (`int_card_inputs`, `int_stale_card_days`) and what is counted of a day's
readings (`int_reading_inputs`). A build that goes on makes anew what is stale; every other model is built whole each time.

One row of the warehouse says what was built with what, and that it was built to its end: it is taken back before a build and put
down after it, so a build that fails or is killed half-way is followed by one that builds everything.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

import yaml

from core.errors import Terminal
from core.naming import INTERMEDIATE, MARTS, STAGING
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from transforms.runner import PROJECT_DIR, BuildResult, NodeResult, build, source_files

TICKET_MODELS: Final = (
    "int_ticket_inputs",
    "int_stale_tickets",
    "int_messages",
    "int_customer_messages",
    "int_ticket_quotes",
    "int_tickets",
    "int_ticket_spells",
    "int_pain_spells",
    "int_ticket_topics",
    "int_topic_tickets",
)
"""What is built of the stale tickets only, and kept."""

DAY_MODELS: Final = (
    "int_day_inputs",
    "int_stale_days",
    "int_company_days",
    "int_frustrated_daily",
    "int_significant_support_daily",
    "int_silently_struggling_daily",
    "int_tenant_rule_daily",
    "int_new_scores_daily",
    "int_trigger_scores_daily",
)
"""What is built of the stale days only. The scores alone are kept; the others hold the days of the build they were built in."""

CARD_MODELS: Final = (
    "int_signal_days",
    "int_card_inputs",
    "int_stale_card_days",
    "int_card_days",
    "int_card_moves",
    "int_card_spans",
    "int_card_words",
)
"""What is built of the stale days of cards only, and kept."""

READING_MODELS: Final = ("int_reading_inputs", "int_reading_days")
"""What is counted of days whose readings have changed only, and kept."""

KEPT_MARTS: Final = (
    "trigger_scores_daily",
    "tickets",
    "topic_tickets",
    "card_tickets",
    "card_messages",
    "card_evidence",
    "ticket_readings",
    "llm_costs_daily",
)
"""Marts in which what is stale is exchanged; every other is built whole."""

KEPT_MODELS: Final = (*TICKET_MODELS, *DAY_MODELS, *CARD_MODELS, *READING_MODELS, *KEPT_MARTS)
"""What a build goes on from, all of it or nothing."""

_SCORES: Final = DAY_MODELS[-1]

_STATE = TableSpec(
    schema=STAGING,
    name="score_state",
    columns=(
        Column("scope"),
        Column("made_with", is_nullable=False),
        Column("as_of_at", ColumnType.TIMESTAMP, is_nullable=False),
        Column("is_finished", ColumnType.BOOLEAN, is_nullable=False),
        Column("changed_at", ColumnType.TIMESTAMP, is_nullable=False),
    ),
    key=("scope",),
)


class ScoresAskedForAlone(Terminal):
    """The scores were to be built without what they are made of."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__(
            f"{_SCORES} cannot be built without {', '.join(missing)}: these hold only the days of the build they were built in. "
            "Select them too, or run the whole transform job."
        )


@dataclass(frozen=True)
class Plan:
    """What a build does about what is there."""

    scored_until_on: date | None
    """The last day that was scored before; None: every ticket is built and every day is scored."""

    why_full: str
    """Why; '' where the build goes on."""


@dataclass(frozen=True)
class Scored:
    """How much was scored in a build that got through its scores."""

    plan: Plan
    company_count: int
    """Companies there are."""

    changed_company_count: int
    """Those of them with a stale day before the last that was scored; all, where every day is."""

    day_count: int
    """Days of companies that were scored."""

    ticket_count: int
    """Tickets there are."""

    changed_ticket_count: int
    """Those of them that were built anew; all, where every day is scored."""

    def __str__(self) -> str:
        if self.plan.scored_until_on is None:
            return f"Every ticket was built and every day was scored: {self.plan.why_full}."
        return (
            f"Built {self.changed_ticket_count} of {self.ticket_count} tickets; scored from {self.plan.scored_until_on} on, and "
            f"from an earlier day on for {self.changed_company_count} of {self.company_count} companies."
        )


@dataclass(frozen=True)
class Rebuilt:
    """A build that succeeded, and what it did about scores."""

    result: BuildResult
    scored: Scored | None
    """None where no score was to be built."""


def rebuild(
    warehouse: Warehouse,
    warehouse_url: str,
    *,
    as_of: datetime,
    models: Collection[str] | None = None,
    is_full: bool = False,
    target_dir: Path | None = None,
    threads: int = 2,
    has_data_tests: bool = True,
    variables: Mapping[str, int | str] | None = None,
    on_node: Callable[[NodeResult], None] | None = None,
) -> Rebuilt:
    """Build the project, going on from what is there where that can be gone on from; takes the write lock.

    Args:
        warehouse: The warehouse.
        warehouse_url: The same.
        as_of: The moment to build for.
        models: Names of the models and seeds to build, None for all. Where only some of `KEPT_MODELS` are among them, they are
            built whole.
        is_full: Whether everything is built whatever there is.
        target_dir: See `build`.
        threads: See `build`.
        has_data_tests: See `build`.
        variables: See `build`.
        on_node: See `build`.

    Raises:
        ScoresAskedForAlone: `models` has the scores, but not everything they are made of day by day.
        TransformFailed: See `build`.
    """
    asked_for(models)
    asked = [model for model in KEPT_MODELS if models is None or model in models]
    is_whole, is_scoring = len(asked) == len(KEPT_MODELS), _SCORES in asked
    others = dict(variables or {})
    made_with = _made_with(warehouse_url, as_of, others)
    plan = (
        plan_for(warehouse, made_with=made_with, as_of=as_of, is_full=is_full)
        if is_whole
        else Plan(None, "only a part of what is kept was asked for")
    )
    if asked:
        _note(warehouse, made_with, as_of, is_finished=False)
    finished: list[NodeResult] = []

    def collect(node: NodeResult) -> None:
        finished.append(node)
        if on_node:
            on_node(node)

    try:
        with warehouse.write_lock():
            result = build(
                warehouse_url,
                select=None if models is None else " ".join(models),
                as_of=as_of,
                target_dir=target_dir,
                threads=threads,
                has_data_tests=has_data_tests,
                variables=others,
                scored_until_on=plan.scored_until_on,
                on_node=collect,
            )
    finally:
        # A build that failed at a mart has come through what is kept all the same.
        built = {node.name for node in finished if node.status == "success"}
        if is_whole and built.issuperset(KEPT_MODELS):
            _note(warehouse, made_with, as_of, is_finished=True)
    return Rebuilt(result, _scored(warehouse, plan) if is_scoring else None)


def asked_for(models: Collection[str] | None) -> list[str]:
    """Those of `DAY_MODELS` that are among these models, None meaning all.

    Raises:
        ScoresAskedForAlone: The scores are, but not everything they are made of day by day.
    """
    asked = [model for model in DAY_MODELS if models is None or model in models]
    if _SCORES in asked and len(asked) < len(DAY_MODELS):
        raise ScoresAskedForAlone(model for model in DAY_MODELS if model not in asked)
    return asked


def plan_for(warehouse: Warehouse, *, made_with: str, as_of: datetime, is_full: bool = False) -> Plan:
    """What a build made with this, for this moment, may do about what is there."""
    if is_full:
        return Plan(None, "it was asked for")
    with warehouse.snapshot() as snapshot:
        is_known = snapshot.has_table(_STATE.schema, _STATE.name)
        held = snapshot.rows(f"select * from {_STATE.qualified}") if is_known else []  # noqa: S608 - names of ours
        is_there = all(
            snapshot.has_table(MARTS if model in KEPT_MARTS else INTERMEDIATE, model) for model in KEPT_MODELS
        )
    if not held or not is_there:
        return Plan(None, "there is nothing to go on from")
    [state] = held
    if not state["is_finished"]:
        return Plan(None, "the build before did not get through what is kept")
    if state["made_with"] != made_with:
        return Plan(None, "the models, the settings of the build or the year the scores begin in have changed")
    if as_of < state["as_of_at"]:
        return Plan(None, f"the build before was for a later moment, {state['as_of_at']:%Y-%m-%d %H:%M} UTC")
    return Plan(state["as_of_at"].astimezone(UTC).date(), "")


def _made_with(warehouse_url: str, as_of: datetime, variables: Mapping[str, int | str]) -> str:
    """A digest of everything but the data that what is kept follows from."""
    digest = hashlib.sha256()
    for path in sorted(source_files()):
        digest.update(str(path.relative_to(PROJECT_DIR)).encode())
        digest.update(path.read_bytes())
    digest.update(repr(sorted(variables.items())).encode())
    # Days are followed from New Year on, so many days back (macro spine_start_on).
    defaults = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    spine_days = int(variables.get("spine_days", defaults["spine_days"]))
    digest.update(str((as_of.astimezone(UTC) - timedelta(days=spine_days)).year).encode())
    engine = warehouse_url.partition(":")[0]
    # Digests of rows are the engine's own.
    digest.update(f"{engine} {version('duckdb') if engine == 'duckdb' else ''}".encode())
    return digest.hexdigest()


def _note(warehouse: Warehouse, made_with: str, as_of: datetime, *, is_finished: bool) -> None:
    row = {
        "scope": "scores",
        "made_with": made_with,
        "as_of_at": as_of,
        "is_finished": is_finished,
        "changed_at": datetime.now(UTC),
    }
    warehouse.merge([(_STATE, [row])])


def _scored(warehouse: Warehouse, plan: Plan) -> Scored:
    [row] = warehouse.rows(_COUNTS, until=plan.scored_until_on or date.max)
    kind = "changed_" if plan.scored_until_on else ""
    return Scored(
        plan,
        company_count=row["company_count"],
        changed_company_count=row[f"{kind}company_count"],
        day_count=row["day_count"],
        ticket_count=row["ticket_count"],
        changed_ticket_count=row[f"{kind}ticket_count"],
    )


_COUNTS = f"""
select
    (select count(*) from {INTERMEDIATE}.int_company_facts) as company_count,
    (
        select count(*)
        from {INTERMEDIATE}.int_stale_days as stale
        inner join {INTERMEDIATE}.int_company_facts as companies
            on stale.tenant_id = companies.tenant_id and stale.company_id = companies.company_id
        where stale.stale_from_on < :until
    ) as changed_company_count,
    (select count(*) from {INTERMEDIATE}.int_company_days) as day_count,
    (select count(*) from {INTERMEDIATE}.int_tickets) as ticket_count,
    (select count(*) from {INTERMEDIATE}.int_stale_tickets) as changed_ticket_count
"""  # noqa: S608 - names of ours
