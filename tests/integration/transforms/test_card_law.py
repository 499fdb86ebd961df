"""Cards stay themselves: whatever comes late and whatever people do, no id changes, no event is lost, one card is open a kind.

The models are dbt's own, as it compiled them; the days they read are drawn here, and what a build says is settled in a real
application database, into which people write meanwhile.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select

from core.appdb import open_app_database
from core.appdb.card_events import CardBook, CardEvents, read_events
from core.appdb.engine import writing
from core.appdb.tables import card_alias, card_event, card_state
from core.cards import Act, CardState, IllegalAct, Worth, folded
from core.publishing.cards import CardChanges, cards_are_known, settle
from core.tenants import TenantId
from core.vocabulary import CardEventType
from tests.integration.transforms.conftest import BuiltWarehouse
from tests.support.planted_warehouse import AS_OF
from tests.support.published import add_tenant

ACME = TenantId("acme")
COMPANIES = ("1", "2")
FIRST = date(2026, 1, 5)

MODELS = (
    "int_signal_days",
    "int_episodes",
    "int_card_aliases",
    "int_card_states",
    "int_card_days",
    "int_card_spans",
    "int_card_words",
    "int_cards",
    "int_card_effects",
)
TABLES = """
create schema intermediate; create schema staging;
create table days (tenant_id text, company_id text, trigger_type text, scored_on date, severity_rank int);
create table messages (tenant_id text, ticket_id text, message_id text, sent_at timestamp);
create view intermediate.int_streams as select '' tenant_id, '' stream, localtimestamp trusted_until_at;
create view intermediate.int_silence_sources as select '' tenant_id, localtimestamp trusted_until_at;
create view intermediate.int_tenants as
    select 'acme' tenant_id, 20 expire_after_days, cast(null as text) default_owner_id;
create view intermediate.int_company_facts as
    select 'acme' tenant_id, unnest(['1', '2']) company_id, cast(100 as double) mrr, 'mapped_property' mrr_source,
        cast(null as text) owner_id;
create view intermediate.int_tickets as select 'acme' tenant_id, unnest(['1', '2']) ticket_id, unnest(['1', '2']) company_id;
create view intermediate.int_customer_messages as select * from messages;
create view staging.stg_hubspot__record_aliases as
    select 'acme' tenant_id, 'companies' object_type, alias_id, record_id from merges;
create table events (tenant_id text, card_id text, seq bigint, event_type text, actor text, status text, payload text,
    occurred_at timestamp);
create view staging.stg_app__card_events as select * from events;
create table aliases (tenant_id text, alias_id text, card_id text, company_id text, trigger_type text, opened_on date,
    last_signal_on date, opened_mrr double, opened_mrr_source text, first_published_at timestamp);
create view staging.stg_app__card_aliases as select * from aliases;
create view intermediate.int_trigger_scores_daily as
    select days.*, cast(severity_rank as double) score, severity_rank > 0 is_opening, severity_rank >= 0 is_holding,
        false is_notify, cast(null as text) ticket_id, '{}' components, 'It hurts.' why, '1.0' rule_version from days;
