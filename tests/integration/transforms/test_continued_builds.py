"""What is kept from build to build, tickets as scores, is what one build of everything gives, down to the text of its parts.

Everything else is built whole each time, from these among others; what a person asks of a build, and a build that was
killed, are tried on real builds.
"""

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.warehouse import connect
from tests.integration.transforms.conftest import MARTS, BuiltWarehouse
from tests.support import changing_world as happening
from tests.support.changing_world import CHANGES, Change, Rows
from tests.support.compiled_models import SCORED_UNTIL, CompiledModels, rows_of
from tests.support.databases import throw_away_database
from tests.support.histories import UNHURRIED
from tests.support.lived_world import LivedWorld
from tests.support.planted_warehouse import AS_OF
from tests.support.warehouse_fixtures import SOURCE_TABLES, fill, table_rows
from transforms import runner
from transforms.continuing import CARD_MODELS, KEPT_MARTS, KEPT_MODELS, READING_MODELS, TICKET_MODELS, Plan, rebuild

DAYS = [datetime(2026, 4, 17, 23, 59, 59, tzinfo=UTC)]
START = datetime(2026, 4, 10, 9, tzinfo=UTC)
KEPT = [
    *(f"intermediate.{model}" for model in TICKET_MODELS if model not in {"int_ticket_inputs", "int_stale_tickets"}),
    "intermediate.int_trigger_scores_daily",
    *(f"intermediate.{model}" for model in CARD_MODELS if model not in {"int_card_inputs", "int_stale_card_days"}),
    *(f"intermediate.{model}" for model in READING_MODELS if model != "int_reading_inputs"),
    *(f"marts.{mart}" for mart in KEPT_MARTS),
]


@dataclass(frozen=True)
class Happened:
    """A change, to what and when."""

    change: Change
    number: int
    at: datetime


@dataclass
class History:
    """A warehouse that is built again and again, and beside it one that is built anew each time."""

    models: CompiledModels = field(repr=False)
    folder: Path
    worlds: Sequence[LivedWorld]
    so_far: list[Happened] = field(default_factory=list)
    built_at: datetime | None = None

    def build(self, now: datetime, *changes: tuple[Change, int]) -> None:
        """Let it happen, build, and compare."""
        self.so_far += [Happened(change, number, now) for change, number in changes]
        rows: Rows = [row for world in self.worlds for row in world.rows(now)]
        for one in self.so_far:
            rows = one.change(rows, one.number, one.at)
        kept = self._built("kept", rows, now, self.built_at)
        anew = self._built("anew", rows, now, None)
        for table, rows_anew in anew.items():
            assert kept[table] == rows_anew, table
            assert rows_anew, f"{table} is empty: nothing is compared"
        scores = kept["intermediate.int_trigger_scores_daily"]
        assert len({row[2] for row in scores}) >= 3, "every trigger scores somebody, or nothing is compared"
        self.built_at = now

    def _built(
        self, name: str, rows: Rows, now: datetime, going_on_from: datetime | None
    ) -> dict[str, list[tuple[object, ...]]]:
        path = self.folder / f"{name}.duckdb"
        if going_on_from is None:
            path.unlink(missing_ok=True)
        else:
            with duckdb.connect(path) as connection:
                for table in SOURCE_TABLES:
                    connection.execute(f"delete from {table}")
        fill(f"duckdb:///{path}", rows)
        with duckdb.connect(path) as connection:
            connection.execute(
                "set timezone = 'UTC'; create schema if not exists staging; create schema if not exists intermediate; "
                "create schema if not exists marts"
            )
            self.models.load_seed(connection)
            self.models.build(connection, now, going_on_from)
            return {table: list(rows_of(connection, table)) for table in KEPT}


