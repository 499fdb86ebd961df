"""Past days once more, under other trigger settings: the dbt models over a copy of one tenant's rows.

A day's score uses nothing that was not known at its end, so one build up to the last day is the replay of all of them. What the
settings do not touch is built once; under other settings only the models that read one of those that differ are built again, and
what is made of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from analysis.backtest.cards import ReplayedCard
from analysis.backtest.changes import BestDay
from analysis.backtest.settings import Key
from core.naming import INTERMEDIATE
from core.tenants import TenantId
from core.vocabulary import Severity, TriggerType
from core.warehouse import TableSpec
from core.warehouse.base import Row
from ingestion.app_state import TRIGGER_PARAMS
from transforms.lineage import Lineage, read_lineage
from transforms.runner import NodeResult, manifest_path

WARM_UP_DAYS: Final = 90
"""Signals are followed from so long before the first day, so that one that is on already is not taken for a new one."""

TARGET: Final = "int_cards"
"""What a replay is read out of."""

_SCORES: Final = "int_new_scores_daily"
_ONLY_COMPARED: Final = frozenset({"t_on", "t_off"})
"""Parameters that finished scores are compared with: `int_new_scores_daily` does it, and the models before it print them."""

_ALWAYS: Final = datetime(1900, 1, 1, tzinfo=UTC)

KEPT: Final = "kept_scores"
"""Schema with the scores of the first replay."""

OnStep = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Span:
    """The days whose cards count, both included."""

    first_on: date
    last_on: date

    @property
    def followed_from(self) -> date:
        """The first day that is scored."""
        return self.first_on - timedelta(days=WARM_UP_DAYS)


class Place(Protocol):
    """Where models are built: `orchestration.scratch.Scratch`, or what was kept of one."""

    def replace(
        self, spec: TableSpec, columns: Sequence[str], places: Sequence[Sequence[str]], rows: Sequence[Row]
    ) -> None:
        """Take rows out of a table, and put others in."""

    def execute(self, sql: str) -> None:
        """Run one statement."""

    def build(
        self,
        select: str,
        *,
        variables: Mapping[str, int | str] | None = None,
        on_node: Callable[[NodeResult], None] | None = None,
    ) -> None:
        """Build these models."""

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """All rows of one query."""


class Replay:
    """Replays of one span over one scratch copy; the settings of the first one are what later ones are held against."""

    def __init__(
        self,
        scratch: Place,
        tenant_id: TenantId,
        span: Span,
        on_step: OnStep = lambda *_: None,
        *,
        built: Mapping[Key, float] | None = None,
    ) -> None:
        """Over a place where nothing was built yet, or where these values were `built` by another replay."""
        self._scratch = scratch
        self._tenant_id = tenant_id
        self._span = span
        self._on_step = on_step
        self._lineage = read_lineage(manifest_path())
        self._built = built

    def cards(self, values: Mapping[Key, float], name: str) -> list[ReplayedCard]:
        """The cards under these settings, taken to have held from the beginning of time.

        Args:
            values: Of every parameter; whatever the tenant's preset and history say.
            name: What progress is told of.

        Raises:
            TransformFailed: A model did not build.
        """
        self._set(values)
        models = self._models(values)
        done = 0

        def count(node: NodeResult) -> None:
            nonlocal done
            done += 1
            self._on_step(f"{name}: {node.name}", done, len(models))

        self._on_step(name, 0, len(models))
        self._scratch.build(
            " ".join(sorted(models)),
            variables={"spine_start_on": str(self._span.followed_from)},
            on_node=count,
        )
        if self._built is None:
            self._scratch.execute(f"create schema if not exists {KEPT}")
            self._scratch.execute(
                f"create or replace table {KEPT}.scores as select company_id, trigger_type, scored_on, score "  # noqa: S608
                f"from {INTERMEDIATE}.int_trigger_scores_daily"
            )
        self._built = dict(values)
        return [_card(row) for row in self._scratch.rows(_CARDS)]

    def companies(self) -> list[str]:
        """Everybody whom a card could have been about."""
        rows = self._scratch.rows(f"select company_id from {INTERMEDIATE}.int_company_facts order by company_id")  # noqa: S608
        return [str(row["company_id"]) for row in rows]

    def best_days(
        self, cards: Iterable[ReplayedCard], values: Mapping[Key, float], *, of_first: bool
    ) -> dict[ReplayedCard, BestDay]:
        """How high the scores came on the days of cards that another replay opened; days that would have opened one are left out.

        Args:
            cards: Cards that this replay did not open.
            values: Its settings: every parameter.
            of_first: Whether of the first replay, or of the last one.
        """
        asked = list(cards)
        if not asked:
            return {}
        scores = f"{KEPT}.scores" if of_first else f"{INTERMEDIATE}.int_trigger_scores_daily"
        rows = self._scratch.rows(
            _BEST.format(scores=scores),
            numbers=list(range(len(asked))),
            companies=[card.company_id for card in asked],
            triggers=[card.trigger_type for card in asked],
            firsts=[card.opened_on for card in asked],
            lasts=[card.last_signal_on for card in asked],
        )
        found = {}
        for row in rows:
            card = asked[row["number"]]
            needed = values.get((TriggerType(card.trigger_type), "t_on"))
            if needed is not None and row["score"] < needed:
                found[card] = BestDay(float(row["score"]), needed)
        return found

    def _set(self, values: Mapping[Key, float]) -> None:
        rows = [
            {
                "tenant_id": self._tenant_id,
                "trigger_type": trigger_type,
                "name": name,
                "value": value,
                "version": 1,
                "valid_from_at": _ALWAYS,
                "author": "backtest",
                "loaded_at": _ALWAYS,
            }
            for (trigger_type, name), value in values.items()
        ]
        self._scratch.replace(TRIGGER_PARAMS.spec, ["tenant_id"], [[self._tenant_id]], rows)

    def _models(self, values: Mapping[Key, float]) -> set[str]:
        if self._built is None:
            return self._lineage.upstream(TARGET)
        before = self._built
        changed = [key for key in {*before, *values} if before.get(key) != values.get(key)]
        return touched(self._lineage, changed)


def touched(lineage: Lineage, changed: Iterable[Key]) -> set[str]:
    """What has to be built again for the cards once these parameters are others.

    What only prints a parameter into the components is left as it was: nothing here reads those.
    """
    keys = list(changed)
    models = lineage.touched_by([key for key in keys if key[1] not in _ONLY_COMPARED], target=TARGET)
    if any(key[1] in _ONLY_COMPARED for key in keys):
        models |= lineage.downstream(_SCORES) & lineage.upstream(TARGET)
    return models


_CARDS = f"""
select
    cards.company_id,
    cards.trigger_type,
    cards.opened_on,
    cards.last_signal_on,
    cards.severity,
    cards.score,
    cards.why,
    facts.company_name,
    coalesce(facts.owner_name, facts.owner_id) as owner,
    min(case when scores.is_notify then scores.scored_on end) as notified_on

from {INTERMEDIATE}.int_cards as cards
inner join {INTERMEDIATE}.int_trigger_scores_daily as scores
    on
        cards.company_id = scores.company_id
        and cards.trigger_type = scores.trigger_type
        and scores.scored_on between cards.opened_on and cards.last_signal_on
left join {INTERMEDIATE}.int_company_facts as facts
    on cards.company_id = facts.company_id
group by all
order by cards.company_id, cards.trigger_type, cards.opened_on
"""  # noqa: S608 - names of ours
# One tenant's rows are all there is in the copy.

_BEST = """
with asked as (

    select
        unnest($numbers) as number,
        unnest($companies) as company_id,
        unnest($triggers) as trigger_type,
        unnest($firsts) as first_on,
        unnest($lasts) as last_on

)

select
    asked.number,
    coalesce(max(scores.score), 0) as score

from asked
left join {scores} as scores
    on
        asked.company_id = scores.company_id
        and asked.trigger_type = scores.trigger_type
        and scores.scored_on between asked.first_on and asked.last_on
group by asked.number
"""


def _card(row: Mapping[str, Any]) -> ReplayedCard:
    return ReplayedCard(**{**row, "severity": Severity(row["severity"]), "score": float(row["score"])})
