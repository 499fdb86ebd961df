"""Views of the board that people keep, and the filters they are made of."""

from typing import Any

import httpx
import pytest

from core import views
from core.appdb import views as book
from core.vocabulary import CardStatus, Role
from tests.integration.serve.conftest import NewTenant
from tests.support.published import add_view, card, evidence

MINE = {"name": "Mine", "query": {"assignee": "me", "severity": ["critical"], "mrr_min": 100}}


def ask(tenant: NewTenant, method: str, path: str = "", role: Role = Role.MEMBER, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, role)}"}
    return tenant.api.client.request(method, f"/api/v1/views{path}", headers=headers, json=body or None)


def names(tenant: NewTenant, role: Role = Role.MEMBER) -> list[str]:
    return [view["name"] for view in ask(tenant, "GET", role=role).json()["items"]]


def test_a_view_is_kept_changed_shared_and_deleted_by_whom_it_belongs_to(tenant: NewTenant) -> None:
    kept = ask(tenant, "POST", **MINE)
    assert kept.status_code == 201, kept.text
    view = kept.json()
    assert view["query"] | MINE["query"] == view["query"]
    assert (names(tenant), names(tenant, Role.ADMIN)) == (["Mine"], [])
    where = f"/{view['view_id']}"
    # A private view does not exist for others, not even for an admin.
    for method, body in (("PUT", MINE), ("DELETE", {})):
        answer = ask(tenant, method, where, Role.ADMIN, **body)
        assert (answer.status_code, answer.json()["error"]) == (404, "ViewNotFound")
    assert ask(tenant, "PUT", where, **MINE | {"is_shared": True, "name": "Ours"}).json()["name"] == "Ours"
    assert names(tenant, Role.VIEWER) == ["Ours"]
    assert ask(tenant, "DELETE", where, Role.VIEWER).status_code == 403
    add_view(tenant.api.engine, tenant.tenant_id, view_id="theirs", owner="somebody", name="Theirs", is_shared=True)
    answer = ask(tenant, "DELETE", "/theirs")
    assert (answer.status_code, answer.json()["error"]) == (403, "NotYourView")
    assert ask(tenant, "DELETE", "/theirs", Role.ADMIN).status_code == 200
    assert ask(tenant, "DELETE", where).json() == {"view_id": view["view_id"]}
    assert names(tenant) == []


def test_names_differ_and_views_do_not_pile_up(tenant: NewTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(tenant, "POST", **MINE).status_code == 201
    answer = ask(tenant, "POST", **MINE)
    assert (answer.status_code, answer.json()["error"]) == (409, "NameTaken")
    other = ask(tenant, "POST", **MINE | {"name": "Other"}).json()["view_id"]
    assert ask(tenant, "PUT", f"/{other}", **MINE).json()["error"] == "NameTaken"
    assert ask(tenant, "POST", role=Role.ADMIN, **MINE).status_code == 201
    monkeypatch.setattr(book, "MOST_VIEWS", 2)
    answer = ask(tenant, "POST", **MINE | {"name": "One more"})
    assert (answer.status_code, answer.json()["error"]) == (422, "ViewLimitReached")
    assert views.MOST_VIEWS == 50


@pytest.mark.parametrize(
    "query", [{"severity": ["worst"]}, {"mrr_min": -1}, {"colour": "red"}, {"q": "x" * 201}, {"sort": "mrr"}]
)
def test_only_what_the_board_can_show_is_kept(tenant: NewTenant, query: dict[str, Any]) -> None:
    assert ask(tenant, "POST", name="X", query=query).status_code == 422
    assert ask(tenant, "POST", name=" ", query={}).status_code == 422


@pytest.fixture
def board(tenant: NewTenant) -> NewTenant:
    cards = [
        card(1, mrr=900.0, severity="critical", topic="Labels & printing"),
        card(2, mrr=50.0, owner_id=None, owner_name=None),
        card(3, mrr=5000.0, mrr_source="other_currency", currency="USD"),
        card(4, is_active=False, mrr=None, mrr_source="unknown"),
        card(5, company_id="1001", mrr=900.0, trigger_type="significant_support"),
        card(6, is_active=False, mrr_source="tenant_median_assumed"),
    ]
    tenant.publish(cards=cards, quotes=[evidence(cards[1], quote="The EXPORT is brÖken"), evidence(cards[2])])
    tenant.act(cards[4], 1, CardStatus.WORKING)
    tenant.act(cards[5], 1, CardStatus.COMPLETED, kind="completed")
    return tenant


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=brökEN", {2}),
        ("q=export fails", {2, 3}),
        ("q=100%25", set()),
        ("mrr_min=100", {1, 5, 6}),
        ("with_ended=false", {1, 2, 3, 5, 6}),
        ("with_ended=false&status=new", {1, 2, 3}),
        ("owner=none", {2}),
        ("topic=Labels %26 printing", {1}),
        ("topic=Labels", set()),
        ("assignee=me", set()),
        ("assignee=none", {1, 2, 3, 4, 5, 6}),
    ],
)
def test_filters_find_these_cards(board: NewTenant, query: str, expected: set[int]) -> None:
    body = board.get(f"/cards?{query}").json()
    assert {int(row["card_id"][-2:]) for row in body["items"]} == expected
    if "status" not in query:
        counts = board.get(f"/cards/counts?{query}").json()
        assert sum(row["card_count"] for row in counts["statuses"]) == len(expected)


def test_counts_are_of_all_cards_and_of_each_company_once(board: NewTenant) -> None:
    told = board.get("/cards/counts").json()
    assert [(row["status"], row["card_count"]) for row in told["statuses"]] == [
        ("new", 4),
        ("working", 1),
        ("waiting", 0),
        ("completed", 1),
    ]
    # Cards 1 and 5 are of one company.
    assert (told["open"]["card_count"], told["open"]["company_count"]) == (5, 4)
    assert told["open"]["mrr"] == [{"currency": "USD", "mrr": 5000.0}, {"currency": "EUR", "mrr": 950.0}]
    assert told["open"]["unknown_company_count"] == 1
    assert {"topic": "Labels & printing", "card_count": 1} in told["topics"]
    assert sum(row["card_count"] for row in told["topics"]) == 6
    assert told["owners"] == [{"owner_id": "9", "owner_name": "Grace Hopper", "card_count": 5}]


def test_me_is_whoever_asks_and_no_etag_mixes_them_up(board: NewTenant) -> None:
    answers = []
    for role in (Role.MEMBER, Role.ADMIN):
        headers = {"Authorization": f"Bearer {board.api.token(board.tenant_id, role)}"}
        if role is Role.MEMBER:
            act = {"type": "assigned", "assignee": f"demo|{board.tenant_id}|member", "seq": 0}
            board.api.client.post(f"/api/v1/cards/{card(1)['card_id']}/events", json=act, headers=headers)
        paths = ("/cards", "/cards/counts")
        answers += [board.api.client.get(f"/api/v1{path}?assignee=me", headers=headers) for path in paths]
    assert (answers[0].json()["total"], answers[2].json()["total"]) == (1, 0)
    assert len({answer.headers["ETag"] for answer in answers}) == 4
