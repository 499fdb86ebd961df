"""From a correction to history: what is tried before a version is shipped, what is read again, and what it costs."""

from typing import Any

import pytest

from analysis.topics.changes import changes_between, labels_at
from analysis.topics.correct import UnknownTopic, correct_tone, correct_topics
from analysis.topics.discovery.discover import discover
from analysis.topics.preflight import preflight
from analysis.topics.preview import Prepared, Preview, prepared, previewed
from analysis.topics.regression import regression_cases
from analysis.topics.shipping import ship, tried
from analysis.topics.texts import NothingRead
from core.topics import Edit
from core.topics.corrections import NoSuchValue
from core.topics.draft import NothingToShip, ShippedVersion
from core.vocabulary import AnalysisTask, CorrectedField
from core.vocabulary import TopicEditKind as Kind
from tests.integration.analysis.topics.conftest import ACME, Desk, MakeDesk
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import STAGED_TICKETS, ticket

TICKETS = [
    ticket("1", "Login", "Cannot sign in since this morning, the password reset mail never arrives."),
    ticket("2", "Login again", "The password reset mail never arrives, so I cannot sign in either."),
    ticket("3", "Exports", "The export to Excel cuts off after one hundred rows."),
    ticket("4", "Printer", "Our label printer prints blank pages."),
    ticket("5", "Invoices", "The invoice of October shows a wrong number."),
]


@pytest.fixture
def desk(make_desk: MakeDesk, llm: FakeLLM) -> Desk:
    """Tickets that a model has read by the first version."""
    desk = make_desk(
        TICKETS, analyzer="openai_compatible", llm_base_url=llm.url, llm_api_key="sk-test", llm_model="test/model"
    )
    desk.read()
    assert desk.labels() == {
        "1": ["Login and access"],
        "2": ["Login and access"],
        "3": ["Exports"],
        "4": ["none"],
        "5": ["Invoices"],
    }
    llm.reset()
    return desk


def shipped(desk: Desk) -> ShippedVersion:
    trial, version = ship(desk.asker, desk.warehouse, desk.topics, ACME, author="ada")
    assert version is not None, trial.failures
    desk.load()
    return version


def changes(desk: Desk) -> dict[tuple[str, str], int]:
    versions = desk.topics.versions(ACME)
    before, after = versions[-2], versions[-1]
    found = changes_between(desk.warehouse, ACME, (before.version, before.content), (after.version, after.content))
    return dict(found.counts)


def test_corrections_are_heeded_and_only_tickets_like_them_are_read_again(desk: Desk, llm: FakeLLM) -> None:
    for ticket_id in ("3", "4"):
        desk.correct(ticket_id, "Invoices")
    desk.correct("1", "Login and access", "Exports")
    assert shipped(desk).version == 2
    assert sorted(one.ticket.split("\n")[0] for one in llm.paid) == ["Exports", "Login", "Printer"], "the three cases"
    llm.reset()
    report = desk.read("again")
    assert [one.ticket.split("\n")[0] for one in llm.paid] == ["Login again"], "it is shown ticket 1 as an example"
    assert report.tasks[AnalysisTask.TOPICS].read == 4
    assert report.tasks[AnalysisTask.TOPICS].reused == 1
    assert desk.labels()["3"] == desk.labels()["4"] == ["Invoices"]
    assert set(desk.labels()["1"]) == {"Login and access", "Exports"}
    [shown] = [one.body["messages"][0]["content"] for one in llm.paid]
    assert "right answer: Login and access; Exports" in shown
    assert changes(desk) == {
        ("Login and access", "Login and access"): 2,
        ("\u2014", "Exports"): 1,
        ("Exports", "Invoices"): 1,
        ("none", "Invoices"): 1,
        ("Invoices", "Invoices"): 1,
    }


def test_a_run_that_is_killed_halfway_ends_in_the_same_matrix(desk: Desk, llm: FakeLLM) -> None:
    desk.correct("4", "Invoices")
    shipped(desk)
    desk.read("once")
    before, history = changes(desk), labels_at(desk.warehouse, ACME, 2)
    # What a kill between reading and writing leaves: a page that simply counts as not read.
    desk.warehouse.execute("delete from enrichment.ticket_topics where ticket_id = '4'")
    desk.warehouse.execute("delete from enrichment.ticket_topic_history where ticket_id = '4' and taxonomy_version = 2")
    llm.reset()
    desk.read("twice")
    assert llm.paid == []
    assert (changes(desk), labels_at(desk.warehouse, ACME, 2)) == (before, history)


