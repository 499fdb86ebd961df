"""Editing a taxonomy: what each edit does, what is refused, and what holds after any sequence of edits."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.topics import ContentExample, Edit, InvalidEdit, TaxonomyContent, edited, is_relabelling
from core.topics.diff import differences
from core.vocabulary import TopicEditKind as Kind


def do(content: TaxonomyContent, kind: Kind, **details: Any) -> TaxonomyContent:
    return edited(content, Edit(kind, details, "ada"))


@pytest.fixture
def desk() -> TaxonomyContent:
    content = TaxonomyContent()
    content = do(content, Kind.ADD, name="Money", description="All about money.")
    content = do(content, Kind.ADD, name="Billing", description="Invoices.", parent="Money")
    content = do(content, Kind.ADD, name="Prices", description="What it costs.", parent="Money")
    content = do(content, Kind.ADD, name="Login", description="Signing in.")
    content = do(content, Kind.ADD_RULE, text="Refunds are billing.", topic="Billing", example="my money back")
    return replace(content, examples=(ContentExample(1, ("Billing", "Login")),))


def names(content: TaxonomyContent) -> dict[str, str | None]:
    return {topic.name: topic.parent for topic in content.active}


def test_a_rename_takes_children_rules_examples_and_history_along(desk: TaxonomyContent) -> None:
    desk = do(desk, Kind.RENAME, name="Money", to="Finance")
    desk = do(desk, Kind.RENAME, name="Billing", to="Invoices")
    assert names(desk) == {"Finance": None, "Invoices": "Finance", "Prices": "Finance", "Login": None}
    assert desk.rules[0].topic == "Invoices"
    assert desk.examples[0].topics == ("Invoices", "Login")
    assert (desk.current("Billing"), desk.current("Money"), desk.current("Weather")) == ("Invoices", "Finance", None)
    assert desk.relabelled(["Billing", "none", "Invoices", "Login"]) == ("Invoices", "Login")


def test_a_name_can_come_back_and_history_follows(desk: TaxonomyContent) -> None:
    desk = do(desk, Kind.RENAME, name="Login", to="Access")
    desk = do(desk, Kind.RENAME, name="Access", to="Sign-in")
    desk = do(desk, Kind.RENAME, name="Sign-in", to="Access")
    assert {desk.current(name) for name in ("Login", "Access", "Sign-in")} == {"Access"}


def test_a_merge_joins_descriptions_and_moves_what_stood_below(desk: TaxonomyContent) -> None:
    desk = do(desk, Kind.MERGE, name="Money", into="Login")
    assert names(desk) == {"Billing": "Login", "Prices": "Login", "Login": None}
    assert desk.topic("Login") is not None
    assert desk.topic("login").description == "Signing in. All about money."  # type: ignore[union-attr]
    assert desk.current("Money") == "Login"


def test_a_split_leaves_the_old_one_archived_or_as_the_parent(desk: TaxonomyContent) -> None:
    parts = [{"name": "Passwords", "description": "Resets."}, {"name": "SSO"}]
    apart = do(desk, Kind.SPLIT, name="Login", into=parts)
    assert (names(apart)["Passwords"], names(apart)["SSO"]) == (None, None)
    assert apart.current("Login") is None
    below = do(desk, Kind.SPLIT, name="Login", into=parts, is_kept=True)
    assert (names(below)["Passwords"], names(below)["Login"], below.current("Login")) == ("Login", None, "Login")


def test_an_archived_topic_is_silent_and_comes_back(desk: TaxonomyContent) -> None:
    desk = do(desk, Kind.ARCHIVE, name="billing")
    assert desk.relabelled(["Billing"]) == ()
    assert desk.relabelled_or_lost(["Billing", "Login"]) is None
    assert desk.relabelled_or_lost(["none"]) == ()
    assert desk.active_rules == ()
    desk = do(desk, Kind.RESTORE, name="Billing")
    assert (names(desk)["Billing"], desk.active_rules[0].topic) == ("Money", "Billing")


REFUSED: list[tuple[Kind, dict[str, Any], str]] = [
    (Kind.ADD, {"name": " "}, "no name"),
    (Kind.ADD, {"name": "x" * 81}, "1 to 80 characters"),
    (Kind.ADD, {"name": "None"}, "no topic fits"),
    (Kind.ADD, {"name": "BILLING"}, "There is a topic Billing already"),
    (Kind.ADD, {"name": "New", "parent": "Billing"}, "two levels"),
    (Kind.ADD, {"name": "New", "parent": "Weather"}, "There is no topic 'Weather'"),
    (Kind.ADD, {"name": "New", "description": "x" * 2_001}, "2,000 at most"),
    (Kind.MOVE, {"name": "Money", "parent": "Login"}, "two levels"),
    (Kind.MOVE, {"name": "Login", "parent": "Login"}, "below itself"),
    (Kind.MERGE, {"name": "Login", "into": "login"}, "into itself"),
    (Kind.MERGE, {"name": "Money", "into": "Billing"}, "move it to the top first"),
    (Kind.ARCHIVE, {"name": "Money"}, "Billing, Prices"),
    (Kind.SPLIT, {"name": "Login", "into": [{"name": "One"}]}, "rename it"),
    (Kind.SPLIT, {"name": "Money", "into": [{"name": "One"}, {"name": "Two"}]}, "keep it as their parent"),
    (Kind.RESTORE, {"name": "Login"}, "no archived topic"),
    (Kind.RENAME, {"name": "Login", "to": "Login"}, "called Login already"),
    (Kind.RENAME, {"name": "Login", "to": "prices"}, "There is a topic Prices already"),
    (Kind.ADD_RULE, {"text": "  "}, "needs words"),
    (Kind.ADD, {"name": "Unread"}, "tickets are counted under that were not sorted"),
    (Kind.REMOVE_RULE, {"rule_id": 9}, "no rule 9"),
]


@pytest.mark.parametrize(("kind", "details", "why"), REFUSED)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    desk: TaxonomyContent, kind: Kind, details: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidEdit, match=why):
        do(desk, kind, **details)


def test_a_name_that_tickets_are_labelled_with_is_not_given_to_something_else(desk: TaxonomyContent) -> None:
    desk = do(desk, Kind.RENAME, name="Login", to="Access")
    with pytest.raises(InvalidEdit, match="is what Access was called"):
        do(desk, Kind.ADD, name="login")
    with pytest.raises(InvalidEdit, match="It is called Access now"):
        do(desk, Kind.ARCHIVE, name="Login")


def test_only_names_changed_or_more() -> None:
    rename, move = Edit(Kind.RENAME, {"name": "a", "to": "b"}), Edit(Kind.MOVE, {"name": "a"})
    assert is_relabelling([rename, move])
    assert not is_relabelling([rename, Edit(Kind.ARCHIVE, {"name": "a"})])


NAMES = st.sampled_from(["A", "a", "B", "C", "D", "E", "None", "", "F"])
SOME_NAME = {"name": NAMES}
ANY_EDIT = st.one_of(
    st.builds(Edit, st.just(Kind.ADD), st.fixed_dictionaries(SOME_NAME | {"parent": st.none() | NAMES})),
    st.builds(Edit, st.just(Kind.RENAME), st.fixed_dictionaries(SOME_NAME | {"to": NAMES})),
    st.builds(Edit, st.just(Kind.MERGE), st.fixed_dictionaries(SOME_NAME | {"into": NAMES})),
    st.builds(
        Edit,
        st.just(Kind.SPLIT),
        st.fixed_dictionaries(
            SOME_NAME | {"into": st.lists(st.fixed_dictionaries(SOME_NAME), max_size=3), "is_kept": st.booleans()}
        ),
    ),
    st.builds(Edit, st.sampled_from([Kind.ARCHIVE, Kind.RESTORE]), st.fixed_dictionaries(SOME_NAME)),
    st.builds(Edit, st.just(Kind.MOVE), st.fixed_dictionaries(SOME_NAME | {"parent": st.none() | NAMES})),
    st.builds(
        Edit, st.just(Kind.ADD_RULE), st.fixed_dictionaries({"text": st.just("Say so."), "topic": st.none() | NAMES})
    ),
)


@given(st.lists(ANY_EDIT, max_size=25))
def test_whatever_people_do_the_taxonomy_holds_and_history_leads_somewhere(edits: list[Edit]) -> None:
    content = TaxonomyContent()
    ever: set[str] = set()
    for edit in edits:
        try:
            content = edited(content, edit)
        except InvalidEdit:
            continue
        held = [topic.name for topic in content.topics]
        ever.update(held)
        assert len({name.casefold() for name in held}) == len(held)
        parents = {topic.name: topic.parent for topic in content.active}
        for parent in filter(None, parents.values()):
            assert parents[parent] is None, "an active parent at the top"
        for name in ever:
            current = content.current(name)
            assert current is None or current in content.active_names
        for name in content.active_names:
            assert content.current(name) == name
        assert {rule.topic for rule in content.rules if rule.topic} <= set(held)
    assert TaxonomyContent.from_json(content.as_json()) == content


@given(st.lists(ANY_EDIT.filter(lambda edit: edit.kind in {Kind.ADD, Kind.RENAME, Kind.MERGE, Kind.MOVE}), max_size=25))
def test_no_label_is_lost_by_renaming_merging_and_moving(edits: list[Edit]) -> None:
    content = TaxonomyContent()
    ever: set[str] = set()
    for edit in edits:
        try:
            content = edited(content, edit)
        except InvalidEdit:
            continue
        ever.update(topic.name for topic in content.topics)
    assert all(content.current(name) for name in ever)


def test_a_rule_is_changed_under_its_number_and_the_diff_shows_both(desk: TaxonomyContent) -> None:
    changed = do(desk, Kind.CHANGE_RULE, rule_id=1, text="Refunds are prices.", topic="Prices")
    [rule] = changed.rules
    assert (rule.rule_id, rule.text, rule.topic, rule.example) == (1, "Refunds are prices.", "Prices", "")
    [line] = differences(desk, changed)
    assert (line.kind, line.what) == ("changed", "rule 1")
    assert line.before == "Refunds are billing. About: Billing. For instance: my money back"
    assert line.after == "Refunds are prices. About: Prices."
    with pytest.raises(InvalidEdit, match="no rule 9"):
        do(desk, Kind.CHANGE_RULE, rule_id=9, text="x")


def test_a_rule_that_follows_its_topic_is_not_called_changed(desk: TaxonomyContent) -> None:
    assert [one.kind for one in differences(desk, do(desk, Kind.RENAME, name="Billing", to="Invoices"))] == ["renamed"]
