"""Portals into the warehouse over HTTP, on both engines: what is there afterwards is what HubSpot holds."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.warehouse import Warehouse, connect
from ingestion.app_state import load_app_state
from ingestion.hubspot.tables import RAW_TABLES, SYNC_CURSORS
from ingestion.sandbox.catalogue import PropertyDefinition
from ingestion.sandbox.faults import Fault, Kind
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Owner, Portal, Quirks, World
from tests.support.databases import throw_away_database
from tests.support.portals import TickingClock, access, in_portal, in_warehouse, small_portal, sync

OBJECTS = ("tickets", "companies", "contacts")


class Scene:
    """A new portal beside all earlier ones: its sandbox, the warehouse they share, and a clock."""

    def __init__(self, sandbox: RunningSandbox, clock: TickingClock, warehouse: Warehouse, work_dir: Path) -> None:
        self.sandbox, self.clock, self.warehouse, self.work_dir = sandbox, clock, warehouse, work_dir
        self.tenant = f"t{uuid.uuid4().hex[:8]}"
        self.portal = small_portal(sandbox.world, self.tenant)

    def sync(self, portals: list[Portal] | None = None, **changes: Any) -> Any:
        self.clock.forward(seconds=1)
        several = portals or [self.portal]
        # One cell for all tests: its staging tables are made once.
        changes = {"cell": "shared", "now": self.clock, **changes}
        return sync(several, self.sandbox.base_url, self.warehouse, self.work_dir, **changes)

    def assert_same(self, portal: Portal | None = None) -> None:
        portal = portal or self.portal
        assert in_warehouse(self.warehouse, portal) == in_portal(portal)

    def rows(self, table: str, where: str = "true", **params: Any) -> list[dict[str, Any]]:
        sql = f"select * from raw_hubspot.{table} where tenant_id = :tenant and {where}"
        return self.warehouse.rows(sql, tenant=self.tenant, **params)

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        return self.rows("tickets", "id = :id", id=ticket_id)[0]


@pytest.fixture(scope="module")
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(scope="module")
def running(clock: TickingClock) -> Iterator[RunningSandbox]:
    with running_sandbox(World(clock=clock), wall=1_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.intercept(None)
    running.faults.clear()


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return connect(f"duckdb:///{tmp_path_factory.mktemp('shared') / 'warehouse.duckdb'}", lock_timeout_seconds=30)


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[Warehouse]:
    with throw_away_database() as url:
        yield connect(url, lock_timeout_seconds=30)


@pytest.fixture(params=["on_duckdb", "on_postgres"])
def scene(request: pytest.FixtureRequest, sandbox: RunningSandbox, clock: TickingClock, tmp_path: Path) -> Scene:
    return Scene(sandbox, clock, request.getfixturevalue(request.param), tmp_path)


@pytest.fixture
def light(sandbox: RunningSandbox, clock: TickingClock, on_duckdb: Warehouse, tmp_path: Path) -> Scene:
    """A scene on DuckDB only, for what happens before rows reach an engine."""
    return Scene(sandbox, clock, on_duckdb, tmp_path)


def test_backfill_then_nothing_then_every_kind_of_change(scene: Scene) -> None:
    portal = scene.portal
    portal.set_owner(Owner("7", "ada@vendor.example", "Ada", "L", 70))
    portal.set_owner(Owner("8", "old@vendor.example", "Old", "Hand", 80, archived=True))
    tickets = portal.ids("tickets")
    portal.archive("tickets", tickets[3])
    first = scene.sync()
    scene.assert_same()
    assert first.failed_tenants == {}
    assert all(first.stream(scene.tenant, one).mode == "backfill" for one in OBJECTS)
    assert all(first.stream(scene.tenant, one).is_complete for one in OBJECTS)
    tables = {(table.spec.schema, table.name) for table in RAW_TABLES} | {(SYNC_CURSORS.schema, SYNC_CURSORS.name)}
    assert all(scene.warehouse.has_table(*one) for one in tables)

    scene.clock.forward(hours=1)
    second = scene.sync()
    assert second.loaded == 0
    assert all(second.stream(scene.tenant, one).mode == "increment" for one in OBJECTS)

    scene.clock.forward(hours=1)
    quiet = scene.sync()
    assert (quiet.loaded, quiet.stream(scene.tenant, "tickets").extracted) == (0, 1), (
        "only the archived ticket is listed again"
    )

    portal.set_property("tickets", tickets[1], "subject", "Edited")
    portal.set_property("companies", portal.ids("companies")[0], "name", None)
    portal.archive("tickets", tickets[2])
    portal.restore("tickets", tickets[3])
    portal.upsert("tickets", {"subject": "New", "content": "x"})
    third = scene.sync()
    scene.assert_same()
    assert third.stream(scene.tenant, "tickets").loaded == 4
    assert third.stream(scene.tenant, "companies").loaded == 1


def test_a_link_that_changes_without_the_ticket_is_noticed_by_the_daily_sweep(scene: Scene) -> None:
    scene.sync()
    scene.clock.forward(hours=1)
    scene.sync()
    ticket, other = scene.portal.ids("tickets")[1], scene.portal.ids("companies")[2]
    held = scene.ticket(ticket)
    for company in scene.portal.linked_ids("tickets", ticket, "companies"):
        scene.portal.dissociate("tickets", ticket, "companies", company)
    scene.portal.associate("tickets", ticket, "companies", other, primary=True)
    scene.portal.dissociate("tickets", ticket, "contacts", scene.portal.ids("contacts")[1])
    scene.clock.forward(hours=1)
    assert scene.sync().loaded == 0, "an increment cannot see it"
    scene.clock.forward(days=1)
    scene.sync()
    scene.assert_same()
    found = scene.ticket(ticket)
    assert found["hs_primary_company_id"] == other, "a calculated property changed with the link, silently"
    assert found["hs_lastmodifieddate"] == held["hs_lastmodifieddate"]


def test_merged_records_leave_an_alias_and_their_links_lead_to_the_new_one(scene: Scene) -> None:
    """A merge makes a new record; the old ones vanish, and no linked record's modified date moves."""
    scene.sync()
    scene.clock.forward(hours=1)
    portal = scene.portal
    tickets, companies, contacts = portal.ids("tickets"), portal.ids("companies"), portal.ids("contacts")
    company = portal.merge("companies", companies[0], companies[1])
    contact = portal.merge("contacts", contacts[0], contacts[1])
    portal.merge("tickets", tickets[0], tickets[1])
    report = scene.sync()
    scene.assert_same()
    assert {row["id"] for row in scene.rows("companies")} == {company, companies[2]}
    assert report.stream(scene.tenant, "companies").deleted == 2
    linked = {row["company_id"] for row in scene.rows("ticket_companies", "company_id is not null")}
    assert linked == {company, companies[2]}, "though no ticket's modified date had moved"
    assert contact in {row["contact_id"] for row in scene.rows("ticket_contacts")}

    scene.clock.forward(hours=1)
    final = portal.merge("companies", company, companies[2])
    scene.sync()
    scene.assert_same()
    aliases = {row["alias_id"]: row["record_id"] for row in scene.rows("record_aliases", "object_type = 'companies'")}
    assert aliases == dict.fromkeys([*companies, company], final), (
        "also those of the first merge lead to the last record"
    )
    assert scene.sync().loaded == 0


