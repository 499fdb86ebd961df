"""What tells who wrote never leaves: searched for in every request; and quotes still stand in the customer's own words."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from analysis import EnrichmentReport, ReadingPolicy, enrich
from analysis.embedded import EmbeddedAnalyzer
from analysis.erasure import forget
from analysis.journal import Journal
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.people import people
from analysis.text import text_hash
from analysis.tickets import NothingStaged
from core.tenants import tenant_id
from core.warehouse import Warehouse
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import contact, email, enriched, stage, ticket

ACME = tenant_id("acme")
SECRETS = ("zoë", "van der berg", "quillington", "zoe@acme.example", "5550123", "4111", "3704", "+49")
ANGRY = "Zoë van der Berg here. This is unacceptable, zoe.vdb@acme.example or +49 30 5550123 reach me. Card 4111 1111 1111 1111."
LATER = "Refund to DE89 3704 0044 0532 0130 00 now. Best, zoë (with Ms Quillington)"
TICKETS = [
    ticket("1", "Zoë's export", ANGRY),
    ticket("2", "Login", "Cannot sign in since 2026-11-01 12:30, order 4711."),
]
EMAILS = [
    email("1", "13", LATER, author_name="Jo Quillington"),
    email("1", "14", "Hi!", direction="outbound", author_name="Agent Smith"),
]
CONTACTS = [contact("1", "7", "Zoë", "van der Berg"), contact("2", "8", None, None)]
EVIDENCE = "[NAME_1] here. This is unacceptable, [EMAIL_1]"


def read(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM, *, is_masked: bool | None = None, run_id: str = "run-1"
) -> EnrichmentReport:
    analyzer = OpenAICompatibleAnalyzer(base_url=llm.url, api_key=SecretStr("k"), model="m", timeout_seconds=20)
    return enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=[ACME],
        months=None,
        run_id=run_id,
        policies=None if is_masked is None else {ACME: ReadingPolicy(is_masked=is_masked)},
    )


def everything_sent(llm: FakeLLM) -> str:
    return "\n".join(json.dumps(one.body, ensure_ascii=False) for one in llm.history).lower()


def quotes(warehouse: Warehouse) -> list[dict[str, Any]]:
    texts = {(row["ticket_id"], row["message_id"]): row["text"] for row in enriched(warehouse)["message_texts"]}
    rows = enriched(warehouse)["message_evidence"]
    for row in rows:
        text = texts[row["ticket_id"], row["message_id"]]
        assert text[row["quote_start"] : row["quote_end"]] == row["quote"]
    return rows


def staged(warehouse: Warehouse) -> None:
    stage(warehouse, TICKETS, emails=EMAILS, contacts=CONTACTS)


def test_no_detail_is_sent_and_quotes_stand_in_the_original(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    stage(warehouse, TICKETS, topics={}, emails=EMAILS, contacts=CONTACTS)
    scripted = fake.answer(
        quotes=[EVIDENCE, "Card [CARD_1]", "invented"],
        sentiment="very_negative",
        churn_intent="none",
        target="support",
        resolution="unsolved",
    )
    llm.enqueue(scripted, where="This is unacceptable")
    report = read(warehouse, journal, llm)
    assert report.calls_paid == 3
    said = everything_sent(llm)
    assert [secret for secret in SECRETS if secret in said] == []
    assert "[name_1]'s export" in said
    assert "since 2026-11-01 12:30, order 4711" in said
    assert "refund to [iban_1] now. best, [name_1] (with ms [name_2])" in said
    found = [row["quote"] for row in quotes(warehouse) if row["message_id"] == "opening" and row["ticket_id"] == "1"]
    assert found == [
        "Zoë van der Berg here. This is unacceptable, zoe.vdb@acme.example",
        "Card 4111 1111 1111 1111",
    ]
    rows = {(row["ticket_id"], row["message_id"]): row for row in enriched(warehouse)["message_sentiment"]}
    texts = {(row["ticket_id"], row["message_id"]): row for row in enriched(warehouse)["message_texts"]}
    assert texts["1", "opening"]["text"].endswith(ANGRY)
    for place, row in rows.items():
        assert row["input_hash"] == texts[place]["input_hash"] == text_hash(texts[place]["text"])
    assert rows["1", "opening"]["sent_hash"] != rows["1", "opening"]["input_hash"]
    assert rows["2", "opening"]["sent_hash"] == rows["2", "opening"]["input_hash"]


def test_a_second_run_pays_nothing_and_touches_nothing(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    staged(warehouse)
    read(warehouse, journal, llm)
    before = enriched(warehouse)
    again = read(warehouse, journal, llm, run_id="run-2")
    assert (again.calls_paid, again.read, again.reused) == (0, 0, 5)
    assert enriched(warehouse) == before


def test_switched_off_the_original_is_sent_and_only_what_differs_is_paid_for_again(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    staged(warehouse)
    read(warehouse, journal, llm)
    llm.reset()
    off = read(warehouse, journal, llm, is_masked=False, run_id="run-2")
    assert off.calls_paid == 3
    said = everything_sent(llm)
    assert "zoe.vdb@acme.example" in said
    assert "[name_1]" not in said
    assert "order 4711" not in said
    assert quotes(warehouse)
    back = read(warehouse, journal, llm, is_masked=True, run_id="run-3")
    assert (back.calls_paid, back.read) == (0, 3)


def test_another_detail_in_the_same_words_costs_nothing_and_moves_the_quotes(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    staged(warehouse)
    read(warehouse, journal, llm)
    edited = ANGRY.replace("zoe.vdb@acme.example", "zoe.van.der.berg.of.acme@mail.example")
    stage(warehouse, [ticket("1", "Zoë's export", edited)], emails=EMAILS, contacts=CONTACTS)
    again = read(warehouse, journal, llm, run_id="run-2")
    assert again.calls_paid == 0
    assert any("Zoë van der Berg here" in row["quote"] for row in quotes(warehouse))


def test_a_contact_that_is_renamed_changes_the_text_as_sent(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    staged(warehouse)
    read(warehouse, journal, llm)
    stage(warehouse, TICKETS, emails=EMAILS, contacts=[contact("1", "7", "Susan", "Other"), CONTACTS[1]])
    llm.reset()
    again = read(warehouse, journal, llm, run_id="run-2")
    assert again.calls_paid == 3
    assert "zoë van der berg here" in everything_sent(llm)


def test_nothing_is_sent_before_names_are_known(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    staged(warehouse)
    warehouse.execute("drop table staging.stg_hubspot__ticket_contacts")
    with pytest.raises(NothingStaged, match="whose names to mask"):
        read(warehouse, journal, llm)
    assert llm.history == []
    assert read(warehouse, journal, llm, is_masked=False).calls_paid == 5


def test_the_embedded_analyzer_reads_every_text_as_it_is(warehouse: Warehouse, journal: Journal) -> None:
    staged(warehouse)
    enrich(
        warehouse=warehouse,
        journal=journal,
        analyzer=EmbeddedAnalyzer(),
        tenant_ids=[ACME],
        months=None,
        run_id="run-1",
        policies={ACME: ReadingPolicy(is_masked=True)},
    )
    for row in enriched(warehouse)["message_sentiment"]:
        assert row["sent_hash"] == row["input_hash"]


def test_what_is_erased_is_forgotten_masked_or_not(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    staged(warehouse)
    read(warehouse, journal, llm)
    forget(warehouse, journal, ACME, ["1"])
    rows = enriched(warehouse)
    assert {row["ticket_id"] for row in rows["message_evidence"]} == {"2"}
    assert all(row["text"] is None for row in rows["message_texts"] if row["ticket_id"] == "1")
    assert len(rows["message_sentiment"]) == 3


def test_people_are_the_contacts_of_the_ticket_and_who_wrote_on_it(warehouse: Warehouse) -> None:
    staged(warehouse)
    with warehouse.snapshot() as snapshot:
        known = people(snapshot, [("acme", "1"), ("acme", "2"), ("other", "1")])
    assert known == {("acme", "1"): ("Zoë van der Berg", "Jo Quillington")}
