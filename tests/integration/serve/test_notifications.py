"""Notifications over the API: who sees which, what can be set, and what is refused; on both engines."""

from typing import Any

import httpx
import pytest

from core.vocabulary import Role
from serve.auth.users import User
from serve.live.hub import Message, as_told_to
from tests.integration.serve.conftest import NewTenant
from tests.support.api import Api, local_settings, running_api
from tests.support.published import card

CARD = card(1)


def send(
    tenant: NewTenant, method: str, path: str, role: Role, sent: Any = None, api: Api | None = None
) -> httpx.Response:
    api = api or tenant.api
    headers = {"Authorization": f"Bearer {api.token(tenant.tenant_id, role)}"}
    return api.client.request(method, f"/api/v1{path}", headers=headers, json=sent)


def told(tenant: NewTenant, role: Role, query: str = "") -> dict[str, Any]:
    answer = send(tenant, "GET", f"/notifications{query}", role)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def crew(tenant: NewTenant) -> NewTenant:
    tenant.publish(cards=[CARD, card(2)])
    for role in Role:
        tenant.api.token(tenant.tenant_id, role)
    return tenant


def subject(tenant: NewTenant, role: Role) -> str:
    return f"demo|{tenant.tenant_id}|{role}"


def test_whom_a_comment_names_is_told_and_nobody_else(crew: NewTenant) -> None:
    path = f"/cards/{CARD['card_id']}/events"
    sent = {
        "type": "commented",
        "text": "Look here",
        "mentions": [subject(crew, Role.ADMIN), subject(crew, Role.MEMBER)],
    }
    assert send(crew, "POST", path, Role.MEMBER, sent | {"seq": 0}).status_code == 201
    given = {"type": "assigned", "assignee": subject(crew, Role.ADMIN), "seq": 1}
    assert send(crew, "POST", path, Role.MEMBER, given).status_code == 201
    assert send(crew, "POST", path, Role.MEMBER, given).status_code == 409, "done already"
    page = told(crew, Role.ADMIN)
    assert [one["kind"] for one in page["items"]] == ["assignment", "mention"]
    mention = page["items"][1]
    assert (mention["comment"], mention["actor"], mention["card_id"]) == (
        "Look here",
        subject(crew, Role.MEMBER),
        CARD["card_id"],
    )
    assert mention["companies"][0]["company_name"] == CARD["company_name"]
    assert page["unread_count"] == 2
    assert told(crew, Role.MEMBER) == {"items": [], "next_cursor": None, "unread_count": 0}
    first = told(crew, Role.ADMIN, "?limit=1")
    rest = told(crew, Role.ADMIN, f"?limit=1&cursor={first['next_cursor']}")
    assert [*first["items"], *rest["items"]] == page["items"]

    foreign = send(crew, "POST", "/notifications/read", Role.MEMBER, {"notification_ids": None})
    assert foreign.json() == {"unread_count": 0}
    mine = {"notification_ids": [mention["notification_id"], "no-such"]}
    assert send(crew, "POST", "/notifications/read", Role.ADMIN, mine).json() == {"unread_count": 1}
    assert [one["kind"] for one in told(crew, Role.ADMIN, "?is_unread=true")["items"]] == ["assignment"]
    assert send(crew, "POST", "/notifications/read", Role.ADMIN, {}).json() == {"unread_count": 0}


def test_everybody_says_what_they_want(crew: NewTenant) -> None:
    before = send(crew, "GET", "/notifications/preferences", Role.VIEWER).json()
    assert all(one["is_in_app"] and one["is_email"] for one in before["items"])
    off = {"kind": "mention", "is_in_app": False, "is_email": False}
    after = send(crew, "PUT", "/notifications/preferences", Role.ADMIN, {"items": [off]}).json()
    assert off in after["items"]
    assert send(crew, "GET", "/notifications/preferences", Role.VIEWER).json() == before
    sent = {"type": "commented", "text": "Hm", "mentions": [subject(crew, Role.ADMIN)], "seq": 0}
    assert send(crew, "POST", f"/cards/{CARD['card_id']}/events", Role.MEMBER, sent).status_code == 201
    assert told(crew, Role.ADMIN)["unread_count"] == 0


def channels(**values: Any) -> dict[str, Any]:
    slack = {"url": "https://hooks.slack.com/services/T/B/s3cret", "name": "#churn", "kinds": ["card", "digest"]}
    return {"version": 0, "weekly_budget": 5, "slack": slack} | values


def test_admins_set_the_channel_and_its_address_is_never_told_again(crew: NewTenant) -> None:
    assert send(crew, "PUT", "/notifications/channels", Role.MEMBER, channels()).status_code == 403
    answer = send(crew, "PUT", "/notifications/channels", Role.ADMIN, channels())
    assert answer.status_code == 200, answer.text
    assert answer.json()["slack"] == {"name": "#churn", "kinds": ["card", "digest"], "error": None}
    again = send(crew, "PUT", "/notifications/channels", Role.ADMIN, channels())
    assert (again.status_code, again.json()["error"]) == (409, "ChannelsChangedMeanwhile")
    kept = channels(version=1, slack={"url": None, "name": "#risk", "kinds": []})
    assert send(crew, "PUT", "/notifications/channels", Role.ADMIN, kept).json()["slack"]["name"] == "#risk"
    trail = send(crew, "GET", "/audit?action=notifications_changed", Role.ADMIN).text
    assert "#risk" in trail
    for answer in (
        send(crew, "GET", path, Role.ADMIN) for path in ("/notifications/channels", "/audit", "/tenant/export")
    ):
        assert "s3cret" not in answer.text
    off = send(crew, "PUT", "/notifications/channels", Role.ADMIN, channels(version=2, slack=None))
    assert off.json()["slack"] is None
    nothing = channels(version=3, slack={"url": None, "name": "#x", "kinds": []})
    refused = send(crew, "PUT", "/notifications/channels", Role.ADMIN, nothing)
    assert (refused.status_code, refused.json()["error"]) == (422, "NoSuchChannel")


def test_outside_local_an_address_of_our_own_network_is_refused(crew: NewTenant) -> None:
    local = local_settings(crew.api.data_dir)
    for url in ("http://hooks.slack.com/s3cret", "https://127.0.0.1/s3cret", "https://metadata.internal/s3cret"):
        with running_api(crew.api.engine, crew.api.data_dir, settings=local) as api:
            api.client.app.state.services.__dict__["is_local"] = False  # type: ignore[attr-defined]
            slack = {"url": url, "name": "#churn", "kinds": []}
            answer = send(crew, "PUT", "/notifications/channels", Role.ADMIN, channels(slack=slack), api)
            assert (answer.status_code, answer.json()["error"]) == (422, "UnsafeWebhook")
            assert "s3cret" not in answer.text


def test_the_stream_tells_a_notification_to_whom_it_concerns(crew: NewTenant) -> None:
    messages = [
        Message(1, "card", {"card_id": "x"}),
        Message(2, "notification", {"recipients": ["ann", "bo"]}),
        Message(3, "notification", {"recipients": ["cy"]}),
    ]
    ann = User.__new__(User)
    object.__setattr__(ann, "subject", "ann")
    assert list(as_told_to(ann, messages)) == [messages[0], Message(2, "notification", {"recipients": ["ann"]})]