def test_an_erased_contact_is_reported_with_its_tickets_before_it_is_deleted(scene: Scene) -> None:
    scene.sync()
    scene.clock.forward(hours=1)
    contact = scene.portal.ids("contacts")[0]
    theirs = [
        one for one in scene.portal.ids("tickets") if contact in scene.portal.linked_ids("tickets", one, "contacts")
    ]
    scene.portal.privacy_delete(contact)
    told: dict[str, list[str]] = {}

    def note(tenant_id: str, contacts: Any) -> None:
        assert tenant_id == scene.tenant
        assert scene.rows("contacts", "id = :id", id=contact), "what is held is still there"
        told.update(contacts)

    scene.sync(on_erased_contacts=note)
    assert told == {contact: theirs}
    scene.sync(sweep_seconds=0)
    scene.assert_same()


def test_an_erased_contact_is_noticed_first_where_its_ticket_lost_it(light: Scene) -> None:
    """The sweep replaces the link set that names the contact: whose tickets they were must not be lost with it."""
    light.sync()
    contact = light.portal.ids("contacts")[1]
    theirs = [
        one for one in light.portal.ids("tickets") if contact in light.portal.linked_ids("tickets", one, "contacts")
    ]
    light.portal.privacy_delete(contact)
    told: dict[str, list[str]] = {}
    light.clock.forward(days=2)
    light.sync(on_erased_contacts=lambda _tenant, contacts: told.update(contacts))
    assert told == {contact: theirs}
    light.assert_same()


