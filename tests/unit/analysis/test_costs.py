"""Estimates by length and by what was measured; who was refused is not asked about again."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from analysis import open_journal
from analysis.analyzer import Question, Reply, Taxonomy, Topic, Usage
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.journal import Allowance, Journal, Standing
from analysis.llm import OpenAICompatibleAnalyzer
from core.vocabulary import AnalysisTask

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS
ANALYZER = OpenAICompatibleAnalyzer(base_url="http://127.0.0.1:9/v1", api_key=SecretStr(""), model="test/model")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(f"sqlite:///{tmp_path / 'journal.db'}")


def answer(journal: Journal, count: int, usage: Usage) -> None:
    for number in range(count):
        question = Question(S, f"Text {number}")
        claim = journal.claim(
            call_key=f"{usage.cost_usd}-{number}",
            tenant_id="acme",
            identity=ANALYZER.identity(S),
            question=question,
            run_id="run-1",
            lease_seconds=60,
            allowance=Allowance(usage.cost_usd * 2, sent_tokens=1_800),
        ).claim
        assert claim is not None
        journal.store(claim, Reply("{}", usage))


def test_tokens_follow_what_is_sent_and_not_only_the_text(journal: Journal) -> None:
    costs = Costs(journal, ANALYZER, 10)
    short, long = costs.tokens(Question(S, "Hi")), costs.tokens(Question(S, "Hi" + 4_000 * "x"))
    assert long.input - short.input == 1_000
    assert short.input > 300, "the instructions are sent with every text"
    assert costs.tokens(Question(S, 1_000 * "語")).input - short.input > 700, "other scripts need more tokens a letter"
    many = Taxonomy(tuple(Topic(f"Topic {number}", "what it is about") for number in range(50)))
    assert costs.tokens(Question(T, "Hi", many)).input > costs.tokens(Question(T, "Hi")).input + 500


def test_a_price_is_believed_once_enough_was_paid(journal: Journal) -> None:
    costs = Costs(journal, ANALYZER, 10)
    question = Question(S, "Hi")
    assert costs.allowance(question, 5.0).estimate_usd == pytest.approx(costs.tokens(question).total * 1e-5)
    unlearnt = costs.tokens(question).input
    answer(journal, 19, Usage(900, 100, 0.001))
    costs.renew()
    assert not costs.is_measured(S)
    assert costs.tokens(question).output == 100
    answer(journal, 3, Usage(900, 100, 0.002))
    costs.renew()
    assert costs.is_measured(S)
    assert costs.usd_per_token(S) == pytest.approx((19 * 0.001 + 3 * 0.002) / 22_000)
    assert costs.tokens(question).input == pytest.approx(unlearnt / 2, abs=1), (
        "the model counts half of what is reckoned"
    )
    assert not costs.is_measured(T)
    assert costs.error_share == pytest.approx(0.5), "each was taken to cost twice as much"


def test_who_was_refused_is_not_asked_about_again_unless_it_costs_less(journal: Journal) -> None:
    limits = {"acme": 1.0}
    budget = Budget(Costs(journal, ANALYZER, 10), limits.get)
    dear, cheap = (budget.allowance("acme", Question(S, text)) for text in (4_000 * "x", "x"))
    assert cheap.estimate_usd < dear.estimate_usd
    assert (dear.limit_usd, budget.allowance("globex", Question(S, "x")).limit_usd) == (1.0, None)
    why = budget.refuse("acme", dear, Standing("2026-11", 0.99, 0.0))
    assert why.reason == "The budget of 2026-11 is used up: 0.9900 of 1.00 USD are spent."
    assert budget.deferred("acme", dear) == why
    assert budget.deferred("acme", cheap) is None
    assert budget.deferred("globex", dear) is None
    limits["acme"] = 5.0
    budget.renew()
    assert budget.deferred("acme", dear) is None
    assert budget.allowance("acme", Question(S, "x")).limit_usd == 5.0
