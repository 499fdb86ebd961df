"""Which examples stand beside a ticket: the nearest, always the same, and no others because of them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzer import Taxonomy, Topic, TopicExample, TopicRule, taxonomy_fingerprint
from analysis.embedded import EmbeddedAnalyzer
from analysis.topics.nearest import LONGEST_EXAMPLE, MOST_EXAMPLES, narrowed, taxonomy_for

LOGIN = TopicExample("Cannot sign in\n\nThe password reset mail never arrives.", ("Login",))
EXPORT = TopicExample("Export to Excel\n\nThe CSV export cuts off after 100 rows.", ("Exports",))
INVOICE = TopicExample("Invoice\n\nThe invoice of October shows the wrong VAT number.", ("Billing",))
NOTHING = TopicExample("Hello\n\nJust wanted to say hello.", ())
TAXONOMY = Taxonomy(
    (Topic("Login"), Topic("Exports"), Topic("Billing")), (TopicRule("r"),), (LOGIN, EXPORT, INVOICE, NOTHING)
)

WORDS = st.sampled_from(
    ["password", "reset", "mail", "export", "excel", "rows", "invoice", "vat", "slow", "the", "printer"]
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
EXAMPLES = st.lists(st.builds(TopicExample, TEXTS, st.sampled_from([("A",), ("B",), ()])), max_size=8)


def test_the_nearest_are_shown_and_the_rest_is_not() -> None:
    shown = narrowed(TAXONOMY, "I get no password reset mail")
    assert shown.examples == (LOGIN,)
    assert (shown.topics, shown.rules) == (TAXONOMY.topics, TAXONOMY.rules)
    assert narrowed(TAXONOMY, "Our printer is on fire").examples == ()


def test_a_long_example_is_cut() -> None:
    long = TopicExample("password reset mail " * 200, ("Login",))
    [shown] = narrowed(replace(TAXONOMY, examples=(long,)), "password reset mail").examples
    assert len(shown.text) <= LONGEST_EXAMPLE


def test_what_costs_nothing_is_given_everything() -> None:
    assert taxonomy_for(EmbeddedAnalyzer(), TAXONOMY, "anything") is TAXONOMY


@given(EXAMPLES, TEXTS, st.randoms())
def test_the_order_of_the_examples_decides_nothing(examples: list[TopicExample], text: str, random: object) -> None:
    shuffled = list(examples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (narrowed(Taxonomy(examples=tuple(order)), text) for order in (examples, shuffled))
    assert one == other
    assert len(one.examples) <= MOST_EXAMPLES
    assert set(one.examples) <= set(examples)


@given(EXAMPLES, TEXTS)
def test_narrowing_twice_changes_nothing(examples: list[TopicExample], text: str) -> None:
    once = narrowed(Taxonomy(examples=tuple(examples)), text)
    assert narrowed(once, text) == once


@given(EXAMPLES, st.builds(TopicExample, TEXTS, st.just(("New",))), TEXTS)
def test_a_new_example_changes_the_question_only_where_it_is_shown(
    examples: list[TopicExample], new: TopicExample, text: str
) -> None:
    before = narrowed(Taxonomy(examples=tuple(examples)), text)
    after = narrowed(Taxonomy(examples=(*examples, new)), text)
    if new not in after.examples:
        assert taxonomy_fingerprint(after) == taxonomy_fingerprint(before)
    else:
        assert set(after.examples) - {new} <= set(before.examples)
