"""From nothing to cards as the API tells it, and what properties mean; on both engines."""

from typing import Any

import httpx
import pytest

from core.appdb.directory import TenantDirectory
from core.appdb.imports import FieldCandidate, Imports, StreamProgress
from core.appdb.mappings import FieldMappings
from core.appdb.tasks import TaskQueue
from core.vocabulary import MappedField, Role
from tests.integration.serve.conftest import CANARY, NewTenant
from tests.support.connections import connect
from tests.support.published import card, company

CANDIDATES = [
    FieldCandidate(
        name="arr",
        label="Contract value",
        type="number",
        fits={MappedField.MRR: 4, MappedField.USAGE: 0},
        sample_values=["1200", "99.5"],
        filled_count=7,
        record_count=10,
    ),
    FieldCandidate(name="ends", label="Ends", type="date", fits={MappedField.RENEWAL: 4, MappedField.CHURN: 0}),
]


def ask(tenant: NewTenant, method: str, path: str, role: Role = Role.ADMIN, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, role)}"}
    return tenant.api.client.request(method, f"/api/v1{path}", headers=headers, **options)


def onboarding(tenant: NewTenant) -> dict[str, Any]:
    answer = ask(tenant, "GET", "/onboarding", Role.VIEWER)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def told(tenant: NewTenant) -> dict[str, str]:
    return {one["step"]: one["status"] for one in onboarding(tenant)["steps"]}


def test_the_way_from_nothing_to_cards(tenant: NewTenant) -> None:
    engine, owner = tenant.api.engine, tenant.tenant_id
    assert onboarding(tenant)["current"] == "connect"
    refused = ask(tenant, "POST", "/onboarding/import")
    assert (refused.status_code, refused.json()["error"]) == (409, "NothingToImport")

    connect(engine, tenant.api.data_dir, owner)
    asked = ask(tenant, "POST", "/onboarding/import")
    assert asked.status_code == 202
    assert ask(tenant, "POST", "/onboarding/import").json()["task_id"] == asked.json()["task_id"]
    assert told(tenant)["import"] == "running"

    queue, imports = TaskQueue(engine), Imports(engine)
    while (task := queue.take()) is not None and task.tenant_id != owner:
        queue.fail(task, "Of another test.")
    assert task is not None
    imports.keep_progress(owner, [StreamProgress(stream="tickets", read_count=40, portal_total=100)])
    queue.report(task, "Loading from HubSpot", None, None)
    body = onboarding(tenant)
    assert body["streams"] == [{"stream": "tickets", "read_count": 40, "portal_total": 100}]
    assert body["import_task"]["step"] == "Loading from HubSpot"

    queue.fail(task, "HubSpot did not answer: try again.")
    [failed] = [one for one in onboarding(tenant)["steps"] if one["step"] == "import"]
    assert (failed["status"], failed["message"]) == ("failed", "HubSpot did not answer: try again.")

    imports.keep_candidates(owner, CANDIDATES)
    tenant.publish(cards=[card(1)], companies=[company(1)])
    body = onboarding(tenant)
    assert (body["card_count"], body["candidate_count"]) == (1, 2)
    assert told(tenant) | {"import": "failed"} == {
        "connect": "done",
        "import": "failed",
        "fields": "todo",
        "topics": "todo",
        "cards": "done",
    }
    for step in ("fields", "topics"):
        assert ask(tenant, "PUT", f"/onboarding/steps/{step}").status_code == 200
    ask(tenant, "POST", "/onboarding/import")
    again = queue.take()
    assert again is not None
    queue.finish(again, {})
    assert onboarding(tenant)["is_complete"]
    assert onboarding(tenant)["current"] == "cards"


def test_fields_are_mapped_to_what_the_import_found_and_cards_worked_out_anew(tenant: NewTenant) -> None:
    Imports(tenant.api.engine).keep_candidates(tenant.tenant_id, CANDIDATES)
    listed = tenant.get("/fields").json()
    assert [one["field"] for one in listed["items"]] == list(MappedField)
    assert [one["name"] for one in listed["candidates"]] == ["arr", "ends"]
    assert listed["candidates"][0]["sample_values"] == ["1200", "99.5"]

    chosen = {"items": [{"field": "mrr", "property_name": "arr", "unit": "year"}, {"field": "renewal"}]}
    saved = ask(tenant, "PUT", "/fields", json=chosen).json()
    assert saved["changed_count"] == 1
    assert (saved["task"]["kind"], saved["task"]["status"]) == ("import", "queued")
    [mrr] = [one for one in saved["items"] if one["field"] == "mrr"]
    assert (mrr["property_name"], mrr["unit"], mrr["author"]) == ("arr", "year", f"demo|{tenant.tenant_id}|admin")
    assert FieldMappings(tenant.api.engine).current(tenant.tenant_id)[MappedField.MRR].property_name == "arr"
    assert told(tenant)["fields"] == "done"

    again = ask(tenant, "PUT", "/fields", json=chosen).json()
    assert (again["changed_count"], again["task"]) == (0, None)
    # A second change while the first is being worked out is worked out too.
    more = ask(tenant, "PUT", "/fields", json={"items": [{"field": "renewal", "property_name": "ends"}]}).json()
    assert more["task"]["task_id"] != saved["task"]["task_id"]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"field": "mrr", "property_name": "ends"}],
        [{"field": "mrr", "property_name": "nope"}],
        [{"field": "nonsense"}],
        [{"field": "mrr", "currency": "euro"}],
        [{"field": "mrr", "surprise": 1}],
        [{"field": "mrr", "property_name": "a\0b"}],
    ],
)
def test_what_cannot_be_mapped_is_refused_and_nothing_changed(tenant: NewTenant, items: list[Any]) -> None:
    Imports(tenant.api.engine).keep_candidates(tenant.tenant_id, CANDIDATES)
    answer = ask(tenant, "PUT", "/fields", json={"items": items})
    assert answer.status_code == 422
    assert FieldMappings(tenant.api.engine).history(tenant.tenant_id) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/onboarding/import", None),
        ("PUT", "/onboarding/steps/fields", None),
        ("PUT", "/fields", {"items": [{"field": "mrr"}]}),
    ],
)
def test_only_admins_set_up(tenant: NewTenant, method: str, path: str, body: Any) -> None:
    for role in (Role.VIEWER, Role.MEMBER):
        assert ask(tenant, method, path, role, json=body).json()["error"] == "RoleTooLow"


def test_steps_in_which_something_has_to_be_done_cannot_be_called_finished(tenant: NewTenant) -> None:
    assert ask(tenant, "PUT", "/onboarding/steps/import").status_code == 422


def test_another_tenants_import_is_not_seen(tenant: NewTenant) -> None:
    imports = Imports(tenant.api.engine)
    imports.keep_candidates("beta", [FieldCandidate(name=CANARY, label=CANARY, type="number")])
    imports.keep_progress("beta", [StreamProgress(stream=CANARY, read_count=1)])
    assert CANARY not in ask(tenant, "GET", "/onboarding").text
    assert CANARY not in ask(tenant, "GET", "/fields").text
    assert onboarding(tenant)["streams"] == []


def test_only_cells_that_are_connected_have_something_to_load(tenant: NewTenant) -> None:
    directory = TenantDirectory(tenant.api.engine)
    assert tenant.tenant_id not in directory.connected_cells()
    store = connect(tenant.api.engine, tenant.api.data_dir, tenant.tenant_id)
    assert tenant.tenant_id in directory.connected_cells()
    store.disconnect()
    assert tenant.tenant_id not in directory.connected_cells()
