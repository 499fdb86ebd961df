"""How well HubSpot was read, as readers of one build are told."""

from tests.integration.serve.conftest import NewTenant
from tests.support.published import source


def test_streams_are_told_with_what_is_amiss(tenant: NewTenant) -> None:
    reason = "The connection lacks crm.objects.contacts.read: connect again and grant it."
    contacts = source("contacts", status="missing_scope", error_message=reason, cursor_at=None, lag_seconds=None)
    tenant.publish(sources=[source("tickets"), contacts | {"is_fresh": False, "is_complete": None}])
    body = tenant.get("/sources").json()
    assert [item["stream"] for item in body["items"]] == ["contacts", "tickets"]
    assert (
        body["items"][0] | {"status": "missing_scope", "error_message": reason, "is_complete": None} == body["items"][0]
    )
    assert body["items"][1]["cursor_at"] == "2026-03-31T05:00:00Z"
    assert body["summary"] == {
        "is_fresh": True,
        "worst_lag_seconds": 3600,
        "stale": [],
        "failed": [],
        "missing_scope": ["contacts"],
        "notices": [f"Contacts are not read: the HubSpot connection lacks a scope. {reason}"],
    }
    assert body["build"]["build_id"] == "build-1"


def test_an_answer_that_has_not_changed_is_not_sent_again(tenant: NewTenant) -> None:
    tenant.publish(sources=[source("tickets")])
    first = tenant.get("/sources")
    assert tenant.get("/sources", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    tenant.publish("build-2", sources=[source("tickets", status="failed")])
    assert tenant.get("/sources", headers={"If-None-Match": first.headers["ETag"]}).json()["summary"]["failed"] == [
        "tickets"
    ]


def test_before_the_first_publish_there_is_nothing_to_tell(tenant: NewTenant) -> None:
    answer = tenant.get("/sources")
    assert (answer.status_code, answer.json()["error"]) == (409, "NothingPublished")