def test_a_contact_that_ran_out_of_time_in_the_bin_was_not_erased(light: Scene) -> None:
    contact, other = light.portal.ids("contacts")[:2]
    light.portal.archive("contacts", contact)
    light.portal.archive("contacts", other)
    light.sync()
    light.clock.forward(days=30)
    light.portal.purge("contacts", other)
    told: list[str] = []
    light.sync(on_erased_contacts=lambda _tenant, contacts: told.extend(contacts))
    assert told == [other], "gone after thirty days of ninety: somebody erased it"
    light.clock.forward(days=60, hours=1)
    light.portal.purge("contacts", contact)
    light.sync(on_erased_contacts=lambda _tenant, contacts: told.extend(contacts))
    assert told == [other]
    assert contact not in {row["id"] for row in light.rows("contacts")}


def test_all_labels_and_all_pages_of_links_are_read(scene: Scene) -> None:
    portal = scene.portal
    ticket = portal.ids("tickets")[0]
    label = portal.define_label("tickets", "contacts", "Escalated by")
    many = [portal.upsert("contacts", {"email": f"many{number}@customer.example"}) for number in range(620)]
    for number, contact in enumerate(many):
        portal.associate("tickets", ticket, "contacts", contact, labels=[label] if number == 7 else [])
    report = scene.sync()
    scene.assert_same()
    rows = {row["contact_id"]: row for row in scene.rows("ticket_contacts", "ticket_id = :id", id=ticket)}
    assert len(rows) == 621
    assert '"USER_DEFINED","label":"Escalated by"' in rows[many[7]]["association_types"]
    assert "Escalated" not in rows[many[8]]["association_types"]
    companies = scene.rows("ticket_companies", "ticket_id = :id and is_primary", id=ticket)
    assert len(companies) == 1
    assert report.stream(scene.tenant, "ticket_contacts").is_complete


def test_messages_of_tickets_are_read_and_no_others(scene: Scene) -> None:
    portal = scene.portal
    scene.sync()
    scene.assert_same()
    assert len(scene.rows("emails")) == 2, "the sales talk was never asked for"
    scene.clock.forward(hours=1)
    ticket, other = portal.ids("tickets")[0], portal.ids("tickets")[3]
    [email] = portal.linked_ids("tickets", ticket, "emails")
    portal.set_property("emails", email, "hs_email_text", "Edited")
    answer = portal.upsert("emails", {"hs_email_text": "Any news?", "hs_email_direction": "INCOMING_EMAIL"})
    portal.associate("tickets", other, "emails", answer)
    scene.sync()
    scene.assert_same()
    assert scene.rows("emails", "id = :id", id=answer)[0]["direction"] == "inbound"
    scene.clock.forward(days=2)
    portal.dissociate("tickets", other, "emails", answer)
    scene.sync()
    scene.assert_same()
    assert scene.rows("emails", "id = :id", id=answer) == [], "no ticket's message any more"
    assert scene.sync().loaded == 0


