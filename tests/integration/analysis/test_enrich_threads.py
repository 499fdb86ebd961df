"""What customers write after the opening of a ticket: read once each, nobody else's words, and gone when it is gone."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from analysis import EnrichmentReport, enrich, pending_months
from analysis.embedded import EmbeddedAnalyzer
from analysis.erasure import forget
from analysis.journal import Journal
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.messages import pages
from core.tenants import tenant_id
from core.warehouse import Warehouse
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import LOADED_AT, STAGED_EMAILS, STAGED_TICKET_EMAILS, email, enriched, stage, ticket

ACME = tenant_id("acme")
CALM = ticket(
    "1", "Exports", "How do I export the invoices of last year? We need them for the auditor.\n\nAnna\nAcme Ltd"
)
THREAD = [
    email("1", "10", "How do I export the invoices of last year? We need them for the auditor."),
    email("1", "11", "Use the button.", direction="outbound"),
    email("1", "12", "I am out of the office.", is_automated=True),
    email("1", "13", "This is completely unacceptable. Nobody has replied for two weeks."),
    email("1", "14", "It works now, thank you so much!"),
    email("1", "15", "Archived words.", is_archived=True),
    email("1", "16", " \u200b "),
    email("1", "17", None),
]
READ = {"opening", "emails/13", "emails/14"}


def read(warehouse: Warehouse, journal: Journal, llm: FakeLLM | None = None, run_id: str = "run-1") -> EnrichmentReport:
    analyzer = EmbeddedAnalyzer()
    if llm:
        analyzer = OpenAICompatibleAnalyzer(base_url=llm.url, api_key=SecretStr("k"), model="m", timeout_seconds=20)
    return enrich(
        warehouse=warehouse, journal=journal, analyzer=analyzer, tenant_ids=[ACME], months=None, run_id=run_id
    )


def by_message(warehouse: Warehouse, table: str = "message_sentiment") -> dict[str, dict[str, object]]:
    return {row["message_id"]: row for row in enriched(warehouse)[table]}


def test_each_inbound_message_of_a_person_is_read_and_the_mail_the_ticket_was_made_of_is_not_read_twice(
    warehouse: Warehouse, journal: Journal
) -> None:
    stage(warehouse, [CALM], emails=THREAD)
    report = read(warehouse, journal)
    assert (report.messages_seen, report.messages_without_text, report.messages_repeated) == (6, 2, 1)
    read_rows = by_message(warehouse)
    assert set(read_rows) == READ
    assert [read_rows[one]["level"] for one in ("opening", "emails/13", "emails/14")] == [0, -2, 1]
    assert read_rows["emails/14"]["resolution"] == "solved"
    rows = enriched(warehouse)
    texts = {row["message_id"]: row for row in rows["message_texts"]}
    assert {one: row["is_repeated"] for one, row in texts.items()} == dict.fromkeys(READ, False) | {"emails/10": True}
    for row in rows["message_evidence"]:
        assert texts[row["message_id"]]["text"][row["quote_start"] : row["quote_end"]] == row["quote"]
    assert {row["message_id"] for row in rows["message_evidence"]} >= {"emails/13"}
    assert {(row["ticket_id"], row["topic_rank"]) for row in rows["ticket_topics"]} == {("1", 1)}


def test_a_second_run_changes_nothing(warehouse: Warehouse, journal: Journal) -> None:
    stage(warehouse, [CALM], emails=THREAD)
    read(warehouse, journal)
    before = enriched(warehouse)
    report = read(warehouse, journal, run_id="run-2")
    assert (report.read, report.reused, report.messages_repeated) == (0, 4, 1)
    assert enriched(warehouse) == before


def test_one_new_mail_is_one_new_paid_call(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    stage(warehouse, [CALM], emails=THREAD)
    read(warehouse, journal, llm)
    assert len(llm.paid) == 4, "three messages, and the topics of one ticket"
    later = LOADED_AT + timedelta(days=30)
    stage(warehouse, [], emails=[email("1", "20", "Still broken. This is unacceptable.", loaded_at=later)])
    report = read(warehouse, journal, llm, "run-2")
    assert (len(llm.paid), report.calls_paid) == (5, 1)
    assert llm.history[-1].ticket == "Still broken. This is unacceptable.", "its words, without the ticket's subject"
    assert by_message(warehouse)["emails/20"]["sentiment"] == "very_negative"
    assert read(warehouse, journal, llm, "run-3").calls_paid == 0


def test_a_quote_is_looked_for_in_the_message_it_is_about(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    stage(warehouse, [CALM], {}, emails=[email("1", "13", "This is unacceptable.")])
    judged = {"sentiment": "negative", "churn_intent": "none", "target": "product", "resolution": "unsolved"}
    llm.enqueue(fake.answer(quotes=["We need them for the auditor"], **judged), where="unacceptable")
    read(warehouse, journal, llm)
    row = by_message(warehouse)["emails/13"]
    assert (row["sentiment"], row["is_evidence_ok"]) == ("negative", False)
    assert not [one for one in enriched(warehouse)["message_evidence"] if one["message_id"] == "emails/13"]


def test_a_ticket_without_an_opening_text_is_read_by_its_messages(warehouse: Warehouse, journal: Journal) -> None:
    stage(warehouse, [ticket("1", None, " ")], emails=[email("1", "10", "Please cancel our subscription.")])
    read(warehouse, journal)
    rows = enriched(warehouse)
    assert {one: row["churn_intent"] for one, row in by_message(warehouse).items()} == {"emails/10": "explicit"}
    assert rows["ticket_topics"] == []


def test_what_leaves_the_ticket_leaves_no_reading(warehouse: Warehouse, journal: Journal) -> None:
    stage(warehouse, [CALM, ticket("2", "Other", "Another question.")], emails=THREAD)
    stage(
        warehouse, [], emails=[email("2", "13", "This is completely unacceptable. Nobody has replied for two weeks.")]
    )
    read(warehouse, journal)
    assert {(row["ticket_id"], row["message_id"]) for row in enriched(warehouse)["message_sentiment"]} == {
        *(("1", one) for one in READ),
        ("2", "opening"),
        ("2", "emails/13"),
    }
    warehouse.execute(
        f"delete from {STAGED_TICKET_EMAILS.qualified} where ticket_id = :ticket and email_id = :email",
        ticket="1",
        email="13",
    )
    warehouse.execute(f"update {STAGED_EMAILS.qualified} set is_archived = true where email_id = :email", email="14")
    report = read(warehouse, journal, run_id="run-2")
    assert report.messages_removed == 2
    for name, rows in enriched(warehouse).items():
        assert not {row.get("message_id") for row in rows if row["ticket_id"] == "1"} & {"emails/13", "emails/14"}, name
    assert {row["message_id"] for row in enriched(warehouse)["message_sentiment"] if row["ticket_id"] == "2"} == {
        "opening",
        "emails/13",
    }


def test_a_message_that_comes_to_repeat_the_opening_is_no_longer_read_and_the_other_way_round(
    warehouse: Warehouse, journal: Journal
) -> None:
    stage(warehouse, [ticket("1", "Exports", "Something else.")], emails=THREAD[:1])
    read(warehouse, journal)
    assert set(by_message(warehouse)) == {"opening", "emails/10"}
    stage(warehouse, [CALM])
    read(warehouse, journal, run_id="run-2")
    assert set(by_message(warehouse)) == {"opening"}
    assert by_message(warehouse, "message_texts")["emails/10"]["is_repeated"]
    stage(warehouse, [ticket("1", "Exports", "Something else.")])
    read(warehouse, journal, run_id="run-3")
    assert set(by_message(warehouse)) == {"opening", "emails/10"}
    assert not by_message(warehouse, "message_texts")["emails/10"]["is_repeated"]


def test_a_dead_letter_is_of_one_message(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    stage(warehouse, [CALM], {}, emails=THREAD)
    llm.enqueue(fake.GARBAGE, fake.GARBAGE, where="unacceptable")
    assert read(warehouse, journal, llm).dead_letters == 1
    assert set(by_message(warehouse)) == READ - {"emails/13"}
    [letter] = enriched(warehouse)["dead_letters"]
    assert (letter["message_id"], letter["task"]) == ("emails/13", "sentiment")
    journal.revive([letter["call_key"]])
    read(warehouse, journal, llm, "run-2")
    assert set(by_message(warehouse)) == READ
    assert enriched(warehouse)["dead_letters"] == []


def test_a_message_loaded_again_without_a_change_is_pending_once(warehouse: Warehouse, journal: Journal) -> None:
    stage(warehouse, [CALM], emails=THREAD[:5])
    read(warehouse, journal)
    assert pending_months(warehouse, [ACME]) is None
    before = enriched(warehouse, without=["read_at"])
    # A moment that lies between the two readings, whatever the clock says.
    warehouse.execute("update enrichment.message_texts set read_at = read_at - interval '2 hours'")
    warehouse.execute(f"update {STAGED_EMAILS.qualified} set loaded_at = current_timestamp - interval '1 hour'")
    assert pending_months(warehouse, [ACME]) is not None
    assert read(warehouse, journal, run_id="run-2").read == 0
    assert enriched(warehouse, without=["read_at"]) == before
    assert pending_months(warehouse, [ACME]) is None


def test_the_words_of_a_message_on_two_tickets_go_with_either(warehouse: Warehouse, journal: Journal) -> None:
    stage(warehouse, [CALM, ticket("2", "Other", "Another question.")], emails=THREAD)
    stage(
        warehouse, [], emails=[email("2", "13", "This is completely unacceptable. Nobody has replied for two weeks.")]
    )
    read(warehouse, journal)
    before = enriched(warehouse)
    warehouse.execute("create schema if not exists raw_hubspot")
    warehouse.execute(f"create table raw_hubspot.ticket_emails as select * from {STAGED_TICKET_EMAILS.qualified}")
    assert forget(warehouse, journal, "acme", ["1"]) > 0
    rows = enriched(warehouse)
    assert "unacceptable" not in str(rows)
    assert [row["text"] for row in rows["message_texts"] if row["text"]] == ["Other\n\nAnother question."]
    assert rows["message_sentiment"] == before["message_sentiment"]
    warehouse.execute(f"update {STAGED_EMAILS.qualified} set own_text = null")
    read(warehouse, journal, run_id="run-2")
    kept = [row for row in enriched(warehouse)["message_sentiment"] if row["ticket_id"] == "2"]
    assert {row["message_id"] for row in kept} == {"opening", "emails/13"}, "how it was read stays"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_are_as_long_as_asked_and_give_every_message_once(
    warehouse: Warehouse, size: int, journal: Journal
) -> None:
    tickets = [ticket(str(one), "Subject", "Words.") for one in (1, 2, 10, 11)]
    emails = [email("2", str(one), f"Message {one}.") for one in range(100, 120)] + [email("11", "200", "The last.")]
    stage(warehouse, tickets, emails=emails)
    read(warehouse, journal)
    found = list(pages(warehouse, [ACME], None, size))
    assert all(len(page) <= size for page in found)
    places = [one.place[1:] for page in found for one in page]
    assert len(places) == len(set(places)) == 4 + 21
    openings = {one.place[1:]: one.opening_content for page in found for one in page if one.opening_content}
    assert openings == {("2", "emails/100"): "Words.", ("11", "emails/200"): "Words."}
