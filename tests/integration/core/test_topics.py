"""Taxonomies in the application database: drafts, versions, corrections, proposals, and what the warehouse is told."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.appdb import open_app_database
from core.appdb.corrections import Corrections
from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.engine import migrate, open_engine, writing
from core.appdb.locking import UnknownTenant
from core.appdb.proposals import Proposals
from core.appdb.topics import TopicBook, Topics
from core.erasure.published import clear_application, left_in_application
from core.erasure.registry import Subject
from core.tenants import cell, tenant_id
from core.topics import ContentTopic, InvalidEdit
from core.topics.corrections import NoSuchValue, UnknownCorrection
from core.topics.draft import DraftChanged, DraftMoved, NothingToShip, ShippedVersion, UnknownVersion, UnshippedEdits
from core.topics.proposals import Proposal, ProposalQuote, UnknownProposal
from core.vocabulary import CorrectedField, ProposalStatus
from core.vocabulary import TopicEditKind as Kind
from tests.integration.core.test_appdb import move, row

ACME = tenant_id("acme")
SEED = [ContentTopic("Billing", "Invoices."), ContentTopic("Login", "Signing in."), ContentTopic("Exports", "CSV.")]


def with_tenants(engine: Engine) -> Engine:
    directory = TenantDirectory(engine)
    for name in ("acme", "globex"):
        directory.save(Tenant(tenant_id=tenant_id(name), name=name, cell=cell(name)))
    return engine


@pytest.fixture
def database(app_database: Engine) -> Engine:
    return with_tenants(app_database)


@pytest.fixture
def topics(database: Engine) -> Topics:
    topics = Topics(database)
    assert topics.seed(ACME, SEED)
    return topics


@pytest.fixture
def corrections(database: Engine) -> Corrections:
    return Corrections(database)


def correct(
    corrections: Corrections, ticket_id: str, *after: str, field: CorrectedField = CorrectedField.TOPICS
) -> int:
    added = corrections.add(
        ACME,
        ticket_id=ticket_id,
        field=field,
        before=["none"],
        after=after,
        text=f"Text of {ticket_id}",
        input_hash="h",
        author="ada",
        why="because",
    )
    return added.correction_id


def shipped(topics: Topics, **more: Any) -> ShippedVersion:
    return topics.ship(ACME, topics.candidate(ACME), author="ada", **more)


def test_a_taxonomy_is_seeded_once(topics: Topics) -> None:
    assert not topics.seed(ACME, [ContentTopic("Other")])
    current = topics.current(ACME)
    assert current is not None
    assert (current.version, current.content.topics) == (1, tuple(SEED))
    assert topics.current("globex") is None
    with pytest.raises(UnknownTenant):
        topics.seed("nobody", SEED)


def test_edits_wait_in_the_draft_until_they_are_shipped(topics: Topics) -> None:
    topics.edit(ACME, Kind.ADD, author="ada", name="Fax")
    with pytest.raises(InvalidEdit):
        topics.edit(ACME, Kind.ADD, author="ada", name="fax")
    topics.edit(ACME, Kind.RENAME, author="bob", name="Login", to="Access")
    assert topics.current(ACME).content.topics == tuple(SEED)  # type: ignore[union-attr]
    assert topics.draft(ACME).content.active_names == {"Billing", "Access", "Exports", "Fax"}
    assert [str(one.edit) for one in topics.undo(ACME)] == ["rename name: Login, to: Access"]
    second = shipped(topics, note="Fax is back.")
    assert (second.version, second.note, second.is_relabelling) == (2, "Fax is back.", False)
    assert topics.draft(ACME).edits == []
    assert [(one.edit.kind, one.version) for one in topics.edits(ACME)] == [("add", 2)]
    with pytest.raises(NothingToShip):
        shipped(topics)


def test_an_older_version_comes_back_as_a_new_one(topics: Topics) -> None:
    topics.edit(ACME, Kind.MERGE, author="ada", name="Exports", into="Billing")
    assert shipped(topics).is_relabelling
    topics.edit(ACME, Kind.ADD, author="ada", name="Fax")
    with pytest.raises(UnshippedEdits, match="topics undo acme --all"):
        topics.rollback(ACME, 1, author="ada")
    topics.undo(ACME, is_all=True)
    third = topics.rollback(ACME, 1, author="ada")
    assert (third.version, third.restored_version, third.is_relabelling) == (3, 1, False)
    assert third.content == topics.version(ACME, 1).content
    with pytest.raises(NothingToShip):
        topics.rollback(ACME, 3, author="ada")
    with pytest.raises(UnknownVersion, match="no version 9"):
        topics.rollback(ACME, 9, author="ada")


def test_what_changed_while_it_was_tried_is_not_shipped(topics: Topics, corrections: Corrections) -> None:
    topics.edit(ACME, Kind.ADD, author="ada", name="Fax")
    tried = topics.candidate(ACME)
    correct(corrections, "1", "Billing")
    with pytest.raises(DraftChanged):
        topics.ship(ACME, tried, author="ada")
    assert len(topics.versions(ACME)) == 1


def test_people_who_edit_at_once_get_a_number_each(topics: Topics) -> None:
    threads = [
        threading.Thread(target=topics.edit, args=(ACME, Kind.ADD), kwargs={"author": "a", "name": f"T{number}"})
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.edit_id for one in topics.edits(ACME)] == list(range(1, 7))
    assert len(topics.draft(ACME).content.active) == 9


def test_corrections_become_the_examples_of_what_is_shipped(topics: Topics, corrections: Corrections) -> None:
    correct(corrections, "1", "Exports")
    last = correct(corrections, "1", "Login")
    withdrawn = correct(corrections, "2", "Billing")
    none = correct(corrections, "3", "none")
    lost = correct(corrections, "4", "Exports", "Login")
    correct(corrections, "5", "negative", field=CorrectedField.SENTIMENT)
    corrections.withdraw(ACME, withdrawn)
    topics.edit(ACME, Kind.ARCHIVE, author="ada", name="Exports")
    topics.edit(ACME, Kind.RENAME, author="ada", name="Login", to="Access")
    second = shipped(topics)
    assert {one.correction_id: one.topics for one in second.content.examples} == {last: ("Access",), none: ()}
    assert lost not in {one.correction_id for one in second.content.examples}, "nobody knows what they would say now"
    with pytest.raises(UnknownCorrection):
        corrections.withdraw(ACME, withdrawn)
    with pytest.raises(NoSuchValue, match="very_negative"):
        correct(corrections, "5", "furious", field=CorrectedField.SENTIMENT)


def test_a_rename_with_nothing_new_to_learn_leaves_answers_valid(topics: Topics, corrections: Corrections) -> None:
    correct(corrections, "1", "Login")
    assert not shipped(topics).is_relabelling
    topics.edit(ACME, Kind.RENAME, author="ada", name="Login", to="Access")
    renamed = shipped(topics)
    assert renamed.is_relabelling
    assert renamed.content.examples[0].topics == ("Access",)
    topics.edit(ACME, Kind.MOVE, author="ada", name="Access", parent="Billing")
    correct(corrections, "2", "Billing")
    assert not shipped(topics).is_relabelling


def test_the_warehouse_is_told_of_every_name_and_of_versions_whose_answers_hold(
    topics: Topics, corrections: Corrections, database: Engine
) -> None:
    topics.edit(ACME, Kind.ARCHIVE, author="ada", name="Exports")
    shipped(topics)
    topics.edit(ACME, Kind.RENAME, author="ada", name="Login", to="Access")
    shipped(topics)
    correct(corrections, "1", "none")
    correct(corrections, "1", "Access")
    state = TenantDirectory(database).app_state()
    assert {row["name"]: (row["is_active"], row["current_topic"], row["version"]) for row in state["topics"]} == {
        "Access": (True, "Access", 3),
        "Billing": (True, "Billing", 3),
        "Exports": (False, None, 3),
        "Login": (False, "Access", 3),
    }
    assert [row["version"] for row in state["topic_versions"]] == [2, 3]
    assert {topic["name"] for topic in json.loads(state["topic_versions"][1]["content"])["topics"]} == {
        "Access",
        "Billing",
        "Exports",
    }
    assert [(row["after"], row["is_standing"]) for row in state["corrections"]] == [
        ('["none"]', False),
        ('["Access"]', True),
    ]


def test_erasure_takes_the_words_and_leaves_the_label(
    topics: Topics, corrections: Corrections, database: Engine
) -> None:
    correct(corrections, "1", "Login")
    correct(corrections, "2", "Billing")
    topics.edit(ACME, Kind.ADD_RULE, author="ada", text="Whatever Zoe Quill writes is billing.")
    shipped(topics)
    proposals = Proposals(database)
    quotes = (ProposalQuote("1", "a", 0, 1), ProposalQuote("2", "b", 0, 1))
    proposals.replace_open(ACME, [proposal("Zoe Quill", quotes=quotes)])
    subject = Subject(ACME, ["501"], ["1"])
    assert left_in_application(database, subject) == {"correction": 1, "topic_proposal_quote": 1}
    clear_application(database, subject, ["Zoe Quill"])
    assert left_in_application(database, subject) == {}
    assert [(one.after, one.text, one.why) for one in corrections.of(ACME)] == [
        (("Login",), None, None),
        (("Billing",), "Text of 2", "because"),
    ]
    current = topics.current(ACME)
    assert current is not None
    assert current.content.rules[0].text == "Whatever [erased] writes is billing."
    assert [len(one.quotes) for one in proposals.of(ACME)] == [1]
    assert {one.correction_id for one in topics.candidate(ACME).content.examples} == {2}


def proposal(name: str, **more: Any) -> Proposal:
    base: dict[str, Any] = {"description": "d", "ticket_count": 3, "looked_at_count": 150, "company_count": 2}
    return Proposal(name=name, **base | {"mrr_touched": None, "model": "m"} | more)


def test_proposals_wait_for_a_person_and_decided_ones_stay(database: Engine) -> None:
    proposals = Proposals(database)
    first = proposals.replace_open(ACME, [proposal("Fax"), proposal("Labels", ticket_count=9, looked_at_count=200)])
    assert [(one.proposal_id, one.name, one.is_provisional) for one in first] == [
        (2, "Labels", False),
        (1, "Fax", True),
    ]
    proposals.decide(ACME, 1, ProposalStatus.ACCEPTED, author="ada")
    again = proposals.replace_open(ACME, [proposal("Printers")])
    assert [(one.proposal_id, one.name) for one in again] == [(3, "Printers")]
    assert {one.name: one.status for one in proposals.of(ACME)} == {
        "Labels": "replaced",
        "Fax": "accepted",
        "Printers": "open",
    }
    with pytest.raises(UnknownProposal, match="no open proposal 1"):
        proposals.decide(ACME, 1, ProposalStatus.DISMISSED, author="ada")


def test_topics_from_before_there_were_versions_become_the_first(app_database_url: str) -> None:
    engine = open_engine(app_database_url)
    move(command.upgrade, engine, "0009")
    tenant = row(plan_tier="pro", currency="EUR")
    with engine.begin() as connection:
        connection.execute(
            text(f"insert into tenant ({', '.join(tenant)}) values ({', '.join(f':{name}' for name in tenant)})"),
            tenant,
        )
        for name, is_active in (("Billing", True), ("Fax", False)):
            connection.execute(
                text(
                    "insert into topic (tenant_id, name, description, is_active, version) "
                    "values ('acme', :name, 'd', :is_active, 1)"
                ),
                {"name": name, "is_active": is_active},
            )
    migrate(engine)
    current = Topics(engine).current("acme")
    assert current is not None
    assert [(topic.name, topic.is_active) for topic in current.content.topics] == [("Billing", True), ("Fax", False)]
    move(command.downgrade, engine, "0009")
    with engine.connect() as connection:
        assert connection.scalars(text("select name from topic order by name")).all() == ["Billing", "Fax"]
    migrate(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = with_tenants(open_app_database(f"sqlite:///{tmp_path_factory.mktemp('topics') / 'app.db'}"))
    yield engine
    engine.dispose()


@given(st.lists(st.sampled_from(["add", "rename", "merge", "archive", "ship"]), min_size=1, max_size=8), st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_going_back_gives_the_very_same_taxonomy(sqlite: Engine, steps: list[str], data: st.DataObject) -> None:
    with sqlite.begin() as connection:
        for table in ("topic_version", "topic_edit"):
            connection.execute(text(f"delete from {table}"))
    topics = Topics(sqlite)
    topics.seed(ACME, SEED)
    for number, step in enumerate(steps):
        held = sorted(topics.draft(ACME).content.active_names)
        if step == "ship":
            if topics.candidate(ACME).has_changes:
                shipped(topics)
        elif step == "add":
            topics.edit(ACME, Kind.ADD, author="ada", name=f"New {number}")
        elif len(held) > 1:
            name = data.draw(st.sampled_from(held))
            other = next(one for one in held if one != name)
            details = {"rename": {"to": f"Renamed {number}"}, "merge": {"into": other}, "archive": {}}[step]
            topics.edit(ACME, Kind(step), author="ada", name=name, **details)
    topics.undo(ACME, is_all=True)
    versions = topics.versions(ACME)
    back = data.draw(st.sampled_from(versions))
    if back.content != versions[-1].content:
        assert topics.rollback(ACME, back.version, author="ada").content == back.content
    assert topics.versions(ACME)[: len(versions)] == versions, "history is only ever added to"


@given(st.lists(st.sampled_from(["add", "undo", "undo all", "ship", "go back", "late"]), min_size=1, max_size=10))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_drafts_have_one_number(sqlite: Engine, steps: list[str]) -> None:
    """Whatever is done in between, whoever names the number they saw gets at the draft they saw, or is refused."""
    with sqlite.begin() as connection:
        for table in ("topic_version", "topic_edit", "topic_draft"):
            connection.execute(text(f"delete from {table}"))
    topics = Topics(sqlite)
    book = TopicBook(ACME, lambda: writing(sqlite))
    topics.seed(ACME, SEED)
    seen = {0: topics.draft(ACME)}
    for number, step in enumerate(steps):
        now = topics.draft(ACME)
        if step == "add":
            book.edit(Kind.ADD, {"name": f"New {number}"}, author="ada", expected_seq=now.seq)
        elif step.startswith("undo"):
            book.undo(is_all=step == "undo all", expected_seq=now.seq)
        elif step == "ship" and topics.candidate(ACME).has_changes:
            shipped(topics)
        elif step == "go back" and not now.edits and now.base and now.base.content != topics.version(ACME, 1).content:
            book.rollback(1, author="ada", expected_seq=now.seq)
        elif step == "late" and now.seq:
            with pytest.raises(DraftMoved, match=f"send `seq` {now.seq}") as refused:
                book.edit(Kind.ADD, {"name": "Late"}, author="bob", expected_seq=now.seq - 1)
            assert refused.value.draft == now
        after = topics.draft(ACME)
        assert seen.setdefault(after.seq, after) == after
        assert after.seq >= now.seq