def test_without_the_scope_for_emails_tickets_are_read_by_their_opening_message(light: Scene) -> None:
    light.sandbox.faults.add(Fault(kind=Kind.MISSING_SCOPE, path="emails", scope="sales-email-read", times=None))
    report = light.sync()
    assert report.failed_tenants == {}, "a scope a tenant may leave out is no failure"
    status = {row["stream"]: row["status"] for row in light.rows("sync_cursors")}
    assert status["emails"] == status["ticket_emails"] == "missing_scope"
    assert {status[one] for one in ("tickets", "ticket_companies", "ticket_notes", "notes")} == {"synced"}
    assert "sales-email-read" in light.rows("sync_cursors", "stream = 'emails'")[0]["error_message"]
    light.sandbox.faults.clear()
    light.clock.forward(minutes=5)
    light.sync()
    light.assert_same()


def test_what_hubspot_no_longer_has_is_deleted(scene: Scene) -> None:
    tickets = scene.portal.ids("tickets")
    scene.portal.archive("tickets", tickets[0])
    scene.sync()
    scene.portal.purge("tickets", tickets[0])
    scene.portal.purge("tickets", tickets[1])
    scene.portal.purge("contacts", scene.portal.ids("contacts")[2])
    report = scene.sync(sweep_seconds=0)
    scene.assert_same()
    assert report.stream(scene.tenant, "tickets").deleted == 2
    assert report.stream(scene.tenant, "contacts").deleted == 1
    assert report.stream(scene.tenant, "tickets").is_complete


def test_unsafe_content_arrives_unchanged(scene: Scene) -> None:
    texts = {
        "html": '<p onclick="x()">it &amp; <b>broke</b></p><!-- \\. -->',
        "copy": 'line\n\\.\n\r\nquoted "a", \\N and\ttab\r',
        "emoji": "😡" * 5_000 + "👩🏽‍🚒",
        "long": "не работает! " * 16_000,
        "sql": "'; drop table raw_hubspot.tickets; -- {tenant_id} %s $1 :name",
    }
    ids = {
        name: scene.portal.upsert("tickets", {"subject": name, "content": text, "hs_pipeline_stage": "no-such-stage"})
        for name, text in texts.items()
    }
    empty = scene.portal.upsert("tickets", {"hs_pipeline": "0"})
    nul = scene.portal.upsert("tickets", {"subject": "a\x00b"})
    odd = scene.portal.upsert(
        "tickets", {"subject": "dates", "closed_date": "soon", "createdate": "999999999999999999"}
    )
    rich = scene.portal.upsert("companies", {"name": None, "annualrevenue": "a lot"})
    scene.sync()
    assert {name: scene.ticket(one)["content"] for name, one in ids.items()} == texts
    assert (scene.ticket(empty)["content"], scene.ticket(empty)["subject"]) == (None, None)
    assert scene.ticket(nul)["subject"] == "a\ufffdb"
    assert (scene.ticket(odd)["closed_date"], scene.ticket(odd)["createdate"]) == (None, None)
    assert '"closed_date":"soon"' in scene.ticket(odd)["properties"]
    company = scene.rows("companies", "id = :id", id=rich)[0]
    assert (company["name"], company["annualrevenue"]) == (None, None)
    assert '"annualrevenue":"a lot"' in company["properties"]
    assert scene.sync().loaded == 0


