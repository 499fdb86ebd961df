"""Rules as they are written: what is taken, what is refused and where, and that multiplying out changes no verdict."""

import json
import re
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import DEEPEST, FACTS, MOST_CLAUSES, MOST_NODES, FactKind, InvalidRule, Literal, parse_rule
from core.rules.tree import comparisons
from core.vocabulary import Severity
from tests.support.rules import NASTY, measure_of, random_tree, random_value, rule, verdict

RICH = {"fact": "mrr", "op": ">=", "value": 2000}
WINDOWED = {"fact": "ticket_count", "op": ">", "value": 2, "within_days": 14}
AWAY = {"fact": "last_login_age_days", "op": ">", "value": 8}


def written(when: object, **more: object) -> str:
    return json.dumps({"rule_id": "big-account", "name": "Big account", "when": when, **more})


def refused(text: str) -> dict[str, str]:
    with pytest.raises(InvalidRule) as refusal:
        parse_rule(text)
    assert str(refusal.value).startswith("The rule cannot be used. ")
    return {problem.path: problem.message for problem in refusal.value.problems}


def test_a_rule_reads_back_as_it_was_written() -> None:
    tree = {"all": [RICH, {"any": [AWAY, {"not": WINDOWED}]}]}
    rule = parse_rule(written(tree, severity="high", is_notify=True))
    assert (rule.rule_id, rule.name, rule.severity, rule.is_notify) == (
        "big-account",
        "Big account",
        Severity.HIGH,
        True,
    )
    assert rule.tree == tree
    assert parse_rule(json.dumps(rule.as_json())) == rule
    assert rule.facts == ("mrr", "last_login_age_days", "ticket_count")
    quiet = parse_rule(written(RICH))
    assert (quiet.severity, quiet.is_notify) == (Severity.MEDIUM, False)


def test_negation_moves_down_and_all_is_multiplied_out() -> None:
    made = rule({"all": [RICH, {"not": {"all": [AWAY, WINDOWED]}}]})
    rich = Literal("mrr", ">=", 2000.0)
    assert made.clauses == (
        (rich, Literal("last_login_age_days", "<=", 8.0)),
        (rich, Literal("ticket_count", "<=", 2.0, within_days=14)),
    )


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ({"fact": "ticket_count", "op": ">", "value": 2, "within_days": 7}, [[(">=", 3)]]),
        ({"fact": "open_ticket_count", "op": "<", "value": 2}, [[("<=", 1)]]),
        ({"fact": "open_ticket_count", "op": "=", "value": 2}, [[("=", 2)]]),
        ({"fact": "renewal_in_days", "op": "=", "value": -3}, [[(">=", -3), ("<=", -3)]]),
        ({"fact": "company_age_days", "op": "!=", "value": 30}, [[("<=", 29)], [(">=", 31)]]),
        ({"fact": "mrr", "op": "<", "value": 99.5}, [[("<", 99.5)]]),
    ],
)
def test_whole_numbers_are_bounded_from_within(
    comparison: dict[str, Any], expected: list[list[tuple[str, float]]]
) -> None:
    clauses = rule(comparison).clauses
    assert [[(literal.op, literal.value) for literal in clause] for clause in clauses] == expected


def test_a_clause_that_another_makes_superfluous_is_dropped_and_a_repeated_literal_too() -> None:
    assert rule({"any": [RICH, {"all": [RICH, AWAY]}]}).clauses == ((Literal("mrr", ">=", 2000.0),),)
    assert rule({"all": [RICH, RICH]}).clauses == ((Literal("mrr", ">=", 2000.0),),)


@given(seed=st.integers(min_value=0, max_value=2**32))
def test_clauses_say_what_the_tree_says_whatever_is_known(seed: int) -> None:
    random = Random(seed)
    try:
        made = rule(random_tree(random))
    except InvalidRule:
        # It has more alternatives than a rule may have.
        return
    for _ in range(10):
        facts = {measure_of(one): random_value(random, one.fact) for _, one in comparisons(made.when)}
        fires = any(all(holds(literal, facts) for literal in clause) for clause in made.clauses)
        assert fires == (verdict(made.when, facts) is True), (made.tree, facts)


def holds(literal: Literal, facts: dict[str, Any]) -> bool:
    plain = {"fact": literal.fact, "op": literal.op, "within_days": literal.within_days, "topic": literal.topic}
    value = literal.value if literal.text_value is None else literal.text_value
    return (
        verdict(rule({name: one for name, one in plain.items() if one is not None} | {"value": value}).when, facts)
        is True
    )