def test_a_case_that_fails_keeps_everything_from_being_shipped(desk: Desk, llm: FakeLLM) -> None:
    number = desk.correct("4", "Invoices")
    llm.enqueue(fake.answer(topics=["none"]), where="label printer")
    trial, version = ship(desk.asker, desk.warehouse, desk.topics, ACME, author="ada")
    assert version is None
    [failed] = trial.failures
    assert (failed.case.correction_id, failed.case.ticket_id, failed.case.expected, failed.given) == (
        number,
        "4",
        ("Invoices",),
        (),
    )
    assert "label printer" in failed.case.text
    assert len(desk.topics.versions(ACME)) == 1
    desk.topics.edit(ACME, Kind.ADD_RULE, author="ada", text="Printers are invoices.", topic="Invoices")
    assert shipped(desk).version == 2
    assert "about Invoices: Printers are invoices." in llm.paid[-1].body["messages"][0]["content"]


def test_a_withdrawn_correction_is_no_case(desk: Desk, llm: FakeLLM) -> None:
    number = desk.correct("4", "Invoices")
    desk.corrections.withdraw(ACME, number)
    with pytest.raises(NothingToShip):
        shipped(desk)
    assert llm.history == []


@pytest.mark.parametrize("kind", [Kind.RENAME, Kind.MERGE])
def test_names_change_without_a_paid_call(desk: Desk, llm: FakeLLM, kind: Kind) -> None:
    desk.correct("4", "Invoices")
    shipped(desk)
    desk.read("taught")
    llm.reset()
    details: dict[str, Any] = {"to": "Sign-in"} if kind is Kind.RENAME else {"into": "Exports"}
    desk.topics.edit(ACME, kind, author="ada", name="Login and access", **details)
    version = shipped(desk)
    assert version.is_relabelling
    report = desk.read("again")
    assert llm.history == []
    assert report.tasks[AnalysisTask.TOPICS].reused == 5
    new = next(iter(details.values()))
    assert changes(desk)["Login and access", new] == 2
    # A ticket that comes afterwards is asked with the new names.
    desk.warehouse.merge([(STAGED_TICKETS, [ticket("6", "New", "Exports are slow.")])])
    desk.read("later")
    [asked] = [one for one in llm.history if one.task == "topics"]
    assert "Login and access" not in asked.body["messages"][0]["content"]


def test_going_back_pays_nothing(desk: Desk, llm: FakeLLM) -> None:
    before = desk.labels()
    desk.topics.edit(ACME, Kind.DESCRIBE, author="ada", name="Exports", description="Only printers.")
    shipped(desk)
    desk.read("second")
    assert len(llm.paid) == 5
    desk.topics.rollback(ACME, 1, author="ada")
    desk.load()
    llm.reset()
    report = desk.read("third")
    assert (llm.history, report.tasks[AnalysisTask.TOPICS].read) == ([], 5)
    assert desk.labels() == before


def prepared_for(desk: Desk, *, sample: int, edit: Edit | None = None) -> Prepared:
    return prepared(desk.asker, desk.warehouse, desk.topics, ACME, sample=sample, edit=edit)


def tried_out(desk: Desk, *, sample: int, edit: Edit | None = None) -> Preview:
    return previewed(desk.asker, ACME, prepared_for(desk, sample=sample, edit=edit))


def test_a_preview_writes_nothing_and_is_not_paid_again(desk: Desk, llm: FakeLLM) -> None:
    desk.topics.edit(ACME, Kind.ADD, author="ada", name="Printer trouble", description="Labels and paper.")
    found = tried_out(desk, sample=3).changes
    assert len(llm.paid) == 3
    assert found.ticket_count == 3
    assert found.counts["none", "Printer trouble"] == 1
    assert desk.labels()["4"] == ["none"]
    shipped(desk)
    desk.read("after")
    assert len(llm.paid) == 5
    assert desk.labels()["4"] == ["Printer trouble"]