def test_a_property_that_vanishes_becomes_null_and_keeps_its_column(light: Scene) -> None:
    light.portal.add_property("companies", PropertyDefinition("mrr", "MRR", "number"))
    company = light.portal.ids("companies")[0]
    light.portal.set_property("companies", company, "mrr", 250)
    light.portal.set_property("companies", company, "domain", "c.example")
    light.sync()
    light.assert_same()
    light.portal.remove_property("companies", "mrr")
    light.portal.remove_property("companies", "domain")
    light.portal.touch("companies")
    light.sync()
    light.assert_same()
    row = light.rows("companies", "id = :id", id=company)[0]
    assert row["domain"] is None
    assert '"mrr"' not in row["properties"]
    assert {one["name"] for one in light.rows("properties", "archived")} == {"domain", "mrr"}


def test_changes_of_the_property_catalogue_are_rows(light: Scene) -> None:
    light.portal.add_property("companies", PropertyDefinition("mrr", "MRR", "number"))
    light.sync()
    assert light.rows("property_changes") == [], "the first look is no change"
    light.portal.add_property("companies", PropertyDefinition("mrr", "MRR", "string"))
    light.portal.add_property("tickets", PropertyDefinition("severity", "Severity", "enumeration", "select"))
    light.portal.remove_property("companies", "domain")
    light.sync()
    found = [
        (row["object_type"], row["name"], row["change"], row["before"], row["after"])
        for row in light.rows("property_changes", "true order by object_type, name")
    ]
    assert found == [
        ("companies", "domain", "archived", None, None),
        ("companies", "mrr", "retyped", "number/text", "string/text"),
        ("tickets", "severity", "added", None, "enumeration/select"),
    ]
    assert light.sync().loaded == 0


def test_a_ticket_s_way_through_the_stages_is_kept(scene: Scene) -> None:
    ticket = scene.portal.ids("tickets")[0]
    scene.sync()
    for stage in ("3", "2", "3", "4"):
        scene.clock.forward(hours=1)
        scene.portal.set_property("tickets", ticket, "hs_pipeline_stage", stage)
    scene.sync()
    stages = scene.rows("ticket_stage_history", "ticket_id = :id order by entered_at", id=ticket)
    assert [row["stage_id"] for row in stages] == ["1", "3", "2", "3", "4"]
    assert stages[0]["entered_at"] == scene.ticket(ticket)["createdate"]
    assert len({row["ticket_id"] for row in scene.rows("ticket_stage_history")}) == 12
    assert scene.sync().loaded == 0


def test_what_a_mapped_property_was_before_is_kept(scene: Scene) -> None:
    first, second, *_ = scene.portal.ids("companies")
    scene.sync()
    scene.clock.forward(hours=1)
    for domain in ("before.example", "after.example"):
        scene.clock.forward(hours=1)
        scene.portal.set_property("companies", first, "domain", domain)
    scene.sync()
    assert scene.rows("company_property_history") == [], "nothing is mapped"

    def decide(*versions: tuple[str, int, str | None]) -> None:
        rows = [
            {"tenant_id": scene.tenant, "field": field, "version": version, "property_name": name, "author": "ada"}
            for field, version, name in versions
        ]
        load_app_state({"field_mappings": rows}, warehouse=scene.warehouse, work_dir=scene.work_dir)

    decide(("mrr", 1, "domain"), ("usage", 1, "lifecyclestage"), ("usage", 2, None), ("renewal", 1, "no_such_property"))
    scene.clock.forward(hours=1)
    scene.sync()
    of_first = scene.rows("company_property_history", "company_id = :id order by set_at", id=first)
    assert {row["property_name"] for row in of_first} == {"domain"}
    assert [row["value"] for row in of_first][-2:] == ["before.example", "after.example"]
    assert {row["company_id"] for row in scene.rows("company_property_history")} == set(scene.portal.ids("companies"))
    assert scene.sync().loaded == 0, "it is asked for once"
    scene.clock.forward(hours=1)
    scene.portal.set_property("companies", second, "domain", "second.example")
    scene.sync()
    of_second = scene.rows("company_property_history", "company_id = :id order by set_at", id=second)
    assert of_second[-1]["value"] == "second.example"
    assert scene.portal.ids("companies")[2:], "the others keep theirs"
    assert {row["company_id"] for row in scene.rows("company_property_history")} == set(scene.portal.ids("companies"))


