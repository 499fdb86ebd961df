"""What is asked for on the topics page, done by its handlers: tried out, priced, shipped once, refused where the draft moved on."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis import enrich, make_analyzer, open_journal
from analysis.topics.correct import correct_topics
from core.appdb.directory import Tenant
from core.appdb.tasks import Task
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.topics import ContentTopic
from core.topics.draft import DraftMoved
from core.vocabulary import TaskKind
from core.vocabulary import TopicEditKind as Kind
from orchestration.tasks.handlers import HANDLERS
from tests.support.fake_llm import FakeLLM
from tests.support.tickets import TOPICS, stage, stage_app_state, ticket

ACME = tenant_id("acme")
TICKETS = [
    ticket("1", "Export", "The CSV export fails with an error when I download data."),
    ticket("2", "Login", "I cannot sign in, my password is not accepted."),
    ticket("3", "Invoice", "The invoice shows a wrong price, I want a refund."),
    *(
        ticket(str(number), "Label printer", f"The label printer prints blank labels on parcel {number}.")
        for number in range(10, 16)
    ),
]
MATTERS = [
    ("Label printer", "The label printer prints blank labels on every second parcel."),
    ("Holiday calendar", "Entries of the holiday calendar appear twice in Outlook since the update."),
    ("Dark theme", "Is a dark theme planned for the night shift in the hall?"),
]
NEW = {"kind": "add", "details": {"name": "Printer trouble", "description": "Label printer, blank labels, paper."}}


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Installation:
    for name, value in ({"DATA_DIR": str(folder)} | environment).items():
        monkeypatch.setenv(name, value)
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme"), is_masked=False))
    place.topics.seed(ACME, [ContentTopic(name, said) for name, said in TOPICS.items()])
    read(place, TICKETS)
    return place


def read(place: Installation, tickets: list[dict[str, Any]]) -> None:
    stage(place.warehouse, tickets)
    stage_app_state(place.warehouse, place.directory.app_state())
    enrich(
        warehouse=place.warehouse,
        journal=open_journal(place.settings.stores.journal),
        analyzer=make_analyzer(place.settings.analysis),
        tenant_ids=[ACME],
        months=None,
        run_id="run",
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    place = made(tmp_path, monkeypatch)
    yield place
    place.app_database.dispose()


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    with FakeLLM() as llm:
        yield llm


def do(place: Installation, kind: TaskKind, *, attempt: int = 1, **arguments: Any) -> Mapping[str, Any]:
    said: list[str] = []
    task = Task(tenant_id=ACME, task_id="t", kind=kind, arguments=arguments, asked_by="ada", attempt=attempt)
    result = HANDLERS[kind](place, task, lambda step, *_: said.append(step))
    assert said or attempt > 1, "whoever waits is told what is being done"
    return result


def preview(place: Installation, **more: Any) -> Mapping[str, Any]:
    told = {"seq": place.topics.draft(ACME).seq, "sample": 100, "edit": None, "is_confirmed": False}
    return do(place, TaskKind.TOPIC_PREVIEW, **told | more)


def ship(place: Installation, **more: Any) -> Mapping[str, Any]:
    return do(place, TaskKind.TOPIC_SHIPPING, **{"seq": place.topics.draft(ACME).seq, "note": "New."} | more)


def test_a_preview_says_which_tickets_would_go_where_and_changes_nothing(place: Installation) -> None:
    result = preview(place, edit=NEW)
    assert (result["is_estimate"], result["is_paid"]) == (False, False)
    assert {one["ticket_id"] for one in result["moved"]} == {str(number) for number in range(10, 16)}
    assert all(one["after"] == ["Printer trouble"] for one in result["moved"])
    assert {"before": "none", "after": "Printer trouble", "ticket_count": 6} in result["matrix"]
    assert (result["covered_after"] - result["covered_before"], result["changed_count"]) == (6, 6)
    assert "label" not in str(result).casefold(), "words of customers stand in no result"
    assert place.topics.draft(ACME).edits == []
    assert preview(place)["changed_count"] == 0


def test_the_draft_is_shipped_once_however_often_it_is_begun(place: Installation) -> None:
    place.topics.edit(ACME, Kind.ADD, author="ada", **NEW["details"])  # type: ignore[arg-type]
    seq = place.topics.draft(ACME).seq
    assert ship(place) == {"version": 2, "case_count": 0, "dropped_count": 0, "failures": []}
    again = ship(place, seq=seq, attempt=2)
    assert again["version"] == 2
    assert len(place.topics.versions(ACME)) == 2
    with pytest.raises(DraftMoved):
        ship(place, seq=seq)


def test_a_correction_that_is_not_heeded_holds_the_draft_back(place: Installation) -> None:
    made = correct_topics(place.warehouse, place.topics, place.corrections, ACME, "2", ["Exports"], author="ada")
    correct_topics(place.warehouse, place.topics, place.corrections, ACME, "1", ["Invoices"], author="ada")
    place.topics.edit(ACME, Kind.ARCHIVE, author="ada", name="Invoices")
    result = ship(place)
    if result["version"] is None:
        assert {one["correction_id"] for one in result["failures"]} <= {made.correction_id}
        assert all(one["expected"] == ["Exports"] for one in result["failures"])
    assert result["dropped_count"] == 1, "a case about a topic that is no more drops out"
    assert len(place.topics.versions(ACME)) == (1 if result["version"] is None else 2)


def test_what_was_looked_at_is_what_is_done(place: Installation) -> None:
    seq = place.topics.draft(ACME).seq
    place.topics.edit(ACME, Kind.ADD, author="bob", name="Fax")
    for kind, more in (
        (TaskKind.TOPIC_PREVIEW, {"sample": 10, "edit": None, "is_confirmed": False}),
        (TaskKind.TOPIC_SHIPPING, {"note": ""}),
    ):
        with pytest.raises(DraftMoved, match="look at the draft"):
            do(place, kind, seq=seq, **more)


def test_a_discovery_leaves_proposals(place: Installation) -> None:
    read(
        place,
        [ticket(str(number), f"{matter} {number}", said) for number, (matter, said) in enumerate(MATTERS * 20, 100)],
    )
    result = do(place, TaskKind.TOPIC_DISCOVERY, latest=100, is_all=True, is_confirmed=False)
    assert (result["is_estimate"], result["latest_count"], result["looked_at_count"]) == (False, 69, 69)
    assert result["proposal_count"] == len(place.proposals.of(ACME)) > 0


def test_nobody_is_paid_before_somebody_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llm: FakeLLM) -> None:
    model = {"ANALYZER": "openai_compatible", "LLM_BASE_URL": llm.url, "LLM_API_KEY": "sk-test", "LLM_MODEL": "fake"}
    place = made(tmp_path, monkeypatch, **model)
    llm.reset()
    asked = preview(place, edit=NEW)
    found = do(place, TaskKind.TOPIC_DISCOVERY, latest=100, is_all=True, is_confirmed=False)
    place.topics.edit(ACME, Kind.ADD, author="ada", **NEW["details"])  # type: ignore[arg-type]
    priced = do(place, TaskKind.TOPIC_RETAGGING, from_month=None, to_month="2026-11", is_confirmed=False)
    assert llm.history == []
    assert (asked["is_estimate"], asked["unpaid_count"]) == (True, 9)
    assert asked["cost_usd"] > 0
    assert (found["is_estimate"], found["unpaid_count"]) == (True, 1)
    assert (priced["is_estimate"], priced["unpaid_count"]) == (True, 9)
    paid = preview(place, is_confirmed=True)
    assert (paid["is_estimate"], paid["is_paid"], len(llm.paid)) == (False, True, 9)
    assert not preview(place)["is_estimate"], "what is paid for needs no second yes"
    assert len(llm.paid) == 9
    place.app_database.dispose()
