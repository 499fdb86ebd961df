"""What can be done to a card in each state, and where a history of it leads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.cards import MACHINE, Act, CardEvent, CardState, IllegalAct, Worth, decided, folded
from core.vocabulary import CardEventType, CardOutcome, CardStatus

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = NOW.date()
WORTH = Worth(1200.456, "mapped_property")

TAKE_UP = Act(CardEventType.STATUS_CHANGED, {"status": "working"})
WAIT = Act(CardEventType.SNOOZED, {"until_on": TODAY + timedelta(days=1), "is_for_reply": False})
COMPLETE = Act(CardEventType.COMPLETED, {"outcome": "saved", "note": "They stay."})
REOPEN = Act(CardEventType.REOPENED, {"note": None})
ACTS = {"take up": TAKE_UP, "wait": WAIT, "complete": COMPLETE, "reopen": REOPEN}

LEGAL = {
    ("new", "take up"): "working",
    ("new", "complete"): "completed",
    ("working", "wait"): "waiting",
    ("working", "complete"): "completed",
    ("waiting", "take up"): "working",
    ("waiting", "wait"): "waiting",
    ("waiting", "complete"): "completed",
    ("completed", "reopen"): "new",
}
"""new → working ⇄ waiting → completed → (reopened) new; any → completed."""


def decide(state: CardState, act: Act) -> tuple[CardStatus, dict[str, Any]]:
    return decided(state, act, worth=WORTH, today=TODAY)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", CardStatus)
def test_a_card_moves_along_its_ways_and_no_other(status: CardStatus, act: str) -> None:
    state = CardState(status=status)
    if (status, act) in LEGAL:
        assert decide(state, ACTS[act])[0] == LEGAL[status, act]
    else:
        with pytest.raises(IllegalAct):
            decide(state, ACTS[act])


@pytest.mark.parametrize(
    ("status", "act", "says"),
    [
        ("new", Act(CardEventType.STATUS_CHANGED, {"status": "waiting"}), "send `snoozed`"),
        ("new", Act(CardEventType.STATUS_CHANGED, {"status": "completed"}), "with an outcome"),
        ("working", Act(CardEventType.STATUS_CHANGED, {"status": "new"}), "send `reopened`"),
        ("working", Act(CardEventType.SNOOZED, {}), "waits for something"),
        ("working", Act(CardEventType.SNOOZED, {"until_on": TODAY}), "that day has come"),
        ("working", Act(CardEventType.COMPLETED, {"outcome": "expired"}), "expire by themselves"),
        ("working", Act(CardEventType.WOKEN), "wakes cards by itself"),
    ],
)
def test_what_cannot_be_done_says_what_can(status: str, act: Act, says: str) -> None:
    with pytest.raises(IllegalAct, match=says):
        decide(CardState(status=CardStatus(status)), act)


def test_a_completion_keeps_what_the_company_paid_at_that_moment() -> None:
    status, payload = decide(CardState(), COMPLETE)
    assert status is CardStatus.COMPLETED
    assert payload == {"outcome": "saved", "mrr": 1200.46, "mrr_source": "mapped_property", "note": "They stay."}
    unknown = decided(CardState(), COMPLETE, worth=Worth(None), today=TODAY)[1]
    assert (unknown["mrr"], unknown["mrr_source"]) == (None, "unknown")


@pytest.mark.parametrize("status", CardStatus)
def test_some_things_can_be_done_to_any_card_and_do_not_move_it(status: CardStatus) -> None:
    state = CardState(status=status)
    assert decide(state, Act(CardEventType.ASSIGNED, {"assignee": None})) == (status, {"assignee": None})
    said = {"text": "Look", "mentions": ["ada"]}
    assert decide(state, Act(CardEventType.COMMENTED, said)) == (status, said)
    assert decide(state, Act(CardEventType.SEVERITY_OVERRIDDEN, {"severity": "high"})) == (status, {"severity": "high"})


class History:
    """Events of one card, one an hour."""

    def __init__(self, card_id: str = "card", *, first_at: datetime = NOW) -> None:
        self.card_id, self.first_at = card_id, first_at
        self.events: list[CardEvent] = []

    def add(self, kind: str, status: str, actor: str = "ada", **payload: Any) -> "History":
        seq = len(self.events) + 1
        self.events.append(
            CardEvent(
                card_id=self.card_id,
                seq=seq,
                type=CardEventType(kind),
                actor=actor,
                status=CardStatus(status),
                payload=payload,
                occurred_at=self.first_at + timedelta(hours=seq),
            )
        )
        return self


def test_of_each_side_of_a_card_the_last_word_counts() -> None:
    history = (
        History()
        .add("assigned", "new", assignee="ada")
        .add("status_changed", "working")
        .add("snoozed", "waiting", until_on="2026-12-01", is_for_reply=True)
    )
    waiting = folded("card", history.events)
    assert (waiting.status, waiting.assignee, waiting.waiting_until_on) == ("waiting", "ada", date(2026, 12, 1))
    assert waiting.is_waiting_for_reply
    history.add("woken", "working", MACHINE, why="The customer wrote.").add(
        "severity_overridden", "working", severity="low"
    )
    working = folded("card", history.events)
    assert (working.status, working.waiting_until_on, working.is_waiting_for_reply) == ("working", None, False)
    history.add("completed", "completed", outcome="saved", mrr=10.0, mrr_source="mapped_property")
    history.add("commented", "completed", text="Well done.", mentions=[])
    done = folded("card", history.events)
    assert (done.status, done.outcome, done.outcome_mrr, done.severity_override) == ("completed", "saved", 10.0, "low")
    assert done.completed_at == NOW + timedelta(hours=6)
    history.add("reopened", "new", MACHINE, why="It is back.")
    back = folded("card", history.events)
    assert (back.status, back.outcome, back.completed_at, back.reopen_count, back.last_seq) == ("new", None, None, 1, 8)
    assert (back.first_touched_at, back.last_touched_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=7))


def test_events_of_a_card_that_turned_out_to_be_this_one_count_by_their_time() -> None:
    mine = History("mine").add("status_changed", "working")
    theirs = History("theirs", first_at=NOW + timedelta(minutes=30))
    theirs.add("assigned", "new", assignee="bob").add("completed", "completed", outcome=CardOutcome.CHURNED)
    joined = folded("mine", [*theirs.events, *mine.events])
    assert (joined.status, joined.outcome, joined.assignee, joined.last_seq) == ("completed", "churned", "bob", 1)


def test_nothing_happened() -> None:
    assert folded("card", []) == CardState()
