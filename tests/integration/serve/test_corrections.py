"""A ticket as it was read, and what people say of it."""

from typing import Any

import httpx
import pytest

from core.appdb.topics import Topics
from core.vocabulary import Role
from tests.integration.serve.conftest import NewTenant
from tests.support.published import card, evidence, reading
from tests.support.taxonomies import SEED


@pytest.fixture
def desk(tenant: NewTenant) -> NewTenant:
    Topics(tenant.api.engine).seed(tenant.tenant_id, SEED)
    tenant.publish(
        cards=[card(1), card(2)],
        quotes=[evidence(card(1))],
        readings=[reading(1), reading(2, text=None, quote_spans=None), reading(3, sentiment=None, topics=None)],
    )
    return tenant


def send(desk: NewTenant, method: str, path: str, role: Role = Role.MEMBER, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {desk.api.token(desk.tenant_id, role)}"}
    return desk.api.client.request(method, f"/api/v1{path}", json=body or None, headers=headers)


def shown(desk: NewTenant, ticket_id: str = "5001") -> dict[str, Any]:
    answer = desk.get(f"/tickets/{ticket_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_ticket_is_shown_as_it_was_read(desk: NewTenant) -> None:
    ticket = shown(desk)
    assert [one["quote"] for one in ticket["quotes"]] == ["It fails again.", "We are looking at alternatives."]
    for one in ticket["quotes"]:
        assert ticket["text"][one["quote_start"] : one["quote_end"]] == one["quote"]
    assert (ticket["topics"], ticket["sentiment"]) == (["billing", "export"], "negative")
    assert [one["card_id"] for one in ticket["cards"]] == [card(1)["card_id"]]
    assert "input_hash" not in ticket
    assert (shown(desk, "5002")["text"], shown(desk, "5002")["quotes"]) == (None, [])
    assert desk.get("/tickets/1").status_code == 404


def test_topics_are_corrected_with_the_words_that_were_seen(desk: NewTenant) -> None:
    tag = desk.get("/tickets/5001").headers["ETag"]
    made = send(desk, "PUT", "/tickets/5001/topics", topics=["EXPORT", "export"], why="It is the export.")
    assert made.status_code == 200, made.text
    [one] = made.json()["items"]
    assert (one["before"], one["after"], one["is_standing"]) == (["billing", "export"], ["export"], True)
    assert desk.get("/tickets/5001").headers["ETag"] != tag
    [kept] = Topics(desk.api.engine).candidate(desk.tenant_id).corrections
    assert (kept.text, kept.input_hash, kept.why) == (reading(1)["text"], "0" * 64, "It is the export.")
    none = send(desk, "PUT", "/tickets/5001/topics", topics=[], why="").json()["items"][0]
    assert none["after"] == ["none"]
    assert [one["is_standing"] for one in shown(desk)["corrections"]] == [True, False]


def test_tone_is_corrected_by_field(desk: NewTenant) -> None:
    made = send(desk, "PUT", "/tickets/5001/sentiment", sentiment="neutral", churn_intent="none").json()["items"]
    assert [(one["field"], one["before"], one["after"]) for one in made] == [
        ("sentiment", ["negative"], ["neutral"]),
        ("churn_intent", ["implied"], ["none"]),
    ]


def test_one_that_was_wrong_is_taken_back(desk: NewTenant) -> None:
    for topics in (["billing"], ["export"]):
        send(desk, "PUT", "/tickets/5001/topics", topics=topics)
    page = desk.get("/corrections?limit=1").json()
    assert (page["total"], page["items"][0]["after"]) == (2, ["export"])
    [older] = desk.get(f"/corrections?limit=1&cursor={page['next_cursor']}").json()["items"]
    assert (older["after"], older["is_standing"]) == (["billing"], False)
    gone = send(desk, "DELETE", f"/corrections/{page['items'][0]['correction_id']}")
    assert (gone.status_code, gone.json()["is_standing"]) == (200, False)
    assert [one["after"] for one in desk.get("/corrections?is_standing=true").json()["items"]] == [["billing"]]
    assert desk.get("/corrections?ticket=9").json()["items"] == []
    again = send(desk, "DELETE", f"/corrections/{page['items'][0]['correction_id']}")
    assert (again.status_code, again.json()["error"]) == (404, "CorrectionNotFound")


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/tickets/5001/topics", {"topics": ["weather"]}, 422, "UnknownTopic"),
        ("/tickets/5002/topics", {"topics": ["billing"]}, 409, "NothingToCorrect"),
        ("/tickets/5003/sentiment", {"sentiment": "neutral"}, 409, "NothingToCorrect"),
        ("/tickets/1/topics", {"topics": ["billing"]}, 404, "TicketNotFound"),
        ("/tickets/5001/sentiment", {"why": "x"}, 422, "InvalidRequest"),
        ("/tickets/5001/sentiment", {"sentiment": "sad"}, 422, "InvalidRequest"),
        ("/tickets/5001/topics", {"topics": ["billing"], "why": "\0"}, 422, "InvalidRequest"),
    ],
)
def test_what_cannot_be_corrected_is_told(
    desk: NewTenant, path: str, body: dict[str, Any], status: int, error: str
) -> None:
    answer = send(desk, "PUT", path, **body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert send(desk, "PUT", path, Role.VIEWER, **body).status_code == 403
    assert desk.get("/corrections").json()["items"] == []