def test_an_unknown_fact_is_unknown_either_way_round() -> None:
    for tree in (RICH, {"not": RICH}, {"any": [RICH, {"not": RICH}]}, {"all": [RICH, AWAY]}):
        assert verdict(rule(tree).when, {"last_login_age_days": 9}) is None
    assert verdict(rule({"any": [RICH, AWAY]}).when, {"last_login_age_days": 9}) is True
    assert verdict(rule({"all": [RICH, {"not": AWAY}]}).when, {"last_login_age_days": 9}) is False


@pytest.mark.parametrize("word", [word for word in NASTY if word])
def test_any_printable_word_may_be_compared_with(word: str) -> None:
    made = parse_rule(written({"fact": "lifecycle_stage", "op": "=", "value": word}))
    assert made.clauses == ((Literal("lifecycle_stage", "=", None, word),),)


@pytest.mark.parametrize(
    ("when", "path", "says"),
    [
        (
            {"all": [RICH, {"not": {**WINDOWED, "fact": "tickets"}}]},
            "when.all[1].not.fact",
            "There is no fact 'tickets'",
        ),
        ({"all": [RICH, {"not": {"op": ">", "value": 1}}]}, "when.all[1].not.fact", "missing"),
        ({"any": [{**RICH, "op": "=="}]}, "when.any[0].op", "no operator"),
        ({"fact": "lifecycle_stage", "op": ">", "value": "a"}, "when.op", "compared with = or !="),
        ({**RICH, "value": "2000"}, "when.value", "mrr is a number, and '2000' is a text"),
        ({**RICH, "value": True}, "when.value", "True is of the wrong type"),
        ({**RICH, "value": None}, "when.value", "None is of the wrong type"),
        ({**RICH, "value": [1]}, "when.value", "wrong type"),
        ({**RICH, "value": 1e12}, "when.value", "no number to compare with"),
        ({**RICH, "value": 10**400}, "when.value", "no number to compare with"),
        ({**AWAY, "value": 36_501}, "when.value", "at most 36,500 days"),
        ({**WINDOWED, "value": 2.5}, "when.value", "whole number of tickets"),
        ({"fact": "lifecycle_stage", "op": "=", "value": 1}, "when.value", "is a text, and 1 is a number"),
        ({"fact": "lifecycle_stage", "op": "=", "value": "a\u0000b"}, "when.value", "a word of up to"),
        ({"fact": "lifecycle_stage", "op": "=", "value": "x" * 201}, "when.value", "a word of up to"),
        ({**RICH, "within_days": 3}, "when.within_days", "looks back over no days"),
        ({"fact": "ticket_count", "op": ">", "value": 2}, "when.within_days", "needs the number of days"),
        ({**WINDOWED, "within_days": 0}, "when.within_days", "1 to 365"),
        ({**WINDOWED, "within_days": 366}, "when.within_days", "1 to 365"),
        ({**WINDOWED, "fact": "negative_count", "within_days": 91}, "when.within_days", "1 to 90"),
        ({**WINDOWED, "within_days": 1.5}, "when.within_days", "wrong type"),
        ({**WINDOWED, "fact": "topic_ticket_count"}, "when.topic", "needs a topic"),
        ({**RICH, "topic": "export"}, "when.topic", "nothing to do with a topic"),
        ({"all": []}, "when.all", "empty"),
        ({"any": []}, "when.any", "empty"),
        ({"all": RICH}, "when.all", "a list of parts"),
        ({"all": [7]}, "when.all[0]", "a part an object"),
        ({"all": [RICH], "fact": "mrr"}, "when.fact", "does not belong here"),
        ({**RICH, "sql": "1=1"}, "when.sql", "does not belong here"),
        ("mrr > 3", "when", "a part an object"),
        ({}, "when.fact", "missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(when: object, path: str, says: str) -> None:
    problems = refused(written(when))
    assert says in problems[path], problems


def test_every_problem_is_named_at_once() -> None:
    problems = refused(
        written({"any": [{**RICH, "fact": "a"}, {**WINDOWED, "within_days": 0}, {**RICH, "value": "x"}]})
    )
    assert set(problems) == {"when.any[0].fact", "when.any[1].within_days", "when.any[2].value"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_number_is_no_number(number: str) -> None:
    problems = refused(written({**RICH, "value": 7}).replace("7}", f"{number}}}"))
    assert "no number to compare with" in problems["when.value"]


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = RICH
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


def test_a_tree_is_as_deep_and_as_large_as_can_be_read_and_no_more() -> None:
    assert parse_rule(written(nested(DEEPEST))).clauses
    path = "when" + ".not" * DEEPEST
    assert f"{DEEPEST} levels deep" in refused(written(nested(DEEPEST + 1)))[path]
    group = {"all": [{**RICH, "value": number} for number in range(MOST_NODES - 1)]}
    assert len(parse_rule(written(group)).clauses[0]) == MOST_NODES - 1
    group["all"].append(AWAY)
    assert f"{MOST_NODES} groups and comparisons" in refused(written(group))["when"]


def test_a_tree_made_to_exhaust_us_is_refused_at_once() -> None:
    tiny = {"fact": "mrr", "op": ">", "value": 1}
    assert "longer than" in refused(written({"any": [tiny] * 10_000}))[""]
    assert "no JSON" in refused(written(0).replace("0}", '{"not":' * 5_000 + "1" + "}" * 5_000 + "}"))[""]
    with pytest.raises(InvalidRule, match=r"when\.any: A rule may have 100"):
        rule({"any": [tiny] * 10_000})
    deep: Any = tiny
    for _ in range(10_000):
        deep = {"not": deep}
    with pytest.raises(InvalidRule, match="levels deep"):
        rule(deep)
    pairs = [{"any": [{**RICH, "value": 2 * one}, {**RICH, "value": 2 * one + 1}]} for one in range(30)]
    with pytest.raises(InvalidRule, match=f"more than {MOST_CLAUSES} alternatives"):
        rule({"all": pairs})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"rule_id": "Big account"}, "rule_id"),
        ({"rule_id": "x" * 41}, "rule_id"),
        ({"rule_id": "-x"}, "rule_id"),
        ({"name": " "}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"severity": "worst"}, "severity"),
        ({"is_notify": "yes"}, "is_notify"),
        ({"sql": "drop"}, "sql"),
    ],
)
def test_the_head_is_looked_at_too(change: dict[str, object], path: str) -> None:
    assert list(refused(written(RICH, **change))) == [path]


