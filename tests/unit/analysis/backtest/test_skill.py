"""Precision, recall, lead and chance, on sets small enough to count by hand; skill where it was planted, none where it was not."""

import random
from datetime import date, timedelta

import pytest

from analysis.backtest.cards import Departure, KnownCard, ReplayedCard
from analysis.backtest.skill import MoneyShare, precision, recall
from analysis.measures import Share
from core.vocabulary import CardOutcome, Severity

DAY = date(2026, 6, 1)


def card(company_id: str, first: int, last: int | None = None, trigger_type: str = "frustrated") -> ReplayedCard:
    return ReplayedCard(
        company_id=company_id,
        trigger_type=trigger_type,
        opened_on=DAY + timedelta(days=first),
        last_signal_on=DAY + timedelta(days=first if last is None else last),
        severity=Severity.LOW,
        score=1.0,
        why="Because.",
    )


def known(company_id: str, first: int, last: int, outcome: str, trigger_type: str = "frustrated") -> KnownCard:
    return KnownCard(
        company_id, trigger_type, DAY + timedelta(days=first), DAY + timedelta(days=last), CardOutcome(outcome)
    )


def gone(company_id: str, day: int, mrr: float | None = 100.0) -> Departure:
    return Departure(company_id, DAY + timedelta(days=day), mrr)


def test_precision_counts_cards_with_an_outcome_that_says_something() -> None:
    cards = [card(one, 0, 5) for one in "abcdefgh"]
    outcomes = ["saved", "at_risk_unresolved", "churned", "contraction", "false_alarm", "known_expected", "duplicate"]
    found = precision(cards, [known(one, 2, 9, what) for one, what in zip("abcdefg", outcomes, strict=True)])
    assert found == Share(4, 6)
    assert precision(cards, []) == Share(0, 0)


def test_an_outcome_goes_to_the_card_of_the_same_story_that_shares_most_days() -> None:
    outcomes = [known("a", 0, 3, "false_alarm"), known("a", 5, 20, "saved")]
    assert precision([card("a", 2, 12)], outcomes) == Share(1, 1)
    assert precision([card("a", 0, 6)], outcomes) == Share(0, 1)
    assert precision([card("a", 21, 30)], outcomes) == Share(0, 0), "no day in common"
    assert precision([card("b", 0, 9), card("a", 0, 9, "significant_support")], outcomes) == Share(0, 0)


@pytest.mark.parametrize(
    ("first", "last", "is_warned"),
    [(26, 26, True), (27, 27, False), (0, 0, True), (-60, -50, True), (-60, -51, False), (-200, -40, True)],
)
def test_a_warning_comes_two_weeks_before_and_is_not_forgotten(first: int, last: int, is_warned: bool) -> None:
    # Leaves on day 40: a card counts that opened by day 26 and whose signal was on as late as day -50.
    found = recall([card("a", first, last)], [gone("a", 40)], "abc")
    assert found.logos == Share(int(is_warned), 1)
    # What came too late still has a lead; what was forgotten has none.
    assert found.lead_days == (40 - first if is_warned or first == 27 else None)


def test_recall_of_money_knows_how_little_one_large_customer_says() -> None:
    cards = [card("a", 0), card("b", 10)]
    departures = [gone("a", 40, 900.0), gone("b", 40, 100.0), gone("c", 40, 1000.0), gone("d", 40, None)]
    found = recall(cards, departures, "abcdef")
    assert found.logos == Share(2, 4)
    assert (found.mrr.hits, found.mrr.total, found.mrr.value) == (1000.0, 2000.0, 0.5)
    assert found.mrr.effective_count == pytest.approx(2000**2 / (900**2 + 100**2 + 1000**2))
    assert found.lead_days == 35, "of 40 and 30"
    low, high = found.mrr.interval
    even_low, even_high = MoneyShare(1000.0, 2000.0, 20).interval
    assert low < even_low < even_high < high


def test_nobody_left_is_no_recall_and_no_chance() -> None:
    found = recall([card("a", 0)], [], "ab")
    assert (found.logos, found.mrr.total, found.lead_days) == (Share(0, 0), 0, None)
    assert not found.is_skill


def test_chance_is_what_as_many_cards_find_in_companies_drawn_by_lot() -> None:
    # Every second company has a card at the right time: half of those that left are found, whoever they are.
    everybody = [str(number) for number in range(200)]
    cards = [card(one, 0) for one in everybody[::2]]
    found = recall(cards, [gone(one, 40) for one in everybody[:100]], everybody)
    assert found.logos == Share(50, 100)
    low, high = found.chance.logos
    assert 0.35 < low < 0.5 < high < 0.65
    assert not found.is_skill
    assert recall(cards, [gone(one, 40) for one in everybody[:100]], everybody) == found, "the same lots every time"


def test_a_card_for_everybody_is_no_skill() -> None:
    everybody = [str(number) for number in range(50)]
    found = recall([card(one, 0) for one in everybody], [gone(one, 40) for one in everybody[:10]], everybody)
    assert (found.logos.value, found.chance.logos, found.is_skill) == (1.0, (1.0, 1.0), False)


@pytest.mark.parametrize("seed", range(5))
def test_skill_is_seen_where_it_is(seed: int) -> None:
    drawn = random.Random(seed)
    everybody = [str(number) for number in range(300)]
    leaving = drawn.sample(everybody, 40)
    noise = [card(one, drawn.randrange(-60, 30)) for one in drawn.sample(everybody, 60)]
    told = [card(one, drawn.randrange(0, 20)) for one in leaving if drawn.random() < 0.6]
    assert recall([*noise, *told], [gone(one, 40) for one in leaving], everybody).is_skill


def test_no_skill_is_claimed_more_often_than_chance_allows() -> None:
    claimed = 0
    for seed in range(30):
        drawn = random.Random(seed)
        everybody = [str(number) for number in range(200)]
        cards = [card(one, drawn.randrange(-60, 30)) for one in drawn.sample(everybody, 80)]
        found = recall(cards, [gone(one, 40) for one in drawn.sample(everybody, 30)], everybody)
        claimed += found.is_skill
    # One in forty is what the interval allows.
    assert claimed <= 3
