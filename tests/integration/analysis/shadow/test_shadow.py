"""A candidate beside the pinned reading, against a model server over HTTP: read apart, paid once, every figure by hand."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from analysis import EnrichmentReport, enrich, open_journal
from analysis.analyzer import Analyzer
from analysis.embedded import EmbeddedAnalyzer
from analysis.erasure import forget
from analysis.journal import Journal
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.measures import Share
from analysis.policy import ReadingPolicy
from analysis.prompts import PromptLibrary
from analysis.shadow.candidate import Candidate
from analysis.shadow.compare import UNREAD
from analysis.shadow.pairs import load_pairs
from analysis.shadow.report import ShadowReport, make_report
from analysis.shadow.run import Shadow
from analysis.shadow.tables import SHADOW_TABLES, SHADOWS
from core.settings import AnalysisSettings
from core.tenants import TenantId
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse, connect
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import TOPICS, email, enriched, stage, ticket
from tests.support.two_prompts import CANDIDATE, TwoPromptsLLM, write_candidates

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS
ACME = TenantId("acme")
OCTOBER = {"created_at": datetime(2026, 10, 5, 9, tzinfo=UTC)}
TICKETS = [
    ticket("1", "Login", "Cannot sign in since this morning."),
    ticket("2", "Exports", "Third ticket. This is unacceptable. We need exports."),
    ticket("3", "Export", "It is slow. We wait."),
    ticket("4", "", ""),
    ticket("5", "Login", "Cannot sign in since this morning."),
    ticket("6", "Invoices", "October was slow too.", **OCTOBER),
]
EMAILS = [email("1", "11", "Now it is moody.")]
NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))
SENTIMENT_CALLS = 5  # tickets 1 and 5 say the same; 2, 3, 6 and the mail on 1
TOPICS_CALLS = 4
SETTINGS = AnalysisSettings(llm_max_concurrency=2, llm_lease_seconds=30)


@pytest.fixture(scope="module")
def server_class() -> type[FakeLLM]:
    return TwoPromptsLLM


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_candidates(tmp_path / "prompts")


@pytest.fixture
def duck(tmp_path: Path) -> Warehouse:
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}", lock_timeout_seconds=30)
    stage(warehouse, TICKETS, emails=EMAILS)
    return warehouse


def reader(llm: TwoPromptsLLM, folder: Path) -> OpenAICompatibleAnalyzer:
    return OpenAICompatibleAnalyzer(
        base_url=llm.url,
        api_key=SecretStr("sk-test"),
        model="test/model",
        timeout_seconds=20,
        prompts=PromptLibrary(folder),
    )


def read(
    warehouse: Warehouse, journal: Journal, analyzer: Analyzer, versions: dict[AnalysisTask, str] | None = None
) -> EnrichmentReport:
    return enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=[ACME],
        months=None,
        run_id="live",
        max_concurrency=4,
        lease_seconds=30,
        policies={ACME: ReadingPolicy(prompt_versions=versions or {})},
    )


def shadow_of(
    warehouse: Warehouse,
    journal: Journal,
    analyzer: Analyzer,
    task: AnalysisTask = S,
    version: str = CANDIDATE,
    pinned: Analyzer | None = None,
    **more: Any,
) -> Shadow:
    candidate = Candidate(task, analyzer.identity(task, version), (pinned or analyzer).identity(task))
    return Shadow(
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer,
        candidate=candidate,
        tenant_id=ACME,
        policy=ReadingPolicy(),
        **{"months": None} | more,
    )


def report_of(warehouse: Warehouse, shadow: Shadow) -> ShadowReport:
    with warehouse.snapshot() as snapshot:
        [row] = snapshot.rows(
            f"select * from {SHADOWS.qualified} where shadow_id = :id",
            id=shadow.candidate.shadow_id,
        )
        return make_report(row, load_pairs(snapshot, ACME, shadow.candidate.shadow_id, shadow.candidate.task))


def counts(report: ShadowReport) -> dict[str, dict[tuple[str, str], int]]:
    return {matrix.dimension: dict(matrix.counts) for matrix in report.matrices}


def shadowed(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: warehouse.rows(f"select * from {table.qualified} order by {', '.join(table.key)}")
        for table in SHADOW_TABLES
    }


def test_the_candidate_reads_beside_the_pinned_and_the_report_counts_every_change(
    warehouse: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    stage(warehouse, TICKETS, emails=EMAILS)
    analyzer = reader(llm, folder)
    read(warehouse, journal, analyzer)
    before, paid = enriched(warehouse), len(llm.paid)
    shadow = shadow_of(warehouse, journal, analyzer)
    [expected] = shadow.estimate()
    assert (expected.message_count, expected.call_count, expected.unpaid_count) == (6, 5, 5)
    assert expected.cost_usd == pytest.approx(5 * 0.0001)
    run = shadow.run(SETTINGS, run_id="shadow-1")
    assert (run.first.calls_paid, len(llm.paid) - paid) == (SENTIMENT_CALLS, SENTIMENT_CALLS)
    assert enriched(warehouse) == before, "nothing that is built on was touched"

    report = report_of(warehouse, shadow)
    assert (report.compared_count, report.not_comparable_count) == (6, 0)
    assert counts(report) == {
        # 3, 6 and the mail are slow, 2 is angry, 1 and 5 are neither.
        "sentiment": {("neutral", "very_negative"): 2, ("very_negative", "neutral"): 1, ("neutral", "neutral"): 3},
        "churn_intent": {("none", "explicit"): 2, ("none", "none"): 4},
        "target": {("product", "product"): 5, ("support", "product"): 1},
        "resolution": {("unclear", "unsolved"): 2, ("unsolved", "unclear"): 1, ("unclear", "unclear"): 3},
    }
    assert (report.pinned.evidence, report.candidate.evidence) == (Share(6, 6), Share(2, 6))
    assert report.candidate.cost_usd_per_1000 == pytest.approx(0.1)
    assert (report.candidate.tokens_per_call, report.flips) == (120, {})
    assert not next(one for one in report.matrices if one.dimension == "sentiment").is_noise(None)

    after = shadowed(warehouse)
    again = shadow_of(warehouse, journal, analyzer)
    assert [one.unpaid_count for one in again.estimate()] == [0]
    assert again.run(SETTINGS, run_id="shadow-2").first.calls_paid == 0
    for table in (table for table in SHADOW_TABLES if table is not SHADOWS):
        assert shadowed(warehouse)[table.name] == after[table.name]
    assert len(llm.paid) == paid + SENTIMENT_CALLS


def test_topics_are_shadowed_apart(duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path) -> None:
    analyzer = reader(llm, folder)
    read(duck, journal, analyzer)
    shadow = shadow_of(duck, journal, analyzer, T)
    assert shadow.run(SETTINGS, run_id="shadow-1").first.calls_paid == TOPICS_CALLS
    report = report_of(duck, shadow)
    assert counts(report)["topic"] == {
        ("Login and access", "Invoices"): 2,
        ("Exports", "Invoices"): 1,
        ("none", "Invoices"): 1,
        ("Invoices", "Invoices"): 1,
    }
    assert report.candidate.evidence == Share(0, 0)
    stage(duck, TICKETS, {**TOPICS, "Exports": "reworded"})
    shadow_of(duck, journal, analyzer, T).run(SETTINGS, run_id="shadow-2")
    assert report_of(duck, shadow).compared_count == 0, "the pinned reading was never asked with these topics"
    assert report_of(duck, shadow).not_comparable_count == 5


def test_what_a_shadow_paid_is_free_after_the_promotion(
    duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path, tmp_path: Path
) -> None:
    analyzer = reader(llm, folder)
    read(duck, journal, analyzer)
    shadow_of(duck, journal, analyzer, months=NOVEMBER).run(SETTINGS, run_id="shadow-1")
    paid = len(llm.paid)
    report = read(duck, journal, analyzer, {S: CANDIDATE})
    assert report.tasks[S].calls_paid == len(llm.paid) - paid == 1, "October, which the shadow had not read"
    assert report.tasks[T].calls_paid == 0
    held = duck.rows(
        "select ticket_id, message_id, sentiment, prompt_version, call_key, run_id from enrichment.message_sentiment"
    )
    assert {row["prompt_version"] for row in held} == {CANDIDATE}
    assert {row["run_id"] for row in held} == {"shadow-1", "live"}
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        asked = connection.execute("select prompt_version, count(*) from llm_call where task = 'sentiment' group by 1")
        assert dict(asked.fetchall()) == {PromptLibrary().newest(S): SENTIMENT_CALLS, CANDIDATE: SENTIMENT_CALLS}
    tried = shadowed(duck)["shadow_sentiment"]
    assert {(row["ticket_id"], row["message_id"], row["call_key"]) for row in tried} < {
        (row["ticket_id"], row["message_id"], row["call_key"]) for row in held
    }


def test_asked_twice_it_says_how_often_it_differs(
    duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    analyzer = reader(llm, folder)
    read(duck, journal, analyzer)
    shadow = shadow_of(duck, journal, analyzer)
    paid = len(llm.paid)
    first, second = shadow.estimate(is_twice=True)
    assert (first.unpaid_count, second.unpaid_count) == (5, 5)
    run = shadow.run(SETTINGS, run_id="shadow-1", is_twice=True)
    assert run.second is not None
    assert (run.first.calls_paid, run.second.calls_paid, len(llm.paid) - paid) == (5, 5, 10)
    report = report_of(duck, shadow)
    # The mail is the moody one; what it is about stays the same.
    assert report.flips == {
        "sentiment": Share(1, 6),
        "churn_intent": Share(1, 6),
        "target": Share(0, 6),
        "resolution": Share(1, 6),
    }
    by_name = {matrix.dimension: matrix for matrix in report.matrices}
    assert (by_name["sentiment"].changed, by_name["target"].changed) == (Share(3, 6), Share(1, 6))
    assert not by_name["sentiment"].is_noise(report.flips["sentiment"])
    assert shadow.run(SETTINGS, run_id="shadow-2", is_twice=True).second.calls_paid == 0  # type: ignore[union-attr]


def test_a_sample_is_the_same_every_time_and_no_larger(
    duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    analyzer = reader(llm, folder)
    shadow = shadow_of(duck, journal, analyzer, most=2, months=NOVEMBER)
    assert [one.message_count for one in shadow.estimate()] == [2]
    assert shadow.estimate()[0].cost_usd is None, "this model was never paid"
    shadow.run(SETTINGS, run_id="shadow-1")
    chosen = [(row["ticket_id"], row["message_id"]) for row in shadowed(duck)["shadow_sentiment"]]
    assert len(chosen) == 2
    shadow_of(duck, journal, analyzer, most=2, months=NOVEMBER).run(SETTINGS, run_id="shadow-2")
    assert [(row["ticket_id"], row["message_id"]) for row in shadowed(duck)["shadow_sentiment"]] == chosen
    assert report_of(duck, shadow).not_comparable_count == 2, "nothing was read with the pinned version yet"


def test_an_unusable_answer_counts_as_unread_and_no_label_is_invented(
    duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    analyzer = reader(llm, folder)
    llm.enqueue(*[fake.GARBAGE] * 4, where="We wait")
    read(duck, journal, analyzer)
    llm.enqueue(fake.GARBAGE, fake.GARBAGE, where="unacceptable")
    shadow = shadow_of(duck, journal, analyzer)
    shadow.run(SETTINGS, run_id="shadow-1")
    report = report_of(duck, shadow)
    assert (report.pinned.unread_count, report.candidate.unread_count, report.compared_count) == (1, 1, 6)
    assert counts(report)["sentiment"] == {
        ("very_negative", UNREAD): 1,
        (UNREAD, "very_negative"): 1,
        ("neutral", "very_negative"): 1,
        ("neutral", "neutral"): 3,
    }
    [letter] = shadowed(duck)["shadow_dead_letters"]
    assert (letter["ticket_id"], letter["message_id"]) == ("2", "opening")
    journal.revive([letter["call_key"]])
    shadow.run(SETTINGS, run_id="shadow-2")
    assert shadowed(duck)["shadow_dead_letters"] == []
    assert report_of(duck, shadow).candidate.unread_count == 0


def test_a_model_is_tried_against_the_rules(
    duck: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    rules = EmbeddedAnalyzer()
    read(duck, journal, rules)
    shadow = shadow_of(duck, journal, reader(llm, folder), pinned=rules)
    assert shadow.run(SETTINGS, run_id="shadow-1").first.calls_paid == SENTIMENT_CALLS
    report = report_of(duck, shadow)
    assert report.compared_count == 6
    assert (report.pinned.cost_usd_per_1000, report.candidate.cost_usd_per_1000) == (0, pytest.approx(0.1))
    held = {row["ticket_id"]: row["sentiment"] for row in duck.rows("select * from enrichment.message_sentiment")}
    by_rules = [row for row in counts(report)["sentiment"].items() if row[0][0] == held["2"]]
    assert by_rules
    free = shadow_of(duck, journal, rules, version="", pinned=reader(llm, folder))
    assert [str(one) for one in free.estimate()] == ["6 messages, 5 calls, 0 of them to be paid."]
    paid = len(llm.paid)
    free.run(SETTINGS, run_id="shadow-2")
    assert len(llm.paid) == paid
    assert {row["analyzer"] for row in shadowed(duck)["shadow_sentiment"]} == {"embedded", "openai_compatible"}


def test_what_is_gone_or_erased_is_gone_from_shadows_too(
    warehouse: Warehouse, journal: Journal, llm: TwoPromptsLLM, folder: Path
) -> None:
    stage(warehouse, TICKETS, emails=EMAILS)
    analyzer = reader(llm, folder)
    read(warehouse, journal, analyzer)
    shadow = shadow_of(warehouse, journal, analyzer)
    llm.enqueue(fake.GARBAGE, fake.GARBAGE, where="unacceptable")
    shadow.run(SETTINGS, run_id="shadow-1")
    assert "It is slow" in str(shadowed(warehouse))
    assert "as a language model" in str(shadowed(warehouse))
    forget(warehouse, journal, "acme", ["2", "3"])
    said = shadowed(warehouse)
    keys = [row["call_key"] for row in said["shadow_sentiment"] if row["ticket_id"] in {"2", "3"}]
    assert "It is slow" not in str(said)
    assert "as a language model" not in str(said)
    assert "It is slow" not in str([one.response for one in journal.lookup(keys).values()])
    shadow_of(warehouse, journal, analyzer, erased=lambda: frozenset({("acme", "2"), ("acme", "3")})).run(
        SETTINGS, run_id="shadow-2"
    )
    assert shadowed(warehouse) == said | {"shadows": shadowed(warehouse)["shadows"]}
    warehouse.execute("delete from staging.stg_hubspot__tickets where ticket_id = '6'")
    warehouse.execute("update staging.stg_hubspot__emails set is_archived = true")
    read(warehouse, journal, analyzer)
    left = shadowed(warehouse)
    assert {row["ticket_id"] for row in left["shadow_sentiment"]} == {"1", "3", "5"}
    assert {row["message_id"] for row in left["shadow_sentiment"]} == {"opening"}
    assert "October" not in str(left)


@pytest.mark.parametrize(
    "plan",
    [
        "enrich.after_claim",
        "enrich.after_call",
        "enrich.after_journal:kill@3",
        "enrich.before_merge",
        "enrich.after_merge",
    ],
)
def test_a_killed_shadow_run_again_pays_at_most_what_was_in_flight(
    duck: Warehouse, llm: TwoPromptsLLM, folder: Path, tmp_path: Path, plan: str
) -> None:
    script = f"""
        from pathlib import Path
        from pydantic import SecretStr
        from analysis import open_journal
        from analysis.llm import OpenAICompatibleAnalyzer
        from analysis.policy import ReadingPolicy
        from analysis.prompts import PromptLibrary
        from analysis.shadow.candidate import Candidate
        from analysis.shadow.run import Shadow
        from core.settings import AnalysisSettings
        from core.vocabulary import AnalysisTask
        from core.warehouse import connect
        reader = OpenAICompatibleAnalyzer(base_url="{llm.url}", api_key=SecretStr("k"), model="test/model",
                                          prompts=PromptLibrary(Path("{folder}")))
        S = AnalysisTask.SENTIMENT
        Shadow(warehouse=connect("{duck.url}"), journal=open_journal("sqlite:///{tmp_path / "journal.db"}"), analyzer=reader,
               candidate=Candidate(S, reader.identity(S, "{CANDIDATE}"), reader.identity(S)), tenant_id="acme",
               policy=ReadingPolicy(), months=None).run(
            AnalysisSettings(llm_max_concurrency=2, llm_lease_seconds=0.5, llm_timeout_seconds=0.4), run_id="killed")
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={
            **os.environ,
            "CHAOS_SEED": "1",
            "CHAOS_POINTS": plan if ":" in plan else f"{plan}:kill",
            "PYTHONPATH": str(Path.cwd()),
        },
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")
    report = shadow_of(duck, journal, reader(llm, folder)).run(SETTINGS, run_id="after").first
    journal.close()
    assert len(llm.paid) <= SENTIMENT_CALLS + 2
    assert (report.failed, report.dead_letters) == (0, 0)
    assert len(shadowed(duck)["shadow_sentiment"]) == 6
