"""Rules tenants make themselves: what may be asked of a company, how a rule is written, and the form it is evaluated in. Pure.

Stored by `core.appdb.rules`, evaluated by the dbt model `int_tenant_rule_spans` and nowhere else (docs/decisions/0017). What a fact
is on a given day is told by `int_company_fact_steps`; a test holds the list here against it.
"""

from core.rules.errors import MOST_RULES, InvalidRule, Problem, TooManyRules, UnknownRule
from core.rules.facts import FACTS, LONGEST_WINDOW_DAYS, Fact, FactKind
from core.rules.normal import MOST_CLAUSES, Literal, clauses
from core.rules.rule import Rule, parse_rule
from core.rules.tree import DEEPEST, MOST_NODES, AllOf, AnyOf, Comparison, Node, Not, parse_tree

__all__ = [
    "DEEPEST",
    "FACTS",
    "LONGEST_WINDOW_DAYS",
    "MOST_CLAUSES",
    "MOST_NODES",
    "MOST_RULES",
    "AllOf",
    "AnyOf",
    "Comparison",
    "Fact",
    "FactKind",
    "InvalidRule",
    "Literal",
    "Node",
    "Not",
    "Problem",
    "Rule",
    "TooManyRules",
    "UnknownRule",
    "clauses",
    "parse_rule",
    "parse_tree",
]
