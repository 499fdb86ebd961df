"""Cards lived through from the first complaint on, told as stories: real models, the board's own store, and what people do.

All companies live on one calendar, so that a day is built once for all of them.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.appdb import open_app_database
from core.appdb.builds import Build, BuildStore
from core.appdb.card_events import CardBook, CardEvents
from core.appdb.engine import writing
from core.appdb.tables import PUBLISHED, card_alias, card_event, card_state
from core.cards import MACHINE, Act, CardState, Worth
from core.publishing.cards import CardChanges, cards_are_known, read_card_changes, settle
from core.tenants import TenantId
from core.vocabulary import CardEventType
from core.warehouse import connect
from tests.support.databases import throw_away_database
from tests.support.published import add_tenant
from tests.support.warehouse_fixtures import (
    SourceRow,
    company,
    default_stages,
    evidence,
    field_mapping,
    fill,
    message_text,
    portal,
    reading,
    tenant,
    ticket,
    ticket_company,
)
from transforms import runner

ACME = TenantId("acme")
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAVED, FALSE_ALARM, WAITING, LATE, MERGED, MERGED_AWAY = "1", "2", "3", "4", "5", "6"


def on(day: float) -> datetime:
    """Morning of a day of the calendar."""
    return FIRST + timedelta(days=day, hours=-4)


def complaint(ticket_id: str, company_id: str, day: float, *, sentiment: str = "negative") -> list[SourceRow]:
    """A customer writes; unhappily, unless told otherwise."""
    quote = "this is still broken"
    return [
        ticket(id=ticket_id, createdate=on(day), hs_pipeline_stage="4", closed_date=on(day + 1)),
        ticket_company(ticket_id=ticket_id, company_id=company_id),
        reading(ticket_id=ticket_id, sentiment=sentiment),
        message_text(ticket_id=ticket_id, text=f"Hello, {quote}."),
        evidence(ticket_id=ticket_id, quote=quote, start=7),
    ]


@dataclass
class Play:
    """The installation, and what its board shows after each build."""

    url: str
    folder: Path
    database: str
    boards: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By day, the cards by id."""

    states: dict[int, dict[str, CardState]] = field(default_factory=dict)
    changes: CardChanges = field(init=False)
    """Of the last build."""

    def __post_init__(self) -> None:
        self.engine = open_app_database(self.database)
        self.warehouse = connect(self.url)
        add_tenant(self.engine, ACME)

    def build(self, day: int) -> None:
        """Load the application state, build, publish."""
        store = CardEvents(self.engine)
        for table, chunks in (("card_events", store.beyond({})), ("card_aliases", store.aliases())):
            self.warehouse.execute(f"delete from raw_app.{table}")
            fill(self.url, [SourceRow(f"raw_app.{table}", row) for _, rows in chunks for row in rows])
        as_of = on(day) + timedelta(hours=4)
        runner.build(
            self.url,
            select="+churn_risk_cards +int_card_effects",
            as_of=as_of,
            target_dir=self.folder / "target",
            has_data_tests=False,
        )
        with self.warehouse.snapshot() as snapshot:
            served = snapshot.rows("select * from marts.churn_risk_cards")
            changes = read_card_changes(snapshot, ACME, as_of)
        with self.engine.connect() as connection:
            assert cards_are_known(connection, ACME, changes).is_passed
        self.changes = changes
        build_id = f"day-{day}"
        new = Build(tenant_id=ACME, build_id=build_id, as_of_at=as_of, built_at=as_of, row_counts={}, audits=[])
        BuildStore(self.engine).publish(
            new,
            {"churn_risk_cards": [served]},
            published_at=as_of,
            also=lambda connection: settle(connection, ACME, changes, now=as_of),
        )
        cards = PUBLISHED["churn_risk_cards"]
        with self.engine.connect() as connection:
            rows = (
                connection.execute(select(cards).where(cards.c.build_id == build_id).order_by(cards.c.card_id))
                .mappings()
                .all()
            )
            self.boards[day] = {row["card_id"]: dict(row) for row in rows}
            held = connection.execute(select(card_state)).mappings().all()
        names = CardState.__dataclass_fields__
        self.states[day] = {row["card_id"]: CardState(**{name: row[name] for name in names}) for row in held}

    def cards(self, day: int, company_id: str) -> list[dict[str, Any]]:
        """A company's cards on the board of a day, oldest first."""
        mine = [row for row in self.boards[day].values() if row["company_id"] == company_id]
        return sorted(mine, key=lambda row: row["opened_on"])

    def card(self, day: int, company_id: str) -> dict[str, Any]:
        """The only one."""
        [found] = self.cards(day, company_id)
        return found

    def do(self, day: int, company_id: str, kind: str, **details: Any) -> None:
        """Somebody does something to the company's newest card, in the afternoon."""
        card_id = self.cards(day, company_id)[-1]["card_id"]
        with self.engine.connect() as connection:
            seqs = select(card_event.c.seq).where(card_event.c.card_id == card_id).order_by(card_event.c.seq.desc())
            seq = connection.scalar(seqs.limit(1)) or 0
        book = CardBook(ACME, lambda: writing(self.engine))
        act = Act(CardEventType(kind), details)
        worth = Worth(1000.0, "mapped_property")
        book.act(card_id, act, actor="ada", expected_seq=seq, worth=worth, now=on(day) + timedelta(hours=8))

    def said(self, card_id: str, actor: str = MACHINE) -> list[tuple[str, str | None]]:
        """What the pipeline did to a card, and why."""
        with self.engine.connect() as connection:
            mine = select(card_event).where(card_event.c.card_id == card_id, card_event.c.actor == actor)
            rows = connection.execute(mine.order_by(card_event.c.seq)).mappings().all()
        return [(row["type"], row["payload"].get("why")) for row in rows]