def test_rows_that_got_lost_here_are_found_by_counting_and_read_again(scene: Scene) -> None:
    """However they got lost: HubSpot counts more than are held, its list says which."""
    scene.sync()
    for table in ("tickets", "companies"):
        scene.warehouse.execute(
            f"delete from raw_hubspot.{table} where tenant_id = :tenant and id in "
            f"(select id from raw_hubspot.{table} where tenant_id = :tenant order by id limit 2)",
            tenant=scene.tenant,
        )
    scene.clock.forward(hours=1)
    report = scene.sync()
    scene.assert_same()
    for table in ("tickets", "companies"):
        assert report.stream(scene.tenant, table).loaded == 2
        assert report.stream(scene.tenant, table).is_complete


def test_a_record_that_changes_after_the_window_is_not_taken_for_a_gap(light: Scene) -> None:
    """It has left HubSpot's count of the window and is still in ours."""
    light.sync()
    light.clock.forward(hours=1)
    changed: list[str] = []

    def change_meanwhile(request: Request) -> Response | None:
        if request.url.path.endswith("/tickets/search") and not changed:
            changed.append(light.portal.ids("tickets")[5])
            light.portal.set_property("tickets", changed[0], "subject", "Changed in the middle")
        return None

    light.sandbox.intercept(change_meanwhile)
    report = light.sync()
    light.sandbox.intercept(None)
    stream = report.stream(light.tenant, "tickets")
    assert (stream.held, stream.portal_total) == (11, 11)
    listed = [one for one in light.sandbox.seen[-60:] if one.query.endswith("properties=hs_object_id")]
    assert listed == [], "and nobody lists all ids because of it"
    light.sync()
    light.assert_same()


def test_a_deleted_pipeline_is_kept_as_archived_with_its_stages(light: Scene) -> None:
    light.sync()
    light.portal.remove_pipeline("0")
    light.sync()
    pipelines = light.rows("pipelines")
    stages = light.rows("pipeline_stages")
    assert [one["archived"] for one in pipelines] == [True]
    assert {one["archived"] for one in stages} == {True}
    assert {one["is_closed"] for one in stages} == {True, False}
    assert light.sync().loaded == 0


def test_more_changes_than_search_pages_through_are_all_seen(light: Scene) -> None:
    """The sandbox refuses search offsets beyond 1,000 here, as HubSpot does beyond 10,000."""
    for number in range(1_300):
        light.portal.upsert("contacts", {"email": f"many{number}@customer.example"})
    light.sync()
    light.clock.forward(hours=2)
    light.portal.touch("contacts")
    report = light.sync()
    assert report.stream(light.tenant, "contacts").extracted == 1_303
    assert report.stream(light.tenant, "contacts").mode == "increment"
    assert report.stream(light.tenant, "contacts").is_complete
    light.assert_same()


def test_properties_that_do_not_fit_into_an_address_are_read_all_the_same(light: Scene) -> None:
    for number in range(400):
        light.portal.add_property(
            "companies", PropertyDefinition(f"a_rather_long_custom_property_{number}", str(number), "string")
        )
    company = light.portal.ids("companies")[1]
    for number in range(0, 400, 3):
        light.portal.set_property("companies", company, f"a_rather_long_custom_property_{number}", f"v{number}")
    report = light.sync()
    assert report.failed_tenants == {}
    light.assert_same()
    assert not [one for one in light.sandbox.seen if one.status == 414]


def test_an_index_that_lags_loses_nothing(light: Scene) -> None:
    light.sync()
    light.clock.forward(minutes=30)
    light.sync()
    light.portal.set_quirks(Quirks(index_lag_seconds=30, empty_properties="omitted", is_association_id_numeric=True))
    light.clock.forward(minutes=30)
    ticket = light.portal.ids("tickets")[4]
    light.portal.set_property("tickets", ticket, "subject", "Seen late")
    early = light.sync()
    assert early.stream(light.tenant, "tickets").loaded == 0, "the index does not know yet"
    light.clock.forward(seconds=45)
    light.sync()
    assert light.ticket(ticket)["subject"] == "Seen late"
    light.assert_same()


