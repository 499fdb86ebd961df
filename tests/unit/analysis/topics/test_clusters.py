"""Grouping tickets on this machine: planted matters are found, named by their words, and quoted as they stand."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.topics.discovery.clusters import clustered
from analysis.topics.texts import TicketWords

PLANTED = {
    "labels": ["The label printer jams on every second parcel.", "Our label printer prints blank labels again."],
    "payroll": ["The payroll run shows the wrong overtime.", "Overtime is missing in the payroll run of March."],
    "calendar": [
        "The holiday calendar does not sync with Outlook.",
        "Holiday calendar entries appear twice in Outlook.",
    ],
}
FOOTER = "Sent from the Acme help desk, terms and privacy apply."


@pytest.fixture(scope="module")
def planted() -> list[TicketWords]:
    draw = random.Random(5)
    tickets = []
    for number in range(90):
        matter = list(PLANTED)[number % 3]
        opening = draw.choice(["Hi there", "Hello there", "Good morning", "Dear all"])
        said = " ".join(draw.sample(PLANTED[matter], 2))
        tickets.append(TicketWords(f"{matter}-{number}", f"{opening}\n\n{said} (Order {number})\n{FOOTER}"))
    return tickets


def test_planted_matters_are_found_with_proof(planted: list[TicketWords]) -> None:
    found = clustered(planted)
    texts = {ticket.ticket_id: ticket.text for ticket in planted}
    matters = [Counter(ticket_id.partition("-")[0] for ticket_id in topic.ticket_ids) for topic in found]
    assert [len(counted) for counted in matters] == [1, 1, 1]
    assert {next(iter(counted)) for counted in matters} == set(PLANTED)
    assert sum(len(topic.ticket_ids) for topic in found) == 90
    for topic in found:
        assert 1 <= len(topic.quotes) <= 3
        for quote in topic.quotes:
            located = quote.located
            assert texts[quote.ticket_id][located.start : located.end] == located.quote
            assert "privacy" not in located.quote
        assert "privacy" not in topic.description
    named = " ".join(topic.name.lower() for topic in found)
    assert all(word in named for word in ("printer", "payroll", "calendar"))


def test_the_order_decides_nothing(planted: list[TicketWords]) -> None:
    shuffled = list(planted)
    random.Random(1).shuffle(shuffled)
    assert clustered(shuffled) == clustered(planted)


def test_what_has_nothing_in_common_is_no_topic() -> None:
    assert clustered([]) == []
    assert clustered([TicketWords("1", "One of a kind"), TicketWords("2", "")]) == []


@given(st.lists(st.text(max_size=60), max_size=12))
@settings(max_examples=60)
def test_any_text_is_survived(texts: list[str]) -> None:
    tickets = [TicketWords(str(number), text) for number, text in enumerate(texts)]
    by_id = {ticket.ticket_id: ticket.text for ticket in tickets}
    for topic in clustered(tickets):
        assert topic.name.strip()
        for quote in topic.quotes:
            assert by_id[quote.ticket_id][quote.located.start : quote.located.end] == quote.located.quote