def test_one_more_edit_is_tried_and_not_made(desk: Desk, llm: FakeLLM) -> None:
    new = Edit(Kind.ADD, {"name": "Printer trouble", "description": "Labels and paper."}, "ada")
    before = preflight(desk.asker, ACME, prepared_for(desk, sample=3, edit=new).questions)
    assert (before.is_paid, before.call_count, before.unpaid_count) == (True, 3, 3)
    found = tried_out(desk, sample=3, edit=new)
    assert [(one.ticket_id, one.before, one.after) for one in found.moved] == [("4", ("none",), ("Printer trouble",))]
    assert (found.covered_after - found.covered_before, found.unanswered_count) == (1, 0)
    assert desk.topics.draft(ACME).edits == []
    assert preflight(desk.asker, ACME, prepared_for(desk, sample=3, edit=new).questions).unpaid_count == 0
    llm.reset()
    tried_out(desk, sample=3, edit=new)
    assert llm.history == [], "what was paid for once is not asked again"


def test_what_is_erased_or_no_topic_any_more_is_no_case(desk: Desk) -> None:
    desk.correct("3", "Invoices")
    desk.correct("4", "Exports")
    desk.correct("5", "Login and access")
    desk.warehouse.execute("update enrichment.message_texts set text = null where ticket_id = '3'")
    desk.topics.edit(ACME, Kind.ARCHIVE, author="ada", name="Exports")
    trial = tried(desk.asker, desk.warehouse, desk.topics, ACME)
    assert ([case.ticket_id for case in trial.cases], trial.dropped_count) == (["5"], 2)


def test_tone_is_corrected_too_and_makes_cases_of_its_own(desk: Desk) -> None:
    correct_tone(
        desk.warehouse, desk.corrections, ACME, "3", CorrectedField.SENTIMENT, "negative", author="ada", why="cut off"
    )
    stand = desk.corrections.standing(ACME)
    [case] = regression_cases(desk.warehouse, stand, ACME, AnalysisTask.SENTIMENT)
    assert (case.ticket_id, case.field, case.expected) == ("3", "sentiment", ("negative",))
    assert regression_cases(desk.warehouse, stand, ACME, AnalysisTask.TOPICS) == []
    with pytest.raises(NoSuchValue):
        correct_tone(desk.warehouse, desk.corrections, ACME, "3", CorrectedField.SENTIMENT, "angry", author="ada")


def test_what_cannot_be_corrected_says_why(desk: Desk) -> None:
    with pytest.raises(UnknownTopic, match="Its topics are: Exports, Invoices, Login and access"):
        desk.correct("3", "Weather")
    with pytest.raises(NothingRead, match="Ticket 99"):
        desk.correct("99", "Exports")
    assert desk.corrections.of(ACME) == []
    correct_topics(desk.warehouse, desk.topics, desk.corrections, ACME, "3", ["invoices"], author="ada")
    [made] = desk.corrections.of(ACME)
    assert (made.before, made.after) == (("Exports",), ("Invoices",))


def test_nobody_is_sent_what_tells_who_wrote_a_ticket(make_desk: MakeDesk, llm: FakeLLM) -> None:
    signed = [
        ticket(
            str(number),
            "Label printer",
            f"The label printer jams, order {number}. Write to ada{number}@zanzibar.example.",
        )
        for number in range(4)
    ]
    desk = make_desk(
        signed, analyzer="openai_compatible", llm_base_url=llm.url, llm_api_key="sk-test", llm_model="test/model"
    )
    desk.read()
    desk.correct("1", "Exports")
    shipped(desk)
    desk.read("taught")
    assert desk.labels()["1"] == ["Exports"]
    desk.topics.edit(ACME, Kind.ADD, author="ada", name="Fax")
    tried_out(desk, sample=4)
    [found] = discover(desk.asker, desk.warehouse, desk.topics, desk.proposals, ACME, is_all=True).proposals
    sent = "".join(str(one.body) for one in llm.history)
    assert "zanzibar" not in sent
    assert "right answer: Exports" in sent, "what was learned is sent, without the address"
    assert any("zanzibar" in quote.quote for quote in found.quotes), "a quote is the customer's own words"
