"""Tenants' rules in the warehouse against a direct evaluator: random trees over random facts, unknown ones among them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.rules import FACTS, FactKind, InvalidRule, Rule
from core.rules.tree import comparisons
from core.warehouse import Column, ColumnType, TableSpec, Warehouse
from tests.support.rules import NASTY, Value, measure_of, random_tree, random_value, verdict
from tests.support.warehouse_fixtures import SourceRow, fill, table_rows, trigger_rule
from transforms import runner

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAYS = [date(2026, 11, 20) - timedelta(days=back) for back in reversed(range(10))]
RULES, COMPANIES = 240, 20

STEPS = TableSpec(
    "intermediate",
    "int_company_fact_steps",
    (
        *(Column(name) for name in ("tenant_id", "company_id", "measure")),
        Column("from_on", ColumnType.DATE),
        Column("until_on", ColumnType.DATE),
        Column("number_value", ColumnType.FLOAT),
        Column("text_value"),
        Column("slope", ColumnType.INTEGER),
    ),
    ("tenant_id", "company_id", "measure", "from_on"),
)


@dataclass(frozen=True)
class Step:
    """A stretch of days on which a fact is what it is, or moves by one a day."""

    first: int
    last: int
    value: Value
    slope: int = 0

    def on(self, day: int) -> Value:
        return self.value + self.slope * (day - self.first) if isinstance(self.value, int | float) else self.value


def random_rules(random: Random) -> list[Rule]:
    made: list[Rule] = []
    while len(made) < RULES:
        number = len(made)
        name = f"{number} {NASTY[number % len(NASTY)]}".strip()
        plain = {"rule_id": f"rule-{number}", "name": name, "when": random_tree(random)}
        try:
            made.append(Rule.of(plain))
        except InvalidRule:
            # It has more alternatives than a rule may have.
            continue
    return made


def random_steps(random: Random, fact: str) -> list[Step]:
    cuts = sorted({0, len(DAYS), *random.sample(range(1, len(DAYS)), random.randint(0, 4))})
    slope = {FactKind.DAYS: -1 if fact == "renewal_in_days" else 1}.get(FACTS[fact].kind, 0)
    found = [Step(first, last - 1, random_value(random, fact), slope) for first, last in pairwise(cuts)]
    return [one for one in found if one.value is not None]


class Fuzzed:
    """Rules and facts in a warehouse, and what dbt made of them."""

    def __init__(self, warehouse: Warehouse, target_dir: Path) -> None:
        random = Random(20261120)
        self.rules = random_rules(random)
        measures = {measure_of(one): one.fact for rule in self.rules for _, one in comparisons(rule.when)}
        self.facts = {
            (str(company), measure): random_steps(random, fact)
            for company in range(COMPANIES)
            for measure, fact in measures.items()
        }
        rows: list[SourceRow] = [
            row for rule in self.rules for row in trigger_rule(rule, valid_from_at=AS_OF - timedelta(days=9))
        ]
        rows.append(SourceRow("raw_app.tenants", {"tenant_id": "acme"}))
        fill(warehouse.secret_url.get_secret_value(), rows)
        warehouse.merge([(STEPS, [self._row(*key, step) for key, steps in self.facts.items() for step in steps])])
        url = warehouse.secret_url.get_secret_value()
        runner.build(
            url,
            select="+int_trigger_params stg_app__topics stg_app__trigger_rule_literals +int_tenant_rules "
            "int_tenant_rule_spans int_stale_days int_tenant_rule_daily",
            as_of=AS_OF,
            target_dir=target_dir,
        )
        self.spans = table_rows(url, "intermediate.int_tenant_rule_spans")
        self.daily = table_rows(url, "intermediate.int_tenant_rule_daily")

    @staticmethod
    def _row(company: str, measure: str, step: Step) -> dict[str, Any]:
        is_text = isinstance(step.value, str)
        return {
            "tenant_id": "acme",
            "company_id": company,
            "measure": measure,
            "from_on": DAYS[step.first],
            "until_on": DAYS[step.last],
            "number_value": None if is_text else float(step.value or 0),
            "text_value": step.value if is_text else None,
            "slope": step.slope,
        }

    def known(self, company: str, day: int) -> Mapping[str, Value]:
        """What is known of a company on a day."""
        return {
            measure: step.on(day)
            for (of, measure), steps in self.facts.items()
            if of == company
            for step in steps
            if step.first <= day <= step.last
        }

    def firing(self) -> Iterator[tuple[str, date, Rule, Mapping[str, Value]]]:
        """What fires, by the direct evaluator."""
        for company in map(str, range(COMPANIES)):
            for day, on in enumerate(DAYS):
                facts = self.known(company, day)
                for rule in self.rules:
                    if verdict(rule.when, facts) is True:
                        yield company, on, rule, facts


@pytest.fixture
def fuzzed(warehouse: Warehouse, tmp_path: Path) -> Fuzzed:
    return Fuzzed(warehouse, tmp_path / "target")


def test_the_warehouse_judges_as_the_tree_says_and_tells_what_it_judged_by(fuzzed: Fuzzed) -> None:
    expected = {(company, on, rule.rule_id): (rule, facts) for company, on, rule, facts in fuzzed.firing()}
    found = {
        (row["company_id"], on, row["rule_id"])
        for row in fuzzed.spans
        for on in DAYS
        if row["from_on"] <= on <= row["until_on"]  # type: ignore[operator]
    }
    assert found == set(expected)
    assert len(found) > RULES * COMPANIES, "enough fires for the comparison to mean something"
    told = {}
    for row in fuzzed.daily:
        components = json.loads(str(row["components"]))
        assert row["score"] == len(components["rules"])
        for rule_id, one in components["rules"].items():
            told[row["company_id"], row["scored_on"], rule_id] = one
    assert set(told) == set(expected)
    for key, (rule, facts) in expected.items():
        one = told[key]
        asked = {measure_of(comparison) for _, comparison in comparisons(rule.when)} & {
            literal.measure for clause in rule.clauses for literal in clause
        }
        assert one["name"] == rule.name
        assert one["facts"] == {name: pytest.approx(facts[name]) for name in asked if name in facts}
        assert set(one["unknown"]) == {name for name in asked if name not in facts}