@pytest.mark.parametrize("text", ["", "[]", "3", "null", '{"rule_id": "a"', '"\\ud800"'])
def test_what_is_no_rule_at_all_is_refused_as_a_whole(text: str) -> None:
    assert list(refused(text)) == [""]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["all", "any", "not", "fact", "op", "value", "x"]), inner)
        ),
    )
)
def test_whatever_is_handed_in_is_taken_or_refused(plain: Any) -> None:
    with suppress(InvalidRule):
        assert rule(plain).clauses


def test_every_fact_can_be_asked_for_and_compared() -> None:
    for fact in FACTS.values():
        plain = {"fact": fact.name, "op": "=", "value": "a" if fact.kind is FactKind.TEXT else 1}
        plain |= {"within_days": 30} if fact.has_window else {}
        plain |= {"topic": "export"} if fact.has_topic else {}
        assert rule(plain).facts == (fact.name,)


PAGE = (Path(__file__).parents[4] / "docs" / "rules.md").read_text()


def test_the_examples_in_the_docs_can_be_saved_as_they_stand() -> None:
    examples = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert [parse_rule(one).rule_id for one in examples] == ["big-account-away", "renewal-in-trouble"]


def test_every_fact_stands_in_the_docs_in_the_models_and_on_the_board() -> None:
    root = Path(__file__).parents[4]
    assert re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE) == list(FACTS)
    steps = (root / "transforms/models/intermediate/int_company_fact_steps.sql").read_text()
    assert {name for name in re.findall(r"'(\w+)'", steps) if name in FACTS} == set(FACTS)
    words = (root / "transforms/macros/rules.sql").read_text()
    assert re.findall(r"when '(\w+)'", words) == sorted(FACTS, key=re.findall(r"when '(\w+)'", words).index)
    board = (root / "serve/ui/src/board/score.ts").read_text()
    labels = re.search(r"const FACT_LABELS: .*?\{(.*?)\n\};", board, re.DOTALL)
    assert labels
    assert set(re.findall(r"^\s+(\w+):", labels.group(1), re.MULTILINE)) == set(FACTS)
