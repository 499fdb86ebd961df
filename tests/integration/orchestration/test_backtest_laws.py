"""What a replay must hold: it finds what was planted and nothing in noise, knows nothing of later days, and leaves nothing out."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from analysis.backtest.cards import ReplayedCard
from analysis.backtest.skill import recall
from core.installation import Installation
from core.settings import Settings, StoreSettings, TransformSettings
from core.tenants import tenant_id
from core.vocabulary import TriggerType
from core.warehouse.duckdb import DuckDBWarehouse
from orchestration.candidates import current_settings
from orchestration.replay import Replay, Span
from orchestration.scratch import scratch_copy
from tests.support.churn_world import UNTIL, ChurnWorld, make_world

OF = tenant_id("bench")
SPAN = Span(date(2026, 3, 1), UNTIL.date())
SPLIT = date(2026, 8, 14)
"""The day the law is held on; much of the trouble is before it, and most of the departures after."""


@pytest.fixture(scope="module")
def world() -> ChurnWorld:
    return make_world(companies=120, months=9, churn_share=0.2)


@pytest.fixture(scope="module")
def place_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ChurnWorld], Installation]:
    """Makes an installation whose warehouse holds a world; all of them share a folder, so that dbt parses once."""
    folder = tmp_path_factory.mktemp("backtest")
    numbers = iter(range(100))

    def make(world: ChurnWorld) -> Installation:
        warehouse = DuckDBWarehouse(folder / f"warehouse-{next(numbers)}.duckdb")
        world.write(warehouse)
        stores = StoreSettings(data_dir=folder / "data", warehouse_url=warehouse.url)
        return Installation(Settings(stores=stores, transforms=TransformSettings(as_of=UNTIL)))

    return make


@pytest.fixture(scope="module")
def place(world: ChurnWorld, place_of: Callable[[ChurnWorld], Installation]) -> Installation:
    return place_of(world)


@pytest.fixture(scope="module")
def replay(place: Installation) -> Iterator[Replay]:
    with scratch_copy(place, OF, purpose="held") as scratch:
        yield Replay(scratch, OF, SPAN)


@pytest.fixture(scope="module")
def cards(place: Installation, replay: Replay) -> list[ReplayedCard]:
    """Of the settings of now."""
    return replay.cards(current_settings(place, OF).values, "as it is")


@pytest.fixture(scope="module")
def cards_to_split(place: Installation) -> list[ReplayedCard]:
    """The same, of a replay that ends on the day of the split, with everything that came later in the warehouse."""
    return up_to(place, SPLIT)


def up_to(place: Installation, last_on: date) -> list[ReplayedCard]:
    """The cards of a replay that ends on this day."""
    end = datetime.combine(last_on + timedelta(days=1), time.min, UTC) - timedelta(seconds=1)
    with scratch_copy(place, OF, purpose="backtest", as_of_at=end) as scratch:
        return Replay(scratch, OF, Span(SPAN.first_on, last_on)).cards(current_settings(place, OF).values, "as it is")


def as_of(world: ChurnWorld, last_on: date) -> ChurnWorld:
    """The world as a sync at the end of that day would have left it."""
    end = datetime.combine(last_on + timedelta(days=1), time.min, UTC)
    known = {row["id"] for row in world.rows["raw_hubspot.tickets"] if row["createdate"] < end}
    then = ChurnWorld(world.tenant_id, troubled=world.troubled, churned=world.churned, mrr=world.mrr)
    for table, rows in world.rows.items():
        of_tickets = _TICKETS.get(table)
        held = rows if of_tickets is None else [row for row in rows if row[of_tickets] in known]
        then.rows[table] = [_then(row, end) for row in held]
    return then


_TICKETS = {
    "raw_hubspot.tickets": "id",
    **dict.fromkeys(("raw_hubspot.ticket_companies", "enrichment.message_texts"), "ticket_id"),
    **dict.fromkeys(
        ("enrichment.message_sentiment", "enrichment.message_evidence", "enrichment.ticket_topics"), "ticket_id"
    ),
}
"""The tables that hold something of tickets, and where the ticket stands in them."""


def _then(row: dict[str, Any], end: datetime) -> dict[str, Any]:
    if row.get("closed_date") is not None and row["closed_date"] >= end:
        return {**row, "closed_date": None, "hs_pipeline_stage": "1", "hs_lastmodifieddate": row["createdate"]}
    return row


def test_planted_churn_is_found_and_churn_that_tickets_say_nothing_of_is_not(
    world: ChurnWorld, replay: Replay, cards: list[ReplayedCard]
) -> None:
    companies = replay.companies()
    assert len(companies) == 120
    found = recall(cards, world.departures(), companies)
    assert found.is_skill
    assert found.logos.value > 0.8
    assert found.mrr.value > found.chance.mrr[1]
    assert found.lead_days is not None
    assert 30 <= found.lead_days <= 150
    claimed = [recall(cards, world.unrelated(seed), companies).is_skill for seed in range(20)]
    # One in forty is what chance allows.
    assert sum(claimed) <= 2


def test_a_day_knows_nothing_of_what_came_after_it(
    world: ChurnWorld,
    cards: list[ReplayedCard],
    cards_to_split: list[ReplayedCard],
    place_of: Callable[[ChurnWorld], Installation],
) -> None:
    without = up_to(place_of(as_of(world, SPLIT)), SPLIT)
    assert len(without) > 100
    assert cards_to_split == without
    # Seen from the end, the days before the split hold the same cards, with the same first interruption.
    assert {(card.place, _by(card.notified_on)) for card in cards if card.opened_on <= SPLIT} == {
        (card.place, card.notified_on) for card in without
    }


def _by(day: date | None) -> date | None:
    return day if day is not None and day <= SPLIT else None


@pytest.mark.slow
def test_a_reading_made_in_hindsight_breaks_that_law(
    world: ChurnWorld, cards_to_split: list[ReplayedCard], place_of: Callable[[ChurnWorld], Installation]
) -> None:
    # Whoever left after the split is read as if everybody had known: what a leaky signal does.
    leaving = {one for one, day in world.churned.items() if day > SPLIT}
    theirs = {row["ticket_id"] for row in world.rows["raw_hubspot.ticket_companies"] if row["company_id"] in leaving}
    leaky = ChurnWorld(world.tenant_id, troubled=world.troubled, churned=world.churned, mrr=world.mrr)
    for table, rows in world.rows.items():
        leaky.rows[table] = [
            {**row, "sentiment": "very_negative", "level": -2, "churn_intent": "explicit"}
            if table == "enrichment.message_sentiment" and row["ticket_id"] in theirs
            else row
            for row in rows
        ]
    differing = {card.company_id for card in {*cards_to_split} ^ {*up_to(place_of(leaky), SPLIT)}}
    assert differing
    assert differing <= leaving


@pytest.mark.slow
def test_what_is_not_built_again_would_have_come_out_the_same(
    place: Installation, replay: Replay, cards: list[ReplayedCard]
) -> None:
    candidate = current_settings(place, OF).values | {
        (TriggerType.SIGNIFICANT_SUPPORT, "z_min"): 1.5,
        (TriggerType.SIGNIFICANT_SUPPORT, "unresolved_business_days"): 2.0,
        (TriggerType.FRUSTRATED, "t_on"): 2.5,
        (TriggerType.SILENTLY_STRUGGLING, "quiet_baseline_min"): 3.0,
    }
    partly = replay.cards(candidate, "candidate")
    assert partly != cards
    with scratch_copy(place, OF, purpose="whole") as scratch:
        assert partly == Replay(scratch, OF, SPAN).cards(candidate, "whole")
