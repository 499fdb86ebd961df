"""HubSpot's own Python client drives the sandbox: what it can do there, it can do at HubSpot.

It validates nothing it gets, so this proves paths, parameters and rough shapes; `test_conformance` compares with the documents.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import Client
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import PublicObjectSearchRequest as CompanySearch
from hubspot.crm.contacts import PublicGdprDeleteInput, PublicMergeInput
from hubspot.crm.contacts.exceptions import ApiException as ContactException
from hubspot.crm.tickets import (
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectId,
    SimplePublicObjectInput,
)
from hubspot.crm.tickets.exceptions import ApiException

from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Owner, Portal, World
from tests.support.portals import small_portal


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(World()) as running:
        portal = small_portal(running.world, "acme", tickets=130)
        portal.archive("tickets", portal.ids("tickets")[-1])
        portal.set_owner(Owner("7", "ada@vendor.example", "Ada", "L", 70))
        portal.set_owner(Owner("8", "old@vendor.example", "Old", "Hand", 80, archived=True))
        yield running


@pytest.fixture(scope="module")
def portal(sandbox: RunningSandbox) -> Portal:
    return sandbox.world.portal("acme")


@pytest.fixture(scope="module")
def client(sandbox: RunningSandbox) -> Any:
    return Client.create(access_token=sandbox.token("acme"), host=sandbox.base_url, base_url=sandbox.base_url)


def objects(client: Any, kind: str) -> Any:
    return getattr(client.crm.objects if kind in {"emails", "notes"} else client.crm, kind)


@pytest.mark.parametrize("kind", ["tickets", "companies", "contacts", "emails", "notes"])
def test_every_kind_is_listed_page_by_page_and_got(client: Any, portal: Portal, kind: str) -> None:
    api = objects(client, kind).basic_api
    listed: list[str] = []
    after: str | None = None
    while True:
        page = api.get_page(limit=2, after=after)
        listed += [one.id for one in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert listed == portal.ids(kind)
    assert api.get_by_id(listed[0]).id == listed[0]


@pytest.mark.parametrize("kind", ["tickets", "companies", "contacts"])
def test_the_client_s_own_walk_through_a_list(client: Any, portal: Portal, kind: str) -> None:
    assert [one.id for one in getattr(client.crm, kind).get_all()] == portal.ids(kind)


def test_the_bin_is_listed_apart(client: Any, portal: Portal) -> None:
    [binned] = client.crm.tickets.get_all(archived=True)
    assert binned.id == portal.ids("tickets", archived=True)[0]
    assert binned.archived
    assert binned.archived_at is not None


def test_properties_history_and_associations_come_with_a_record(client: Any, portal: Portal) -> None:
    ticket = portal.ids("tickets")[0]
    portal.set_property("tickets", ticket, "hs_pipeline_stage", "2")
    found = client.crm.tickets.basic_api.get_by_id(
        ticket,
        properties=["subject"],
        properties_with_history=["hs_pipeline_stage"],
        associations=["companies"],
    )
    assert found.properties["subject"] == "Ticket 0"
    assert [one.value for one in found.properties_with_history["hs_pipeline_stage"]] == ["2", "1"]
    assert {one.id for one in found.associations["companies"].results} == set(
        portal.linked_ids("tickets", ticket, "companies")
    )


def test_searches(client: Any, portal: Portal) -> None:
    ids = portal.ids("tickets")
    wanted = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": ids[9]}]}],
        sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        properties=["subject"],
        limit=3,
    )
    found = client.crm.tickets.search_api.do_search(wanted)
    assert (found.total, [one.id for one in found.results]) == (len(ids) - 10, ids[10:13])
    named = client.crm.companies.search_api.do_search(CompanySearch(query="Company 1"))
    assert [one.properties["name"] for one in named.results] == ["Company 1"]


def test_batches_say_what_is_missing(client: Any, portal: Portal) -> None:
    ids = portal.ids("tickets")[:2]
    inputs = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=one) for one in [*ids, "404"]],
        properties=["subject"],
        properties_with_history=[],
    )
    answer = client.crm.tickets.batch_api.read(inputs)
    assert [one.id for one in answer.results] == ids
    assert answer.num_errors == 1


def test_links_with_labels(client: Any, portal: Portal) -> None:
    ticket, lonely = portal.ids("tickets")[0], portal.ids("tickets")[-1]
    contact = portal.ids("contacts")[0]
    label = portal.define_label("tickets", "contacts", "Escalated by")
    portal.associate("tickets", ticket, "contacts", contact, labels=[label])
    for lonely_contact in portal.linked_ids("tickets", lonely, "contacts"):
        portal.dissociate("tickets", lonely, "contacts", lonely_contact)
    inputs = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[PublicFetchAssociationsBatchRequest(id=one) for one in (ticket, lonely)]
    )
    answer = client.crm.associations.v4.batch_api.get_page(
        from_object_type="tickets",
        to_object_type="contacts",
        batch_input_public_fetch_associations_batch_request=inputs,
    )
    [row] = answer.results
    assert (row._from.id, str(row.to[0].to_object_id)) == (ticket, contact)
    assert {one.label for one in row.to[0].association_types} == {None, "Escalated by"}
    assert answer.num_errors == 1
    types = client.crm.associations.v4.schema.definitions_api.get_all(
        from_object_type="tickets", to_object_type="contacts"
    )
    assert {(one.category, one.label) for one in types.results} >= {("USER_DEFINED", "Escalated by")}


def test_metadata(client: Any, portal: Portal) -> None:
    for kind in ("tickets", "companies", "contacts", "emails", "notes"):
        names = {one.name for one in client.crm.properties.core_api.get_all(kind).results}
        assert names == set(portal.live_definitions(kind))
    [pipeline] = client.crm.pipelines.pipelines_api.get_all("tickets").results
    assert [stage.label for stage in pipeline.stages] == ["New", "Waiting on contact", "Waiting on us", "Closed"]
    assert [one.email for one in client.crm.owners.get_all()] == ["ada@vendor.example"]
    assert [one.email for one in client.crm.owners.get_all(archived=True)] == ["old@vendor.example"]


@pytest.mark.parametrize("kind", ["tickets", "companies", "contacts"])
def test_what_the_client_merged_is_found_under_both_old_ids(client: Any, portal: Portal, kind: str) -> None:
    one, other = portal.upsert(kind, {}), portal.upsert(kind, {})
    api = getattr(client.crm, kind)
    given = PublicMergeInput(primary_object_id=one, object_id_to_merge=other)
    merged = api.basic_api.merge(public_merge_input=given).id
    assert {api.basic_api.get_by_id(old).id for old in (one, other, merged)} == {merged}
    got = api.basic_api.get_by_id(one, properties=["hs_merged_object_ids"])
    assert got.properties["hs_merged_object_ids"] == f"{one};{other}"
    listed = {record.id for record in api.get_all()}
    assert merged in listed
    assert not {one, other} & listed


def test_what_the_client_erased_is_in_no_list_and_no_bin(client: Any, portal: Portal) -> None:
    api = client.crm.contacts
    by_id, by_address = portal.upsert("contacts", {}), portal.upsert("contacts", {"email": "gone@customer.example"})
    api.basic_api.purge(public_gdpr_delete_input=PublicGdprDeleteInput(object_id=by_id))
    address = PublicGdprDeleteInput(object_id="gone@customer.example", id_property="email")
    api.basic_api.purge(public_gdpr_delete_input=address)
    for is_archived in (False, True):
        assert not {by_id, by_address} & {one.id for one in api.get_all(archived=is_archived)}
    with pytest.raises(ContactException) as refused:
        api.basic_api.get_by_id(by_id)
    assert refused.value.status == 404


def test_what_the_client_edited_is_edited(client: Any, portal: Portal) -> None:
    one = portal.ids("tickets")[0]
    edited = client.crm.tickets.basic_api.update(one, SimplePublicObjectInput(properties={"subject": "Changed"}))
    assert (edited.id, edited.properties["subject"]) == (one, "Changed")
    assert portal.properties_of("tickets", one)["subject"] == "Changed"


@pytest.mark.parametrize("kind", ["tickets", "companies", "contacts", "emails", "notes"])
def test_what_the_client_archived_lies_in_the_bin(client: Any, portal: Portal, kind: str) -> None:
    one, api = portal.upsert(kind, {}), objects(client, kind).basic_api
    api.archive(one)
    assert one not in portal.ids(kind)
    assert one in {record.id for record in api.get_page(archived=True, limit=100).results}


@pytest.mark.parametrize("kind", ["emails", "notes"])
def test_messages_are_read_in_batches_searched_and_listed_to_the_end(client: Any, portal: Portal, kind: str) -> None:
    body = "hs_email_text" if kind == "emails" else "hs_note_body"
    ids = portal.ids(kind)
    inputs = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=one) for one in [*ids[:2], "404"]],
        properties=[body],
        properties_with_history=[],
    )
    answer = objects(client, kind).batch_api.read(inputs)
    assert [one.properties[body] for one in answer.results] == ["Message about ticket 0", "Message about ticket 1"]
    assert [error.category for error in answer.errors] == ["OBJECT_NOT_FOUND"]
    wanted = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": body, "operator": "CONTAINS_TOKEN", "value": "about"}]}],
        sorts=["hs_createdate"],
        limit=1,
    )
    found = objects(client, kind).search_api.do_search(wanted)
    assert (found.total, found.results[0].id, found.paging.next.after) == (2, ids[0], "1")
    assert [one.id for one in client.crm.objects.get_all(kind)] == ids


def test_messages_of_a_ticket_are_found_by_its_links(client: Any, portal: Portal) -> None:
    ticket = portal.ids("tickets")[0]
    for kind, type_id in (("emails", 223), ("notes", 227)):
        inputs = BatchInputPublicFetchAssociationsBatchRequest(inputs=[PublicFetchAssociationsBatchRequest(id=ticket)])
        answer = client.crm.associations.v4.batch_api.get_page(
            from_object_type="tickets",
            to_object_type=kind,
            batch_input_public_fetch_associations_batch_request=inputs,
        )
        [row] = answer.results
        assert [str(one.to_object_id) for one in row.to] == list(portal.linked_ids("tickets", ticket, kind))
        assert [[one.type_id for one in to.association_types] for to in row.to] == [[type_id]]


def test_a_page_too_large_is_refused_with_the_reason(client: Any) -> None:
    with pytest.raises(ApiException) as refused:
        client.crm.tickets.basic_api.get_page(limit=101)
    assert refused.value.status == 400
    assert "VALIDATION_ERROR" in refused.value.body


def test_a_refusal_is_the_clients_exception(client: Any) -> None:
    with pytest.raises(ApiException) as refused:
        client.crm.tickets.basic_api.get_by_id("404404")
    assert refused.value.status == 404


def test_dated_paths_are_reached_by_hand(client: Any, portal: Portal) -> None:
    answer = client.api_request({"path": "/crm/objects/2026-09/tickets", "qs": {"limit": 1}})
    assert answer.json()["results"][0]["id"] == portal.ids("tickets")[0]
    one, other = portal.upsert("companies", {"name": "One"}), portal.upsert("companies", {"name": "Other"})
    body = {"primaryObjectId": one, "objectIdToMerge": other}
    merged = client.api_request({"path": "/crm/objects/2026-09/companies/merge", "method": "POST", "body": body})
    assert merged.json()["id"] == client.crm.companies.basic_api.get_by_id(other).id
    assert client.api_request({"path": "/crm/objects/2026-09/notes/1"}).status_code == 404