def test_a_hint_brings_just_what_it_names_wherever_that_is_now(scene: Scene) -> None:
    scene.sync()
    cursors = scene.rows("sync_cursors", "true order by stream")
    scene.clock.forward(hours=1)
    tickets, contacts = scene.portal.ids("tickets"), scene.portal.ids("contacts")
    scene.portal.set_property("tickets", tickets[0], "subject", "Named")
    scene.portal.set_property("tickets", tickets[1], "subject", "Not named")
    scene.portal.associate("tickets", tickets[0], "contacts", contacts[2])
    scene.portal.archive("tickets", tickets[2])
    scene.portal.purge("tickets", tickets[3])
    new = scene.portal.upsert("tickets", {"subject": "New"})
    named = {"tickets": [tickets[0], tickets[2], tickets[3], new, "999"]}
    scene.sync(hints={scene.tenant: named})
    assert scene.ticket(tickets[0])["subject"] == "Named"
    assert {row["contact_id"] for row in scene.rows("ticket_contacts", "ticket_id = :id", id=tickets[0])} == {
        contacts[0],
        contacts[2],
    }
    assert scene.ticket(tickets[1])["subject"] == "Ticket 1"
    assert scene.ticket(tickets[2])["archived"]
    assert scene.rows("tickets", "id = :id", id=tickets[3]) == []
    assert scene.ticket(new)["subject"] == "New"
    assert scene.rows("sync_cursors", "true order by stream") == cursors, "hints move no cursor"
    scene.sync()
    scene.assert_same()


def test_a_hint_about_a_portal_that_was_never_read_is_left_to_its_backfill(light: Scene) -> None:
    light.sync(hints={light.tenant: {"tickets": light.portal.ids("tickets")}})
    assert light.rows("tickets") == []
    light.sync()
    light.assert_same()


def test_one_failing_tenant_stops_nobody_and_keeps_its_cursor(scene: Scene) -> None:
    others = [small_portal(scene.sandbox.world, f"{scene.tenant}-{one}", tickets=3) for one in ("bolt", "cobalt")]
    everyone = [others[0], scene.portal, others[1]]
    scene.sync(everyone)
    before = _positions(scene)
    for portal in everyone:
        portal.upsert("tickets", {"subject": "New"})
    accesses = [access(one, scene.sandbox.base_url) for one in everyone]
    accesses[1] = access(scene.portal, scene.sandbox.base_url, access_token=SecretStr("revoked"))
    report = scene.sync(everyone, accesses=accesses)
    assert list(report.failed_tenants) == [scene.tenant]
    assert "connect HubSpot again" in report.failed_tenants[scene.tenant]
    assert _positions(scene) == before
    assert {(row["status"], "connect HubSpot again" in row["error_message"]) for row in scene.rows("sync_cursors")} == {
        ("failed", True)
    }, "a stream nobody asked for has failed with the one that ended the tenant"
    for portal in others:
        scene.assert_same(portal)
    scene.sync(everyone)
    scene.assert_same()
    assert {(row["status"], row["error_message"]) for row in scene.rows("sync_cursors")} == {("synced", None)}


def _positions(scene: Scene) -> list[dict[str, Any]]:
    outcome = {"status", "error_message", "attempted_at"}
    return [
        {name: value for name, value in row.items() if name not in outcome}
        for row in scene.rows("sync_cursors", "true order by stream")
    ]


