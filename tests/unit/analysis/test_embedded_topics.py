"""Topics come from names and descriptions, and from what people's corrections taught."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.analyzer import MOST_TOPICS, Taxonomy, Topic, TopicExample, TopicRule
from analysis.embedded.topics import TopicSorter

SORTER = TopicSorter()
LOGIN, BILLING, EXPORTS = (
    Topic("Login & SSO", "Signing in, passwords, two-factor codes"),
    Topic("Billing", "Invoices, payments, refunds"),
    Topic("Exports", "Downloading data as CSV or Excel files"),
)
TAXONOMY = Taxonomy((LOGIN, BILLING, EXPORTS))
NAMES = TAXONOMY.names
WORDS = ("password", "invoice", "csv", "seat", "tablet", "crash", "login", "refund", "monday", "slow")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
EXAMPLES = st.builds(TopicExample, TEXTS, st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple))
TAUGHT = st.lists(EXAMPLES, max_size=12).map(tuple)


def taught(*examples: tuple[str, tuple[str, ...]], rules: tuple[TopicRule, ...] = ()) -> Taxonomy:
    return replace(TAXONOMY, examples=tuple(TopicExample(*one) for one in examples), rules=rules)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cannot sign in\n\nThe password reset does not arrive.", ("Login & SSO",)),
        ("Refund\n\nYou charged our credit card twice.", ("Billing",)),
        ("CSV download\n\nThe Excel file is empty.", ("Exports",)),
        ("Lunch\n\nWhere shall we meet on Friday?", ()),
        ("", ()),
    ],
)
def test_topics_come_from_the_taxonomy_or_there_is_none(text: str, expected: tuple[str, ...]) -> None:
    assert SORTER.sort(text, TAXONOMY) == expected


@settings(deadline=None, max_examples=50)
@given(
    st.text(max_size=200), st.lists(st.builds(Topic, st.text(max_size=20), st.text(max_size=40)), max_size=6), TAUGHT
)
def test_any_taxonomy_is_sorted_into_without_failing(
    text: str, topics: list[Topic], examples: tuple[TopicExample, ...]
) -> None:
    found = SORTER.sort(text, Taxonomy(tuple(topics), examples=examples))
    assert set(found) <= {topic.name for topic in topics}
    assert len(found) <= MOST_TOPICS


def test_a_correction_moves_the_tickets_that_are_like_it_and_leaves_the_others() -> None:
    seats = "Seats\n\nHow many seats do we have on our plan?"
    like, other = "Seats on the plan\n\nCan we add two seats?", "Excel\n\nThe CSV file is empty."
    assert SORTER.sort(like, TAXONOMY) == ()
    after = taught((seats, ("Billing",)))
    assert SORTER.sort(like, after) == ("Billing",)
    assert SORTER.sort(other, after) == SORTER.sort(other, TAXONOMY) == ("Exports",)


def test_a_ticket_that_a_person_sorted_is_of_what_they_said() -> None:
    text = "Password of the invoice portal\n\nThe CSV of my invoices is empty."
    for topics in ((), ("Exports",), ("Login & SSO", "Billing")):
        assert SORTER.sort(text.upper(), taught((f" {text}\n", topics))) == topics


def test_people_who_disagree_about_one_ticket_are_all_heard() -> None:
    assert set(SORTER.sort("seat", taught(("seat", ("Billing",)), ("seat", ("Exports",))))) == {"Billing", "Exports"}


def test_tickets_that_belong_nowhere_teach_what_none_looks_like() -> None:
    text = "Refund of an invoice\n\nThe wording of our newsletter."
    months = [
        (f"Refund of an invoice\n\nWording of the newsletter in {month}.", ()) for month in ("May", "June", "July")
    ]
    assert SORTER.sort(text, TAXONOMY) == ("Billing",)
    assert SORTER.scores(text, taught(*months))["Billing"] < 0.5 * SORTER.scores(text, TAXONOMY)["Billing"]


def test_rules_with_a_topic_teach_by_their_words_and_their_passage() -> None:
    text = "Can we add two seats?"
    said = TopicRule("Anything about seats and licences is billing", "Billing")
    shown = TopicRule("As agreed", "Billing", example="please add more seats")
    assert SORTER.sort(text, TAXONOMY) == ()
    assert SORTER.sort(text, taught(rules=(said,))) == ("Billing",)
    assert SORTER.sort(text, taught(rules=(shown,))) == ("Billing",)
    general = TopicRule("Be strict about seats", None)
    assert SORTER.scores(text, taught(rules=(general,))) == SORTER.scores(text, TAXONOMY)


def test_examples_of_a_topic_that_is_gone_are_left_out_and_do_not_stand_for_none() -> None:
    gone = taught(("CSV download is empty", ("Reports",)))
    assert SORTER.scores("CSV download is empty", gone) == SORTER.scores("CSV download is empty", TAXONOMY)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TAUGHT, st.randoms(use_true_random=False))
def test_the_order_of_topics_examples_and_rules_does_not_matter(
    text: str, examples: tuple[TopicExample, ...], random: object
) -> None:
    rules = (
        TopicRule("about seats", "Billing"),
        TopicRule("about tablets", "Billing"),
        TopicRule("slow ones", "Exports"),
    )
    parts = [list(TAXONOMY.topics), list(rules), list(examples)]
    for part in parts:
        random.shuffle(part)  # type: ignore[attr-defined]
    one = Taxonomy(TAXONOMY.topics, rules, examples)
    other = Taxonomy(*(tuple(part) for part in parts))  # type: ignore[arg-type]
    assert TopicSorter().scores(text, one) == TopicSorter().scores(text, other)
    assert TopicSorter().sort(text, one) == TopicSorter().sort(text, other)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TAUGHT)
def test_the_same_question_always_gets_the_same_answer(text: str, examples: tuple[TopicExample, ...]) -> None:
    taxonomy = Taxonomy(TAXONOMY.topics, examples=examples)
    once = SORTER.scores(text, taxonomy)
    assert once == SORTER.scores(text, replace(taxonomy, version=7)) == TopicSorter().scores(text, taxonomy)
    assert all(0 <= score <= 1 for score in once.values())


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(NAMES), TAUGHT)
def test_an_example_of_a_topic_never_lowers_its_own_score(
    text: str, topic: str, examples: tuple[TopicExample, ...]
) -> None:
    before = Taxonomy(TAXONOMY.topics, examples=examples)
    after = replace(before, examples=(*examples, TopicExample(text, (topic,))))
    assert SORTER.scores(text, after)[topic] >= SORTER.scores(text, before)[topic]
    assert topic in SORTER.sort(text, after)
