"""The trained head: what it is told, what it adds, and that its training can be repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.embedded.features import Survey, survey, words
from analysis.embedded.head import BORDERS, Head, load_head
from analysis.embedded.levels import level
from analysis.embedded.listening import listen
from analysis.embedded.rules import load_rules
from analysis.embedded.training import cross_validated, lessons, train, written
from core.vocabulary import Sentiment

RULES = load_rules()
SAID = {
    "very_negative": "blorp blorp",
    "negative": "blorp",
    "neutral": "thing",
    "positive": "zing",
    "very_positive": "zing zang",
}
TEXTS = [
    (f"{said} number {count} of the {filler}", label)
    for label, said in SAID.items()
    for count, filler in enumerate(("red door", "blue door", "old house", "new house", "big garden", "small garden"))
]


def test_a_head_is_its_weights() -> None:
    head = Head("x", {"good": 2.0, "bad": -2.0}, {"length": [0.0, 1.0, 0.0, 0.0]}, [-2.0, -1.0, 1.0, 2.0])
    assert head.above([], {}) == [2.0, 1.0, -1.0, -2.0]
    assert head.above(["good", "bad", "unheard", "of"], {"length": 0.5, "unknown": 9.0}) == [2.0, 1.5, -1.0, -2.0]
    assert head.above(["good"], {}) == [4.0, 3.0, 1.0, 0.0]


def test_words_speak_for_what_they_were_said_with() -> None:
    head = train(lessons(TEXTS))
    assert head.words["blorp"] < 0 < head.words["zing"]
    assert head.borders == sorted(head.borders)
    assert "garden" in head.words
    assert "number" not in {word for word in head.words if abs(head.words[word]) > abs(head.words["zing"])}


def test_what_fewer_than_three_texts_say_is_not_learned() -> None:
    head = train(lessons([*TEXTS, ("xylophone xylophone", "positive"), ("a xylophone", "positive")]))
    assert "xylophone" not in head.words


def test_the_same_texts_give_the_same_file() -> None:
    one, other = (train(lessons(texts)) for texts in (TEXTS, list(TEXTS)))
    assert written(one) == written(other)
    assert one.version == other.version != train(lessons(TEXTS[:-4])).version


def test_in_cross_validation_no_text_is_judged_by_a_head_that_learned_it() -> None:
    learned = lessons(TEXTS)
    found = list(cross_validated(learned))
    assert sorted(id(one) for one, _ in found) == sorted(map(id, learned))
    assert len({one.fold for one in learned}) > 1
    assert sum(given == Sentiment.NEUTRAL for _, given in found) < len(found), "something carries over to unseen texts"


def test_the_head_that_ships_knows_the_measures_that_are_taken() -> None:
    head = load_head()
    told = [
        listen(text, RULES).measures
        for text in ("Hello", "What was good?\n\nAll", "How could we improve?\n\nAll", "FFT Why?\n\nAll")
    ]
    assert {name for one in told for name in one} == set(head.measures)
    assert all(len(weights) == BORDERS for weights in head.measures.values())
    assert head.words["thank"] > 0 > head.words["worst"]


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("what was good?", "praise"),
        ("how could we improve?", "wishes"),
        ("what could we do better?", "wishes"),
        ("what is the main reason for your score?", "reasons"),
        ("how do i export a report?", ""),
        ("", ""),
    ],
)
def test_survey_questions_are_told_from_questions(subject: str, kind: str) -> None:
    asked = survey(subject, RULES)
    assert [name for name in ("praise", "wishes", "reasons") if getattr(asked, name)] == ([kind] if kind else [])
    assert asked.is_asked == bool(kind)


def test_words_of_logs_are_not_heard() -> None:
    heard = listen("It stopped\n\n2026-11-01 10:00:00 terrible horrible\nPlease help", RULES)
    assert {"stopped", "help"} <= set(heard.words)
    assert not {"terrible", "horrible"} & set(heard.words)


@given(st.text(max_size=200))
def test_words_are_different_ones_in_order(text: str) -> None:
    found = words(text.lower())
    assert list(found) == sorted(set(found))


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4).map(sorted), st.floats(0, 2))
def test_a_text_further_above_every_border_is_never_more_negative(above: list[float], more: float) -> None:
    falling = above[::-1]
    assert _level(falling).level <= _level([one + more for one in falling]).level


def _level(above: list[float]) -> Sentiment:
    return level(above, [], Survey())
