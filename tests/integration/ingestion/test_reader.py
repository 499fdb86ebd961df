"""HubSpot's endpoints as Python, on good days and on those when an answer is late, partial or refused."""

from collections.abc import Iterator

import pytest
from starlette.responses import JSONResponse, Response

from ingestion.hubspot import errors
from ingestion.hubspot.client import ATTEMPTS
from ingestion.hubspot.reader import Portal, Wanted
from ingestion.hubspot.whereabouts import Whereabouts
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal as SandboxPortal
from ingestion.sandbox.world import TenantProfile, World
from tests.support.portals import reading

CONTACTS = Wanted("contacts", ("email",))


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(World()) as running:
        yield running


@pytest.fixture
def held(sandbox: RunningSandbox) -> SandboxPortal:
    return sandbox.world.add_portal(TenantProfile("acme", "Acme"))


@pytest.fixture
def portal(sandbox: RunningSandbox, held: SandboxPortal) -> Iterator[Portal]:
    with reading(held, sandbox.base_url, sleep=lambda _seconds: None) as opened:
        yield opened


def answer_first(sandbox: RunningSandbox, *responses: Response) -> None:
    script = iter(responses)
    sandbox.intercept(lambda _request: next(script, None))


def test_a_page_that_takes_too_long_is_asked_for_smaller(
    sandbox: RunningSandbox, held: SandboxPortal, portal: Portal
) -> None:
    for number in range(120):
        held.upsert("contacts", {"email": f"c{number}@customer.example"})
    answer_first(sandbox, *[JSONResponse({"message": "timeout"}, 504)] * ATTEMPTS)
    pages = list(portal.pages(CONTACTS, archived=False))
    assert [len(page.records) for page in pages] == [50, 50, 20]
    assert [page.after is None for page in pages] == [False, False, True]


def test_a_list_goes_on_behind_any_of_its_pages(held: SandboxPortal, portal: Portal) -> None:
    for number in range(250):
        held.upsert("contacts", {"email": f"c{number}@customer.example"})
    first, *others = portal.everything(CONTACTS, resume=None)
    left = [one for page in portal.everything(CONTACTS, resume=first.after) for one in page.records]
    assert sorted(one["id"] for one in left) == sorted(one["id"] for page in others for one in page.records)
    assert list(portal.ids("contacts")) == held.ids("contacts")


def test_history_comes_with_the_records_of_a_list_and_of_a_batch(held: SandboxPortal, portal: Portal) -> None:
    ticket = held.upsert("tickets", {"subject": "a", "hs_pipeline_stage": "1"})
    for stage in ("2", "4"):
        held.set_property("tickets", ticket, "hs_pipeline_stage", stage)
    wanted = Wanted("tickets", ("subject",), ("hs_pipeline_stage",))
    [[listed]] = [page.records for page in portal.pages(wanted, archived=False)]
    [[read]] = list(portal.records(wanted, [ticket], archived=False))
    for record in (listed, read):
        assert record["properties"]["subject"] == "a"
        entered = record["propertiesWithHistory"]["hs_pipeline_stage"]
        assert [one["value"] for one in entered] == ["4", "2", "1"]


def test_links_go_on_over_pages_and_refused_batches_are_halved(
    sandbox: RunningSandbox, held: SandboxPortal, portal: Portal
) -> None:
    ticket = held.upsert("tickets", {"subject": "many"})
    lonely = held.upsert("tickets", {"subject": "lonely"})
    contacts = [held.upsert("contacts", {"email": f"c{one}@customer.example"}) for one in range(620)]
    for contact in contacts:
        held.associate("tickets", ticket, "contacts", contact)
    answer_first(sandbox, JSONResponse({"category": "VALIDATION_ERROR", "message": "one id is bad"}, 400))
    [found] = portal.links("tickets", "contacts", [ticket, lonely])
    assert sorted(one["toObjectId"] for one in found[ticket]) == sorted(contacts)
    assert found[lonely] == []


@pytest.mark.parametrize("of", ["links", "records"])
def test_a_part_that_could_not_be_read_is_not_taken_for_nothing(
    sandbox: RunningSandbox, portal: Portal, of: str
) -> None:
    error = {"category": "INTERNAL", "subCategory": "crm.associations.SOMETHING_ELSE", "message": "try later"}
    answer_first(sandbox, JSONResponse({"results": [], "errors": [error]}, 207))
    links, records = portal.links("tickets", "companies", ["1"]), portal.records(CONTACTS, ["1"], archived=False)
    read: Iterator[object] = links if of == "links" else records
    with pytest.raises(errors.PartialAnswer, match="try later"):
        list(read)


def test_where_records_are(held: SandboxPortal, portal: Portal) -> None:
    live, archived, purged = (held.upsert("contacts", {"email": f"c{one}@customer.example"}) for one in range(3))
    held.archive("contacts", archived)
    held.purge("contacts", purged)
    assert portal.whereabouts("contacts", [live, archived, purged, live]) == {
        live: Whereabouts.live(),
        archived: Whereabouts.archived(),
        purged: Whereabouts.nowhere(),
    }
