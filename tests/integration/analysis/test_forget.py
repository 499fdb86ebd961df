"""What was said is forgotten, how it was read is not: on both engines, before, after and in the middle of a run."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from analysis import EnrichmentReport, enrich
from analysis.erasure import Erased, forget
from analysis.journal import CallState, Journal
from analysis.llm import OpenAICompatibleAnalyzer
from core.warehouse import Warehouse
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import enriched, stage, ticket

ANGRY = "Zanzibarium is unacceptable. We cancel."
TICKETS = [ticket("1", "Exports", ANGRY), ticket("2", "Login", "Cannot sign in. Help us.")]
THE_FIRST: Erased = frozenset({("acme", "1")})
WORDS = ("zanzibarium", "unacceptable")


def run(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM, erased: Callable[[], Erased] = frozenset
) -> EnrichmentReport:
    return enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=OpenAICompatibleAnalyzer(base_url=llm.url, api_key=SecretStr("k"), model="m", timeout_seconds=20),
        tenant_ids=["acme"],
        months=None,
        run_id="run-1",
        erased=erased,
    )


def holds_words(warehouse: Warehouse, journal: Journal) -> bool:
    rows = enriched(warehouse)
    keys = {row["call_key"] for table in ("message_sentiment", "ticket_topics", "dead_letters") for row in rows[table]}
    said = str(rows).lower() + str([one.response for one in journal.lookup(sorted(keys)).values()]).lower()
    return any(word in said for word in WORDS)


def test_words_go_levels_labels_and_costs_stay(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm)
    before = enriched(warehouse)
    assert holds_words(warehouse, journal)
    assert forget(warehouse, journal, "acme", ["1"]) > 0
    assert not holds_words(warehouse, journal)
    after = enriched(warehouse)
    assert after["message_sentiment"] == before["message_sentiment"]
    assert after["ticket_topics"] == before["ticket_topics"]
    assert [row["ticket_id"] for row in after["message_evidence"]] == ["2"]
    assert {row["ticket_id"]: row["text"] is None for row in after["message_texts"]} == {"1": True, "2": False}
    assert forget(warehouse, journal, "acme", ["1"]) == 0


@pytest.mark.parametrize("content", [None, ANGRY, ANGRY + " Once more."], ids=["gone", "still staged", "staged anew"])
def test_an_erased_ticket_is_neither_read_nor_buried_nor_made_neutral(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM, content: str | None
) -> None:
    stage(warehouse, TICKETS)
    run(warehouse, journal, llm)
    forget(warehouse, journal, "acme", ["1"])
    held, paid = enriched(warehouse), len(llm.history)
    stage(warehouse, [ticket("1", content and "Exports", content), TICKETS[1]])
    run(warehouse, journal, llm, lambda: THE_FIRST)
    assert enriched(warehouse) == held
    assert len(llm.history) == paid


def test_a_dead_letter_keeps_its_place_and_loses_what_came_back(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    stage(warehouse, TICKETS[:1])
    llm.enqueue(*[fake.message("I read: Zanzibarium is unacceptable, poor them.")] * 4)
    run(warehouse, journal, llm)
    assert len(enriched(warehouse)["dead_letters"]) == 2
    assert holds_words(warehouse, journal)
    forget(warehouse, journal, "acme", ["1"])
    assert not holds_words(warehouse, journal)
    assert [(row["raw"], row["reason"]) for row in enriched(warehouse)["dead_letters"]] == [(None, None)] * 2


def test_who_is_erased_while_their_ticket_is_being_read_is_forgotten_all_the_same(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    stage(warehouse, TICKETS)
    asked = iter([frozenset[tuple[str, str]](), THE_FIRST])
    run(warehouse, journal, llm, lambda: next(asked))
    assert len(enriched(warehouse)["message_sentiment"]) == 2
    assert not holds_words(warehouse, journal)


def test_somebody_elses_equal_words_are_read_again(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    stage(warehouse, TICKETS[:1])
    run(warehouse, journal, llm)
    forget(warehouse, journal, "acme", ["1"])
    stage(warehouse, [ticket("1", None, None), ticket("3", "Exports", ANGRY)])
    report = run(warehouse, journal, llm, lambda: THE_FIRST)
    assert report.calls_paid == 2
    rows = enriched(warehouse)
    assert [row["ticket_id"] for row in rows["message_evidence"]] == ["3"]
    [key] = {row["call_key"] for row in rows["message_sentiment"]}
    record = journal.lookup([key])[key]
    assert (record.state, record.usage.input_tokens) == (CallState.ANSWERED, 200)
