"""Proposals out of tickets: by grouping them here, and by asking a model whose every claim is checked."""

from typing import Any

import pytest

from analysis.topics.discovery.discover import discover
from analysis.topics.texts import NothingRead
from core.topics.proposals import Proposal
from core.vocabulary import ProposalStatus
from core.vocabulary import TopicEditKind as Kind
from core.warehouse import Warehouse
from tests.integration.analysis.topics.conftest import ACME, Desk, MakeDesk
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import ticket

MATTERS = {
    "Label printer": "The label printer prints blank labels on every second parcel, order {n}.",
    "Holiday calendar": "Entries of the holiday calendar appear twice in Outlook since update {n}.",
    "Dark theme": "Is a dark theme planned for the night shift in hall {n}?",
}
TICKETS = [
    ticket(str(number), list(MATTERS)[number % 3], list(MATTERS.values())[number % 3].format(n=number))
    for number in range(60)
] + [ticket("900", "Exports", "The export fails."), ticket("901", "", "")]


@pytest.fixture
def asked(make_desk: MakeDesk, llm: FakeLLM) -> Desk:
    desk = make_desk(
        TICKETS, analyzer="openai_compatible", llm_base_url=llm.url, llm_api_key="sk-test", llm_model="test/model"
    )
    desk.read()
    llm.reset()
    return desk


@pytest.fixture
def embedded(make_desk: MakeDesk) -> Desk:
    desk = make_desk(TICKETS, {"Exports": "Downloading data as CSV or Excel files"})
    desk.read()
    return desk


def money(warehouse: Warehouse) -> None:
    """Facts as the last transform left them: two companies wrote about printers, of one the revenue is known."""
    warehouse.execute("create schema if not exists intermediate")
    warehouse.execute("create table intermediate.int_tickets (tenant_id text, ticket_id text, company_id text)")
    warehouse.execute(
        "create table intermediate.int_company_facts (tenant_id text, company_id text, known_mrr double precision)"
    )
    for ticket_id, company in (("0", "a"), ("3", "a"), ("6", "b"), ("1", "a")):
        warehouse.execute(
            "insert into intermediate.int_tickets values ('acme', :one, :two)", one=ticket_id, two=company
        )
    warehouse.execute("insert into intermediate.int_company_facts values ('acme', 'a', 900.5)")


def look(desk: Desk, **more: Any) -> dict[str, Proposal]:
    found = discover(desk.asker, desk.warehouse, desk.topics, desk.proposals, ACME, **more)
    return {proposal.name: proposal for proposal in found.proposals}


def test_grouped_here_they_have_volume_money_and_located_quotes(embedded: Desk) -> None:
    money(embedded.warehouse)
    found = discover(embedded.asker, embedded.warehouse, embedded.topics, embedded.proposals, ACME)
    assert (found.latest_count, found.looked_at_count) == (61, 60)
    assert len(found.proposals) == 3
    texts = {
        row["ticket_id"]: row["text"]
        for row in embedded.warehouse.rows("select * from enrichment.message_texts where message_id = 'opening'")
    }
    for proposal in found.proposals:
        assert (proposal.ticket_count, proposal.looked_at_count, proposal.is_provisional) == (20, 60, True)
        assert len(proposal.quotes) == 3
        for quote in proposal.quotes:
            assert texts[quote.ticket_id][quote.quote_start : quote.quote_end] == quote.quote
    [printers] = [one for one in found.proposals if "label" in one.name.lower()]
    assert (printers.company_count, printers.mrr_touched, printers.model) == (2, 900.5, "embedded-groups")


def test_what_a_topic_covers_is_looked_at_only_when_asked_for(embedded: Desk) -> None:
    everything = discover(embedded.asker, embedded.warehouse, embedded.topics, embedded.proposals, ACME, is_all=True)
    assert everything.looked_at_count == 61
    few = discover(embedded.asker, embedded.warehouse, embedded.topics, embedded.proposals, ACME, latest=5)
    assert few.latest_count == 5


def test_a_model_is_asked_in_batches_and_once(asked: Desk, llm: FakeLLM) -> None:
    found = look(asked)
    assert {name: proposal.ticket_count for name, proposal in found.items()} == {
        "Label printer": 20,
        "Holiday calendar": 20,
        "Dark theme": 20,
    }
    assert [one.task for one in llm.paid].count("topic_proposals") == 3
    assert [one.task for one in llm.paid].count("topic_merge") == 1
    system = llm.paid[0].body["messages"][0]["content"]
    assert "Downloading data as CSV or Excel files" in system
    llm.reset()
    assert look(asked).keys() == found.keys()
    assert llm.history == [], "the journal has the answers"


def test_what_a_model_claims_is_checked(asked: Desk, llm: FakeLLM) -> None:
    def topic(name: str, quote: str, *tickets: int) -> dict[str, object]:
        said = [{"ticket": tickets[0], "quote": quote}]
        return {"quotes": said, "name": name, "description": "d", "tickets": list(tickets)}

    real = "prints blank   LABELS"
    llm.enqueue(
        fake.answer(
            topics=[
                topic("Invented", "We will sue you", 1, 2),
                topic("Nowhere", real, 99),
                topic("none", real, 1),
                topic("Exports", real, 1),
                topic("Real", real, *range(1, 26), 77),
            ]
        )
    )
    found = look(asked, latest=25)
    assert found.keys() == {"Real"}
    proposal = found["Real"]
    assert (proposal.ticket_count, proposal.looked_at_count) == (24, 24), "ticket 900 has a topic"
    assert [quote.quote for quote in proposal.quotes] == ["prints blank labels"]


def test_a_broken_answer_is_asked_again_and_then_left_out(asked: Desk, llm: FakeLLM) -> None:
    llm.enqueue(fake.GARBAGE, fake.GARBAGE, where="order 0.")
    found = look(asked)
    assert 0 < sum(proposal.ticket_count for proposal in found.values()) < 60


def test_a_proposal_goes_into_the_draft_and_the_rest_gives_way(embedded: Desk) -> None:
    first = list(discover(embedded.asker, embedded.warehouse, embedded.topics, embedded.proposals, ACME).proposals)
    taken = first[0]
    embedded.topics.edit(ACME, Kind.ADD, author="ada", name=taken.name, description=taken.description)
    embedded.proposals.decide(ACME, taken.proposal_id, ProposalStatus.ACCEPTED, author="ada")
    again = look(embedded)
    assert taken.name not in again, "the draft has it"
    assert len(again) == 2


def test_erasure_forgets_what_was_answered_about_batches(asked: Desk, llm: FakeLLM) -> None:
    look(asked)
    journal = asked.asker.journal
    assert journal.remembered(ACME, ["0"]) > 4
    journal.forget(ACME, ["0"])
    assert journal.remembered(ACME, ["0"]) == 0


def test_without_tickets_it_says_what_to_do(make_desk: MakeDesk) -> None:
    desk = make_desk([])
    with pytest.raises(NothingRead, match="churnboard refresh"):
        look(desk)