def _lived(play: Play) -> Play:
    """Everything that happens, day by day."""
    fill(
        play.url,
        [
            tenant(),
            portal(),
            *default_stages(),
            field_mapping(field="mrr", property_name="mrr", unit="month"),
            *(company(id=one, name=f"Company {one}", properties={"mrr": "1000"}) for one in "123456"),
            *complaint("100", SAVED, 0),
            *complaint("200", FALSE_ALARM, 0),
            *complaint("300", WAITING, 0),
            *complaint("400", LATE, 0),
            *complaint("500", MERGED, 0),
            *complaint("600", MERGED_AWAY, -1),
        ],
    )
    play.build(1)
    play.do(1, SAVED, "status_changed", status="working")
    play.do(1, SAVED, "completed", outcome="saved", note="Rang them, they stay.")
    play.do(1, WAITING, "status_changed", status="working")
    play.do(1, WAITING, "snoozed", until_on=on(60).date(), is_for_reply=True)
    play.do(1, LATE, "commented", text="Looking into it.")
    play.do(1, MERGED, "status_changed", status="working")
    play.build(3)
    play.do(3, FALSE_ALARM, "completed", outcome="false_alarm")
    fill(
        play.url,
        [
            *complaint("101", SAVED, 25),
            *complaint("201", FALSE_ALARM, 18),
            *complaint("301", WAITING, 28, sentiment="neutral"),
            # Written three days before the one we knew, and loaded a month later.
            *complaint("401", LATE, -3),
            SourceRow(
                "raw_hubspot.record_aliases",
                {"tenant_id": ACME, "object_type": "companies", "alias_id": MERGED_AWAY, "record_id": MERGED},
            ),
        ],
    )
    play.warehouse.execute(
        f"update raw_hubspot.ticket_companies set company_id = '{MERGED}' where company_id = '{MERGED_AWAY}'"
    )
    play.warehouse.execute(f"update raw_hubspot.companies set archived = true where id = '{MERGED_AWAY}'")
    play.build(30)
    play.do(30, SAVED, "completed", outcome="saved")
    fill(play.url, complaint("102", SAVED, 79))
    play.warehouse.execute(f"""update raw_hubspot.companies set properties = '{{"mrr": "700"}}' where id = '{SAVED}'""")
    play.build(80)
    return play


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow)])
def play(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("stories")
    with ExitStack() as stack:
        if request.param == "duckdb":
            urls = (f"duckdb:///{folder / 'stories.duckdb'}", f"sqlite:///{folder / 'app.db'}")
        else:
            urls = (stack.enter_context(throw_away_database()), stack.enter_context(throw_away_database()))
        play = Play(urls[0], folder, urls[1])
        yield _lived(play)
        play.engine.dispose()


def test_a_company_complains_is_called_goes_quiet_and_comes_back(play: Play) -> None:
    first = play.card(1, SAVED)
    assert (first["opened_on"], first["previous_card_id"], first["is_active"]) == (date(2026, 3, 2), None, True)
    card_id = first["card_id"]
    # Done means done: the signal is still on.
    done = play.states[3][card_id]
    assert (done.status, done.outcome, done.outcome_mrr, done.reopen_count) == ("completed", "saved", 1000.0, 0)
    assert play.card(3, SAVED)["is_active"]
    # Eleven days after it went quiet it is back, as the same card.
    assert play.card(30, SAVED)["card_id"] == card_id
    back = play.states[30][card_id]
    assert (back.status, back.outcome, back.reopen_count) == ("new", None, 1)
    assert play.said(card_id) == [("reopened", "The signal had gone off and came back on 2026-03-27.")]
    # Forty days after the second time it is another story.
    old, new = play.cards(80, SAVED)
    assert (old["card_id"], new["previous_card_id"], new["episode"]) == (card_id, card_id, 2)
    assert play.states[80][card_id].status == "completed"
    assert new["card_id"] not in play.states[80], "nobody has done anything to it"


def test_what_a_card_was_worth_when_it_opened_stays_known(play: Play) -> None:
    old, new = play.cards(80, SAVED)
    assert (old["mrr"], old["opened_mrr"], old["opened_mrr_source"]) == (700.0, 1000.0, "mapped_property")
    assert (new["mrr"], new["opened_mrr"]) == (700.0, 700.0)
    assert play.states[80][old["card_id"]].outcome_mrr == 1000.0


def test_a_false_alarm_is_left_alone_for_thirty_days(play: Play) -> None:
    card_id = play.card(1, FALSE_ALARM)["card_id"]
    again = play.card(30, FALSE_ALARM)
    assert (again["card_id"], again["last_signal_on"]) == (card_id, date(2026, 4, 1))
    assert [play.states[day][card_id].status for day in (30, 80)] == ["completed", "completed"]
    assert play.said(card_id) == []


def test_a_waiting_card_wakes_when_the_customer_writes(play: Play) -> None:
    card_id = play.card(1, WAITING)["card_id"]
    assert play.states[3][card_id].status == "waiting"
    awake = play.states[30][card_id]
    assert (awake.status, awake.waiting_until_on, awake.is_waiting_for_reply) == ("working", None, False)
    assert play.said(card_id) == [("woken", "The customer wrote on 2026-03-30.")]


def test_late_data_moves_the_day_and_not_the_card(play: Play) -> None:
    before, after = play.card(3, LATE), play.card(30, LATE)
    assert (before["opened_on"], after["opened_on"]) == (date(2026, 3, 2), date(2026, 2, 27))
    assert after["card_id"] == before["card_id"]
    assert play.said(before["card_id"], "ada") == [("commented", None)]
    with play.engine.connect() as connection:
        ids = select(card_alias.c.alias_id).where(card_alias.c.card_id == before["card_id"])
        assert len(connection.scalars(ids).all()) == 2, "the id of the other day leads to it"


def test_companies_that_hubspot_merges_have_one_card_with_both_pasts(play: Play) -> None:
    theirs, taken = play.card(3, MERGED), play.card(3, MERGED_AWAY)
    joined = play.card(30, MERGED)
    assert joined["card_id"] == taken["card_id"], "the first of the two"
    assert play.cards(30, MERGED_AWAY) == []
    state = play.states[30][joined["card_id"]]
    assert (state.status, state.last_seq) == ("working", 0), "what was done to the other one counts"
    assert theirs["card_id"] not in play.states[30]
    with play.engine.connect() as connection:
        alias = select(card_alias.c.card_id).where(card_alias.c.alias_id == theirs["card_id"])
        assert connection.scalar(alias) == joined["card_id"]


def test_a_build_made_again_changes_nothing(play: Play) -> None:
    with play.engine.connect() as connection:
        events = connection.execute(select(card_event)).all()
        aliases = connection.execute(select(card_alias)).all()
    board = play.boards[80]
    play.build(80)
    with play.engine.connect() as connection:
        assert connection.execute(select(card_event)).all() == events
        assert sorted(connection.execute(select(card_alias)).all()) == sorted(aliases)
    told = ({name: value for name, value in row.items() if name != "build_id"} for row in play.boards[80].values())
    assert list(told) == [{name: value for name, value in row.items() if name != "build_id"} for row in board.values()]


def test_a_build_that_does_not_know_the_published_cards_is_held_back(play: Play) -> None:
    unknowing = replace(play.changes, aliases=play.changes.aliases[1:])
    with play.engine.connect() as connection:
        verdict = cards_are_known(connection, ACME, unknowing)
    assert not verdict.is_passed
    assert "1 published cards were not known to this build" in verdict.detail
