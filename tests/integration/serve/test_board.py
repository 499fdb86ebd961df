"""Cards: filters, sorting, what people did to them, evidence."""

import httpx
import pytest

from core.vocabulary import CardStatus
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.api import Api
from tests.support.published import card, publish_sample


def numbers(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["items"])
    return [int(item["card_id"][-12:]) for item in body["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 3, 4, 2]),
        ("?status=&trigger=&q=&cursor=", [1, 3, 4, 2]),
        ("?active=true", [1, 3, 2]),
        ("?active=false", [4]),
        ("?trigger=frustrated", [1, 4]),
        ("?trigger=frustrated&trigger=silently_struggling", [1, 3, 4]),
        ("?severity=low&severity=critical", [1, 3]),
        ("?status=new&severity=critical", [1]),
        ("?status=completed", []),
        ("?company=1003", [3]),
        ("?owner=9", [1, 3, 4]),
        ("?owner=none", [2]),
        ("?q=öl_gmbh", [4]),
        ("?q=ÖL", [4]),
        ("?q=100%25", [4]),
        ("?q=%25", [4]),
        ("?q=lovelace&company=1002", [2]),
        ("?q=14 days&active=false", [4]),
        ("?sort=severity", [1, 2, 4, 3]),
        ("?sort=opened_on", [1, 2, 3, 4]),
        ("?sort=last_signal_on", [1, 2, 3, 4]),
    ],
)
def test_filters_and_sorts(api: Api, query: str, expected: list[int]) -> None:
    assert numbers(api.get(f"/cards{query}", "acme")) == expected


def test_a_card_carries_its_row_and_its_evidence(installation: Installation) -> None:
    row = installation.acme[0]
    body = installation.api.get(f"/cards/{row['card_id']}", "acme").json()
    assert body["components"] == {"negative_tickets": 2, "window_days": 14}
    assert (body["opened_on"], body["closed_on"], body["as_of_at"]) == ("2026-03-30", None, "2026-03-31T06:00:00Z")
    assert (body["status"], body["reopen_count"]) == ("new", 0)
    assert [quote["call_key"] for quote in body["evidence"]] == ["call-1", "call-2"]
    quote = body["evidence"][0]
    assert quote["context"][quote["context_start"] : quote["context_end"]] == quote["quote"]
    assert body["build"] == {
        "build_id": "build-1",
        "published_at": "2026-03-31T06:10:00Z",
        "as_of_at": "2026-03-31T06:00:00Z",
    }


def test_a_card_without_tickets_has_no_evidence(installation: Installation) -> None:
    body = installation.api.get(f"/cards/{installation.acme[2]['card_id']}", "acme").json()
    assert (body["ticket_id"], body["evidence"]) == (None, [])


def test_the_newest_event_says_where_a_card_stands(tenant: NewTenant) -> None:
    first, second, *_ = publish_sample(tenant.api.engine, tenant.tenant_id)
    tenant.act(first, 1, CardStatus.WORKING)
    tenant.act(first, 2, CardStatus.COMPLETED, kind="completed")
    tenant.act(first, 3, CardStatus.NEW, kind="reopened")
    tenant.act(first, 4, CardStatus.WAITING)
    tenant.act(second, 1, CardStatus.WORKING)
    body = tenant.get(f"/cards/{first['card_id']}").json()
    assert (body["status"], body["reopen_count"]) == ("waiting", 1)
    assert numbers(tenant.get("/cards?status=waiting&status=working")) == [1, 2]
    assert numbers(tenant.get("/cards?status=new")) == [3, 4]


def test_events_survive_a_new_build(tenant: NewTenant) -> None:
    tenant.publish("build-1", cards=[card(1)])
    tenant.act(card(1), 1, CardStatus.WORKING)
    tenant.publish("build-2", cards=[card(1, severity="low")])
    body = tenant.get(f"/cards/{card(1)['card_id']}").json()
    assert (body["status"], body["severity"], body["build"]["build_id"]) == ("working", "low", "build-2")


def test_a_card_of_an_older_build_is_not_found(tenant: NewTenant) -> None:
    tenant.publish("build-1", cards=[card(1)])
    tenant.publish("build-2", cards=[card(2)])
    answer = tenant.get(f"/cards/{card(1)['card_id']}")
    assert (answer.status_code, answer.json()["error"]) == (404, "CardNotFound")


def test_before_the_first_build_the_answer_is_not_an_empty_board(tenant: NewTenant) -> None:
    for path in ("/cards", "/cards/x", "/companies", "/companies/1", "/metrics/topics", "/metrics/sentiment"):
        answer = tenant.get(path)
        assert (answer.status_code, answer.json()["error"]) == (409, "NothingPublished"), path
        assert "run the pipeline" in answer.json()["detail"]
    assert tenant.get("/me").status_code == 200


def test_an_empty_build_is_an_empty_board(tenant: NewTenant) -> None:
    tenant.publish()
    body = tenant.get("/cards").json()
    assert (body["items"], body["next_cursor"], body["total"]) == ([], None, 0)