"""


@pytest.fixture(scope="session")
def models(duckdb_marts: BuiltWarehouse) -> dict[str, str]:
    """The compiled SQL by model, without the name of the database it was compiled for."""
    folder = duckdb_marts.target_dir / "compiled" / "churnboard" / "models" / "intermediate"
    return {
        name: re.sub(r'"\w+"\.("intermediate"|"staging")', r"\1", (folder / f"{name}.sql").read_text())
        for name in MODELS
    }


@dataclass
class World:
    """A tenant's days, as they come to be known, and its installation."""

    models: dict[str, str] = field(repr=False)
    engine: Engine
    warehouse: duckdb.DuckDBPyConnection
    today: date = FIRST
    published: set[str] = field(default_factory=set)
    minute: int = 0

    def score(self, company: str, day_on: date, rank: int) -> None:
        """A day on which the signal holds (0), or opens at a severity (1 to 4)."""
        key = [ACME, company, "frustrated", day_on]
        self.warehouse.execute(
            "delete from days where tenant_id = ? and company_id = ? and trigger_type = ? and scored_on = ?", key
        )
        self.warehouse.execute("insert into days values (?, ?, ?, ?, ?)", [*key, rank])

    def write(self, company: str) -> None:
        """The customer says something."""
        now = self._now()
        self.warehouse.execute("insert into messages values ('acme', ?, ?, ?)", [company, str(self.minute), now])

    def merge(self) -> None:
        """Company 2 becomes a part of company 1, with what it has done."""
        self.warehouse.execute("insert into merges select '2', '1' where not exists (select 1 from merges)")

    def follow_merge(self) -> None:
        """What is scored for company 2 is scored for company 1, once it is a part of it."""
        if self.warehouse.execute("select 1 from merges limit 1").fetchall():
            taken = "select scored_on from days where company_id = '1'"
            self.warehouse.execute(f"delete from days where company_id = '2' and scored_on in ({taken})")
            self.warehouse.execute("update days set company_id = '1' where company_id = '2'")

    def happen(self, kind: str, what: Any, far: Any, rank: Any, board: list[dict[str, Any]]) -> None:
        """One step of a drawn history."""
        card_id = board[what % len(board)]["card_id"] if board and kind in {"person", "race"} else None
        match kind:
            case "days":
                self.today += timedelta(days=what)
            case "signal":
                self.score(what, self.today - timedelta(days=far), rank)
            case "stretch":
                for day in range(far):
                    self.score(what, self.today - timedelta(days=day), rank)
            case "message":
                self.write(what)
            case "merge":
                self.merge()
            case "person" if card_id:
                self.do(card_id, far)
            case "race" if card_id:
                self.build(lambda: self.do(card_id, far))
        self.follow_merge()

    def build(self, meanwhile: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
        """Load the application state, build, settle; returns the cards on the board."""
        self._load()
        as_of = self._now()
        for name in MODELS:
            sql = self.models[name].replace(f"{AS_OF:%Y-%m-%d %H:%M:%S.%f}", f"{as_of:%Y-%m-%d %H:%M:%S.%f}")
            sql = sql.replace(f"'{AS_OF:%Y-%m-%d}'", f"'{as_of:%Y-%m-%d}'")
            self.warehouse.execute(f"create or replace table intermediate.{name} as {sql}")
        changes = CardChanges(
            self._rows(
                "select a.alias_id, a.card_id, a.company_id, a.trigger_type, a.opened_on, a.last_signal_on, c.opened_mrr, "
                "coalesce(c.opened_mrr_source, 'unknown') opened_mrr_source from intermediate.int_card_aliases a "
                "left join intermediate.int_cards c using (tenant_id, card_id) "
                "where a.first_published_at is not null or c.is_shown order by a.alias_id"
            ),
            self._rows("select * from intermediate.int_card_effects order by card_id"),
            as_of.replace(tzinfo=UTC),
        )
        meanwhile()
        with writing(self.engine) as connection:
            assert cards_are_known(connection, ACME, changes).is_passed
            settle(connection, ACME, changes, now=self._now().replace(tzinfo=UTC))
        return self._rows("select * from intermediate.int_cards where is_shown order by card_id")

    def do(self, card_id: str, kind: str) -> None:
        """Somebody does something to a card, if it can be done."""
        state = self.states().get(card_id, CardState())
        details: dict[str, Any] = {
            "status_changed": {"status": "working"},
            "snoozed": {"until_on": self.today + timedelta(days=3), "is_for_reply": True},
            "commented": {"text": "Hm."},
            "saved": {"outcome": "saved"},
            "false_alarm": {"outcome": "false_alarm"},
        }[kind]
        act = Act(CardEventType("completed" if "outcome" in details else kind), details)
        book = CardBook(ACME, lambda: writing(self.engine))
        try:
            now = self._now().replace(tzinfo=UTC)
            book.act(card_id, act, actor="ada", expected_seq=state.last_seq, worth=Worth(1.0), now=now)
        except IllegalAct:
            return

    def states(self) -> dict[str, CardState]:
        """What the board shows."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(card_state)).mappings().all()
        return {
            row["card_id"]: CardState(**{name: row[name] for name in CardState.__dataclass_fields__}) for row in rows
        }

    def _load(self) -> None:
        for table in ("events", "aliases"):
            self.warehouse.execute(f"delete from {table}")
        store = CardEvents(self.engine)
        for _, rows in store.beyond({}):
            for row in rows:
                names = ("tenant_id", "card_id", "seq", "type", "actor", "status", "payload")
                at = row["occurred_at"].replace(tzinfo=None)
                self.warehouse.execute(
                    "insert into events values (?, ?, ?, ?, ?, ?, ?, ?)", [*(row[n] for n in names), at]
                )
        for _, rows in store.aliases():
            for row in rows:
                values = [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row.values()]
                self.warehouse.execute(f"insert into aliases values ({', '.join('?' * len(values))})", values)

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        result = self.warehouse.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _now(self) -> datetime:
        self.minute += 1
        return datetime.combine(self.today, time(6)) + timedelta(minutes=self.minute)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, models: dict[str, str]) -> Iterator[World]:
    engine = open_app_database(f"sqlite:///{Path(tmp_path_factory.mktemp('law')) / 'app.db'}")
    add_tenant(engine, ACME)
    with duckdb.connect() as warehouse:
        warehouse.execute("create table merges (alias_id text, record_id text)")
        warehouse.execute(TABLES)
        yield World(models, engine, warehouse)
    engine.dispose()


@pytest.fixture
def world(places: World) -> World:
    """Nothing has happened yet."""
    return places


def _empty(world: World) -> None:
    with writing(world.engine) as connection:
        for table in (card_event, card_alias, card_state):
            connection.execute(delete(table))
    for table in ("days", "messages", "merges"):
        world.warehouse.execute(f"delete from {table}")
    world.today, world.published, world.minute = FIRST, set(), 0


COMPANY = st.sampled_from(COMPANIES)
SIGNAL = st.tuples(st.just("signal"), COMPANY, st.integers(0, 40), st.integers(0, 3))
"""A day so many days ago turns out to have scored; late, mostly."""
STRETCH = st.tuples(st.just("stretch"), COMPANY, st.integers(1, 6), st.integers(1, 4))
PERSON = st.tuples(
    st.just("person"),
    st.integers(0, 3),
    st.sampled_from(["status_changed", "snoozed", "commented", "saved", "false_alarm", "status_changed", "saved"]),
    st.just(0),
)
RACE = st.tuples(
    st.just("race"), st.integers(0, 3), st.sampled_from(["status_changed", "commented", "saved"]), st.just(0)
)
"""Somebody does something while a build is under way."""
MESSAGE = st.tuples(st.just("message"), COMPANY, st.just(0), st.just(0))
DAYS = st.tuples(st.just("days"), st.sampled_from([1, 3, 10, 16, 31]), st.just(0), st.just(0))
MERGE = st.tuples(st.just("merge"), st.just(0), st.just(0), st.just(0))
STEPS = st.lists(
    st.one_of(STRETCH, PERSON, DAYS, SIGNAL, STRETCH, PERSON, DAYS, RACE, MESSAGE, MERGE), min_size=4, max_size=14
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_cards_stay_themselves(steps: list[tuple[Any, ...]], world: World) -> None:
    _empty(world)
    events_before: Counter[tuple[str, str]] = Counter()
    board = world.build()
    for kind, what, far, rank in steps:
        world.happen(kind, what, far, rank, board)
        # The build after one that was overtaken makes up for it.
        board = world.build()
        events_before = _the_law_holds(world, board, events_before)


def _the_law_holds(
    world: World, board: list[dict[str, Any]], before: Counter[tuple[str, str]]
) -> Counter[tuple[str, str]]:
    states = world.states()
    with world.engine.connect() as connection:
        aliases = dict(connection.execute(select(card_alias.c.alias_id, card_alias.c.card_id)).tuples().all())
        kinds = connection.execute(select(card_event.c.card_id, card_event.c.actor)).tuples().all()
        counts = connection.execute(
            select(card_event.c.card_id, func.count(), func.max(card_event.c.seq)).group_by(card_event.c.card_id)
        ).all()
        # Ids are stable: what was published under an id is found under it, and goes by one that goes by itself.
        assert world.published <= set(aliases)
        assert all(aliases[card_id] == card_id for card_id in aliases.values())
        for card in board:
            assert aliases[card["card_id"]] == card["card_id"]
        world.published |= {card["card_id"] for card in board}
        # No event is lost: those there were are there, without gaps, and each counts for exactly one card.
        events = Counter(kinds)
        assert not before - events
        assert all(count == last for _, count, last in counts)
        homes = Counter(aliases.get(card_id, card_id) for card_id, _ in kinds)
        held = {card_id: read_events(connection, ACME, card_id) for card_id in homes}
        assert {card_id: len(found) for card_id, found in held.items()} == dict(homes)
        # What the board shows is the fold, in Python as in SQL.
        assert states == {card_id: folded(card_id, found) for card_id, found in held.items()}
    world._load()
    for card_id, state in _sql_states(world).items():
        assert (state["status"], state["outcome"], state["reopen_count"], state["last_seq"]) == (
            states[card_id].status,
            states[card_id].outcome,
            states[card_id].reopen_count,
            states[card_id].last_seq,
        )
    # One card is open a company and trigger.
    still_open = Counter(
        card["company_id"] for card in board if states.get(card["card_id"], CardState()).status != "completed"
    )
    assert not still_open or max(still_open.values()) == 1
    # The cards of a company do not share a day.
    for company in COMPANIES:
        mine = sorted((card["opened_on"], card["last_signal_on"]) for card in board if card["company_id"] == company)
        assert all(first[1] < second[0] for first, second in pairwise(mine))
    return events


def _sql_states(world: World) -> dict[str, dict[str, Any]]:
    far_on = world.today + timedelta(days=1)
    sql = world.models["int_card_states"].replace(f"{AS_OF:%Y-%m-%d %H:%M:%S.%f}", f"{far_on:%Y-%m-%d} 00:00:00.000000")
    return {row["card_id"]: row for row in world._rows(sql)}