@pytest.fixture(scope="module")
def models(duckdb_marts: BuiltWarehouse, tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    folder = tmp_path_factory.mktemp("continued")
    planted = Path(duckdb_marts.url.removeprefix("duckdb:///"))
    copy = shutil.copyfile(planted, folder / planted.name)
    runner.build(
        f"duckdb:///{copy}",
        select=" ".join(KEPT_MODELS),
        as_of=AS_OF,
        target_dir=folder / "target",
        has_data_tests=False,
        scored_until_on=SCORED_UNTIL,
    )
    return CompiledModels(duckdb_marts.target_dir, folder / "target")


@pytest.fixture(scope="module")
def worlds() -> list[LivedWorld]:
    return [LivedWorld("told", 21, DAYS, is_told=True), LivedWorld("plain", 22, DAYS, is_told=False)]


@pytest.fixture
def history(models: CompiledModels, worlds: list[LivedWorld], tmp_path: Path) -> History:
    return History(models, tmp_path, worlds)


def test_days_pass_and_much_comes_late(history: History) -> None:
    history.build(START)
    history.build(START + timedelta(hours=3), (happening.late_ticket, 50), (happening.read_again, 301))
    history.build(
        START + timedelta(days=6),
        (happening.dated_ticket, 13),
        (happening.moved_ticket, 77),
        (happening.merged_company, 4),
        (happening.made_rule, 2),
    )


def test_what_a_tenant_decides_and_what_is_gone(history: History) -> None:
    history.build(START + timedelta(days=9), (happening.made_rule, 1))
    history.build(
        START + timedelta(days=10),
        (happening.set_param, 5),
        (happening.erased_ticket, 40),
        (happening.renamed_rule, 3),
        (happening.failed_sync, 0),
    )


def test_what_is_said_of_tickets_and_around_them(history: History) -> None:
    history.build(START)
    history.build(
        START + timedelta(days=1),
        (happening.reworded, 11),
        (happening.forgotten_words, 40),
        (happening.noted, 21),
        (happening.met_contact, 33),
        (happening.ahead_of_time, 2),
        (happening.labelled, 60),
    )
    history.build(
        START + timedelta(days=2),
        (happening.named_colleague, 3),
        (happening.lost_contact, 33),
        (happening.told_stage, 17),
        (happening.archived_company, 5),
        (happening.merged_topic, 7),
    )
    history.build(
        START + timedelta(days=5),
        (happening.other_stage, 5),
        (happening.read_by_another_prompt, 4),
        (happening.unsaid, 6),
    )


def test_answers_quotes_and_what_is_known_of_both(history: History) -> None:
    history.build(START)
    history.build(
        START + timedelta(days=1),
        (happening.answered_again, 40),
        (happening.sorted_again, 41),
        (happening.quoted_elsewhere, 8),
        (happening.quoted_elsewhere, 31),
        (happening.evaluated, 60),
    )
    history.build(START + timedelta(days=2), (happening.moved_portal, 1), (happening.evaluated, 70))
    history.build(START + timedelta(days=3), (happening.answered_again, 200), (happening.erased_ticket, 25))


def test_cards_people_work_on_take_up_what_comes_later(history: History) -> None:
    history.build(START)
    history.build(START + timedelta(days=1), *[(happening.taken_in_hand, number) for number in range(32)])
    history.build(START + timedelta(days=2), *[(happening.done_with, number) for number in range(0, 96, 2)])
    history.build(START + timedelta(days=20), (happening.dated_ticket, 31), (happening.read_again, 9))


DRAWN = st.lists(
    st.tuples(
        st.sampled_from([0.1, 0.9, 1, 1, 2, 7, 31]),
        st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 3)), max_size=3),
    ),
    min_size=2,
    max_size=5,
)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=4, **UNHURRIED)
@given(steps=DRAWN, seed=st.integers(0, 10_000))
def test_whatever_happens(
    models: CompiledModels,
    worlds: list[LivedWorld],
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[float, list[tuple[Change, int]]]],
    seed: int,
) -> None:
    history = History(models, tmp_path_factory.mktemp("history"), worlds)
    numbers = iter(random.Random(seed).sample(range(1000), 100))
    now = START
    history.build(now)
    for days, changes in steps:
        now += timedelta(days=days)
        history.build(now, *[(change, next(numbers)) for change, _ in changes])
    shutil.rmtree(history.folder)


@contextmanager
def _two_places(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    if engine == "postgres":
        with throw_away_database() as kept, throw_away_database() as anew:
            yield kept, anew
    else:
        yield f"duckdb:///{folder / 'kept.duckdb'}", f"duckdb:///{folder / 'anew.duckdb'}"


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_real_builds_one_of_them_killed(engine: str, worlds: list[LivedWorld], tmp_path: Path) -> None:
    def hold(url: str, now: datetime, *changes: tuple[Change, int]) -> None:
        rows: Rows = [row for world in worlds for row in world.rows(now)]
        for change, number in changes:
            rows = change(rows, number, now)
        for table in SOURCE_TABLES:
            warehouse.execute(f"delete from {table}")
        fill(url, rows)

    def build(url: str, now: datetime, *, is_full: bool = False) -> Plan:
        rebuilt = rebuild(
            connect(url, lock_timeout_seconds=20),
            url,
            as_of=now,
            target_dir=tmp_path / "target",
            has_data_tests=False,
            is_full=is_full,
        )
        assert rebuilt.scored
        return rebuilt.scored.plan

    with _two_places(engine, tmp_path) as (kept, anew):
        warehouse = connect(kept, lock_timeout_seconds=20)
        fill(kept, [])
        hold(kept, START)
        assert build(kept, START).why_full == "there is nothing to go on from"

        day = START + timedelta(days=1)
        hold(kept, day, (happening.late_ticket, 51), (happening.read_again, 300), (happening.told_fact, 5))
        worker = [sys.executable, "-m", "tests.support.rebuild_worker", kept, day.isoformat(), str(tmp_path / "target")]
        died = subprocess.run([*worker, "int_trigger_scores_daily"], check=False)
        assert died.returncode == -9

        # What had changed is as it was: nothing of it may have stayed.
        hold(kept, day)
        assert build(kept, day).why_full == "the build before did not get through what is kept"
        hold(kept, day, (happening.moved_ticket, 9), (happening.erased_ticket, 70), (happening.set_param, 10))
        assert build(kept, day) == Plan(day.date(), "")

        last = day + timedelta(days=3)
        changes = ((happening.late_ticket, 33), (happening.made_rule, 2), (happening.merged_company, 6))
        hold(kept, last, *changes)
        assert build(kept, last) == Plan(day.date(), "")
        going_on = _all_rows(kept)

        rows: Rows = [row for world in worlds for row in world.rows(last)]
        for change, number in changes:
            rows = change(rows, number, last)
        fill(anew, rows)
        build(anew, last)
        assert going_on == _all_rows(anew)
        assert len(going_on["marts.churn_risk_cards"]) > 10

        # Asked for every day, it is the same once more.
        assert build(kept, last, is_full=True).why_full == "it was asked for"
        assert going_on == _all_rows(kept)


def _all_rows(url: str) -> dict[str, list[dict[str, object]]]:
    return {table: table_rows(url, table) for table in {*KEPT, *(f"marts.{mart}" for mart in MARTS)}}
