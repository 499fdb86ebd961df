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
from hubspot.crm.tickets import BatchReadInputSimplePublicObjectId, PublicObjectSearchRequest, SimplePublicObjectId
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


def test_what_was_merged_is_found_under_both_old_ids(client: Any, portal: Portal) -> None:
    one, other = portal.upsert("companies", {"name": "One"}), portal.upsert("companies", {"name": "Other"})
    merged = portal.merge("companies", one, other)
    assert {client.crm.companies.basic_api.get_by_id(old).id for old in (one, other, merged)} == {merged}
    assert not {one, other} & {record.id for record in client.crm.companies.get_all()}


def test_a_refusal_is_the_clients_exception(client: Any) -> None:
    with pytest.raises(ApiException) as refused:
        client.crm.tickets.basic_api.get_by_id("404404")
    assert refused.value.status == 404


def test_dated_paths_are_reached_by_hand(client: Any, portal: Portal) -> None:
    answer = client.api_request({"path": "/crm/objects/2026-09/tickets", "qs": {"limit": 1}})
    assert answer.json()["results"][0]["id"] == portal.ids("tickets")[0]
