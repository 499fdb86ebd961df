"""Card by card: what appears, vanishes, joins and splits, and what of a card is otherwise."""

from datetime import date
from typing import Any

from analysis.backtest.cards import ReplayedCard
from analysis.backtest.changes import BestDay, ChangeKind, compare, unmatched
from core.vocabulary import Severity


def card(first: int, last: int, **values: Any) -> ReplayedCard:
    base: dict[str, Any] = {
        "company_id": "1",
        "trigger_type": "frustrated",
        "opened_on": date(2026, 10, first),
        "last_signal_on": date(2026, 10, last),
        "severity": Severity.MEDIUM,
        "score": 3.0,
        "why": "Because.",
    }
    return ReplayedCard(**base | values)


def kinds(current: list[ReplayedCard], candidate: list[ReplayedCard]) -> list[tuple[str, ...]]:
    return [change.kinds for change in compare(current, candidate)]


def test_the_same_cards_change_in_nothing() -> None:
    assert compare([card(1, 9), card(20, 25)], [card(20, 25), card(1, 9)]) == []
    # How long the signal lasts, and the highest score, are no change that anybody sees.
    assert compare([card(1, 9)], [card(1, 12, score=9.0, why="Otherwise.")]) == []


def test_a_card_without_a_day_in_common_appears_or_vanishes() -> None:
    here, there = card(1, 5), card(6, 9)
    assert kinds([here], [there]) == [(ChangeKind.VANISHES,), (ChangeKind.APPEARS,)]
    assert kinds([here], [card(1, 5, company_id="2")]) == [(ChangeKind.VANISHES,), (ChangeKind.APPEARS,)]
    assert kinds([here], [card(1, 5, trigger_type="significant_support")]) == [
        (ChangeKind.VANISHES,),
        (ChangeKind.APPEARS,),
    ]
    assert unmatched([here], [there]) == [here]
    assert unmatched([here], [card(5, 5)]) == []


def test_what_appears_and_what_vanishes_says_how_far_the_score_came_on_the_other_side() -> None:
    here, there = card(1, 5), card(1, 5, company_id="2")
    gone, new = compare([here], [there], {here: BestDay(1.5, 2.5), there: BestDay(0.25, 0.5)})
    assert gone.why == "Because. The score would come to 1.5, and 2.5 would open a card."
    assert (gone.current, gone.candidate, gone.card) == (here, None, here)
    assert new.why == "Because. As it is, the score comes to 0.25 and 0.5 opens a card."
    assert (new.current, new.candidate, new.card) == (None, there, there)


def test_one_card_may_change_in_several_ways() -> None:
    [change] = compare(
        [card(5, 9, severity=Severity.HIGH, notified_on=date(2026, 10, 6))], [card(3, 9, severity=Severity.LOW)]
    )
    assert change.kinds == (
        ChangeKind.OPENS_EARLIER,
        ChangeKind.SEVERITY_DOWN,
        ChangeKind.INTERRUPTS_NO_LONGER,
    )
    assert change.why == (
        "Opens on 2026-10-03 instead of 2026-10-05; low instead of high; does not interrupt, as it does on 2026-10-06. Because."
    )
    [change] = compare(
        [card(3, 9, severity=Severity.LOW)], [card(5, 9, severity=Severity.CRITICAL, notified_on=date(2026, 10, 6))]
    )
    assert change.kinds == (ChangeKind.OPENS_LATER, ChangeKind.SEVERITY_UP, ChangeKind.INTERRUPTS_NOW)
    assert "interrupts on 2026-10-06" in change.why


def test_interrupting_on_another_day_is_no_change_of_its_own() -> None:
    assert kinds([card(1, 9, notified_on=date(2026, 10, 2))], [card(1, 9, notified_on=date(2026, 10, 3))]) == []


def test_two_cards_that_become_one_join_and_do_not_vanish() -> None:
    first, second, both = card(1, 5), card(20, 25), card(1, 25)
    changes = compare([first, second], [both])
    assert [(change.kinds, change.current) for change in changes] == [((ChangeKind.JOINS,), second)]
    assert changes[0].why.startswith("One card with the one of 2026-10-01")


def test_one_card_that_becomes_two_splits_and_does_not_appear() -> None:
    first, second, both = card(1, 5), card(20, 25), card(1, 25)
    changes = compare([both], [first, second])
    # It is told as the one that shares most days, which opens later; the other one is the split.
    assert {change.kinds for change in changes} == {(ChangeKind.OPENS_LATER,), (ChangeKind.SPLITS,)}
    assert [change.candidate for change in changes] == [first, second]


def test_changes_come_by_company_trigger_and_day() -> None:
    made = [card(day, day, company_id=one) for one in ("2", "1") for day in (9, 3)]
    assert [change.card.place[:1] + change.card.place[2:] for change in compare([], made)] == [
        ("1", date(2026, 10, 3)),
        ("1", date(2026, 10, 9)),
        ("2", date(2026, 10, 3)),
        ("2", date(2026, 10, 9)),
    ]