def test_a_missing_scope_stops_its_stream_only(light: Scene) -> None:
    def refuse(request: Request) -> Response | None:
        if "contacts" in request.url.path:
            context = {"requiredGranularScopes": ["crm.objects.contacts.read"]}
            body = {"category": "MISSING_SCOPES", "message": "no", "errors": [{"context": context}]}
            return JSONResponse(body, 403)
        return None

    light.sync()
    light.portal.upsert("tickets", {"subject": "New"})
    light.sandbox.intercept(refuse)
    report = light.sync()
    assert "crm.objects.contacts.read" in report.failed_tenants[light.tenant]
    failed = {one.stream for one in report.streams if one.error}
    assert failed == {"contacts", "ticket_contacts"}
    assert report.stream(light.tenant, "tickets").is_complete
    assert not light.rows("properties", "archived"), "properties that may not be looked at are not taken for deleted"
    light.sandbox.intercept(None)
    light.sync()
    light.assert_same()


def test_an_answer_that_cannot_be_read_stops_its_stream_only(light: Scene) -> None:
    odd = JSONResponse({"results": [{"properties": {"name": "a company without an id"}}]})
    light.sandbox.intercept(
        lambda request: odd if request.url.path.endswith("/companies") and "objects" in request.url.path else None
    )
    report = light.sync()
    assert {one.stream for one in report.streams if one.error} == {"companies"}
    assert "KeyError 'id'" in report.failed_tenants[light.tenant]
    assert report.stream(light.tenant, "tickets").is_complete


def test_an_expired_token_is_refreshed_once_in_the_middle_of_a_sync(light: Scene) -> None:
    refreshed: list[str | None] = []

    def tokens(rejected: SecretStr | None) -> SecretStr:
        refreshed.append(rejected.get_secret_value() if rejected else None)
        return SecretStr("stale" if rejected is None else light.portal.static_token)

    def expire(request: Request) -> Response | None:
        if request.headers["authorization"] == "Bearer stale" and "/properties/" in request.url.path:
            return Response(b'{"category":"EXPIRED_AUTHENTICATION","message":"expired 3 second(s) ago"}', 401)
        if request.headers["authorization"] == "Bearer stale":
            return Response(b'{"portalId":1}', 200)
        return None

    light.sandbox.intercept(expire)
    report = light.sync(accesses=[access(light.portal, light.sandbox.base_url, access_token=tokens)])
    assert report.failed_tenants == {}
    assert refreshed == [None, "stale"]


def test_a_cursor_from_the_future_means_reading_everything_again(light: Scene) -> None:
    light.sync()
    light.warehouse.execute(
        "update raw_hubspot.sync_cursors set cursor_at = :later where stream = 'tickets' and tenant_id = :tenant",
        tenant=light.tenant,
        later=light.clock() + timedelta(days=400),
    )
    light.portal.set_property("tickets", light.portal.ids("tickets")[0], "subject", "Edited")
    light.clock.forward(hours=1)
    report = light.sync()
    assert report.stream(light.tenant, "tickets").mode == "backfill"
    light.assert_same()


def test_a_portal_that_seems_to_have_lost_most_of_its_tickets_is_not_believed(light: Scene) -> None:
    for number in range(150):
        light.portal.upsert("contacts", {"email": f"c{number}@customer.example"})
    light.sync()
    for contact in light.portal.ids("contacts")[:120]:
        light.portal.purge("contacts", contact)
    erased: list[str] = []
    report = light.sync(sweep_seconds=0, on_erased_contacts=lambda _tenant, contacts: erased.extend(contacts))
    assert "Nothing was deleted" in str(report.stream(light.tenant, "contacts").error)
    assert len(light.rows("contacts")) == 153
    assert erased == [], "nor is anybody's privacy request assumed"
    allowing = access(light.portal, light.sandbox.base_url, allowed_deletions={"contacts"})
    report = light.sync(accesses=[allowing], on_erased_contacts=lambda _tenant, contacts: erased.extend(contacts))
    assert (report.stream(light.tenant, "contacts").deleted, len(erased)) == (120, 120), "until a person has said so"
    light.assert_same()
