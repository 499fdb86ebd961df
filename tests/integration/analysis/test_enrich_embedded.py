"""The offline way through: staged tickets in, enrichment rows out, on both engines."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from analysis import EnrichmentReport, Progress, enrich, ensure_enrichment_tables, open_journal
from analysis.embedded import EmbeddedAnalyzer
from analysis.tickets import NothingStaged
from core.tenants import tenant_id
from core.vocabulary import AnalysisTask
from core.warehouse import Warehouse, connect
from tests.support.tickets import STAGED_TICKETS, STAGED_VERSIONS, TOPICS, enriched, stage, ticket

ACME = tenant_id("acme")
TICKETS = [
    ticket("1", "Cannot sign in", "SSO login fails with error 500 since this morning."),
    ticket(
        "2", "Fed up", "Third ticket about exports. Nobody has replied for two weeks. This is completely unacceptable."
    ),
    ticket("3", "Contract", "<p>Please cancel our subscription at the end of the month &amp; confirm.</p>"),
    ticket("4", None, "   "),
    ticket("5", "Merci", None),
]


def run(warehouse: Warehouse, tmp_path: Path, run_id: str = "run-1", months=None, tenants=(ACME,)) -> EnrichmentReport:
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")
    try:
        return enrich(
            warehouse=warehouse,
            journal=journal,
            analyzer=EmbeddedAnalyzer(),
            tenant_ids=tenants,
            months=months,
            run_id=run_id,
        )
    finally:
        journal.close()


def test_every_ticket_with_text_is_read_and_says_who_read_it(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    report = run(warehouse, tmp_path)
    assert (report.messages_seen, report.messages_without_text) == (5, 1)
    assert report.calls_paid == 0
    assert report.tasks[AnalysisTask.SENTIMENT].read == report.tasks[AnalysisTask.TOPICS].read == 4
    rows = enriched(warehouse)
    read = {row["ticket_id"]: row for row in rows["message_sentiment"]}
    assert set(read) == {"1", "2", "3", "5"}
    assert read["1"]["sentiment"] == "neutral"
    assert read["2"]["level"] == -2
    assert read["3"]["churn_intent"] == "explicit"
    assert {row["topic"] for row in rows["ticket_topics"] if row["ticket_id"] == "1"} == {"Login and access"}
    assert {row["topic"] for row in rows["ticket_topics"] if row["ticket_id"] == "5"} == {"none"}
    for row in rows["message_sentiment"] + rows["ticket_topics"]:
        assert row["analyzer"] == "embedded"
        assert row["run_id"] == "run-1"
        assert row["cost_usd"] == 0
        assert len(row["call_key"]) == 64


def test_every_quote_stands_in_the_text_where_it_says(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, tmp_path)
    rows = enriched(warehouse)
    texts = {row["ticket_id"]: row["text"] for row in rows["message_texts"]}
    keys = {row["ticket_id"]: row["call_key"] for row in rows["message_sentiment"]}
    assert rows["message_evidence"]
    for row in rows["message_evidence"]:
        assert texts[row["ticket_id"]][row["quote_start"] : row["quote_end"]] == row["quote"]
        assert row["call_key"] == keys[row["ticket_id"]]
    assert texts["3"] == "Contract\n\nPlease cancel our subscription at the end of the month & confirm."


def test_a_second_run_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, tmp_path)
    before = enriched(warehouse)
    report = run(warehouse, tmp_path, "run-2")
    assert (report.read, report.reused) == (0, 8)
    assert enriched(warehouse) == before


def test_a_changed_text_is_read_again_and_only_that(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, tmp_path)
    stage(warehouse, [ticket("2", "Solved", "It works perfectly now, thank you so much for the great support!")])
    report = run(warehouse, tmp_path, "run-2")
    assert (report.read, report.reused) == (2, 6)
    rows = enriched(warehouse)
    assert {row["ticket_id"]: row["level"] for row in rows["message_sentiment"]}["2"] > 0
    assert all("works" in row["quote"] for row in rows["message_evidence"] if row["ticket_id"] == "2")
    assert {row["run_id"] for row in rows["message_sentiment"]} == {"run-1", "run-2"}


def test_what_is_no_longer_there_is_no_longer_held(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, tmp_path)
    stage(warehouse, [ticket("2", None, None)])
    warehouse.execute(f"delete from {STAGED_TICKETS.qualified} where ticket_id = :id", id="3")
    report = run(warehouse, tmp_path, "run-2")
    assert report.messages_removed == 2
    for name, rows in enriched(warehouse).items():
        assert not {row["ticket_id"] for row in rows} & {"2", "3"}, name


def test_changed_topics_are_asked_again_and_no_topics_are_not_asked(warehouse: Warehouse, tmp_path: Path) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, tmp_path)
    stage(warehouse, TICKETS, {name: said for name, said in TOPICS.items() if name != "Exports"})
    report = run(warehouse, tmp_path, "run-2")
    assert report.tasks[AnalysisTask.TOPICS].read == 4
    assert report.tasks[AnalysisTask.SENTIMENT].reused == 4
    assert "Exports" not in {row["topic"] for row in enriched(warehouse)["ticket_topics"]}
    warehouse.execute(f"delete from {STAGED_VERSIONS.qualified}")
    run(warehouse, tmp_path, "run-3")
    assert enriched(warehouse)["ticket_topics"] == []


def test_a_month_and_a_tenant_are_read_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    december = {"created_at": datetime(2026, 12, 1, tzinfo=UTC)}
    stage(
        warehouse,
        [
            ticket("1", "November", "first"),
            ticket("2", "December", "second", **december),
            ticket("1", "Other", "third", tenant_id="globex"),
        ],
    )
    progress: list[Progress] = []
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.db'}")
    report = enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=EmbeddedAnalyzer(),
        tenant_ids=[ACME],
        months=(date(2026, 11, 1), date(2026, 12, 1)),
        run_id="run-1",
        on_progress=progress.append,
    )
    journal.close()
    assert report.messages_seen == 1
    last = progress[-1]
    assert (last.messages_done, last.messages_total, last.calls_paid, last.seconds_left) == (1, 1, 0, 0)
    assert [(row["tenant_id"], row["ticket_id"]) for row in enriched(warehouse)["message_texts"]] == [("acme", "1")]
    run(warehouse, tmp_path, "run-2", tenants=(ACME, tenant_id("globex")))
    assert len(enriched(warehouse)["message_texts"]) == 3


def test_nothing_staged_is_said_so(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(NothingStaged, match="staging models"):
        run(warehouse, tmp_path)


def test_tables_are_there_before_the_first_reading(warehouse: Warehouse) -> None:
    for _ in range(2):
        ensure_enrichment_tables(warehouse)
    assert all(rows == [] for rows in enriched(warehouse).values())


def test_a_killed_run_leaves_what_an_undisturbed_run_leaves(tmp_path: Path) -> None:
    varying = ("analyzed_at", "read_at", "latency_ms", "run_id")
    undisturbed = connect(f"duckdb:///{tmp_path / 'undisturbed.duckdb'}")
    stage(undisturbed, TICKETS)
    run(undisturbed, tmp_path)
    path = tmp_path / "killed.duckdb"
    warehouse = connect(f"duckdb:///{path}")
    stage(warehouse, TICKETS)
    script = f"""
        from pathlib import Path
        from analysis import enrich, open_journal
        from analysis.embedded import EmbeddedAnalyzer
        from core.warehouse import connect
        enrich(warehouse=connect("duckdb:///{path}"), journal=open_journal("sqlite:///{tmp_path / "k.db"}"),
               analyzer=EmbeddedAnalyzer(), tenant_ids=["acme"], months=None, run_id="killed")
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={
            **os.environ,
            "CHAOS_SEED": "1",
            "CHAOS_POINTS": "enrich.before_merge:kill",
            "PYTHONPATH": str(Path.cwd()),
        },
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    run(warehouse, tmp_path, "after")
    assert enriched(warehouse, without=varying) == enriched(undisturbed, without=varying)
