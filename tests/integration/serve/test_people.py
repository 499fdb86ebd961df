"""People come in by invitation, change roles and leave, and the audit trail tells it; on both engines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select, update

from core.appdb.engine import writing
from core.appdb.tables import api_key, audit, invitation, live_event
from core.appdb.tables import user as user_table
from core.people.secrets import hash_of
from core.vocabulary import Role
from serve.auth.issuer import open_local_issuer
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.api import AUDIENCE, rsa_key, signed
from tests.support.connections import connect
from tests.support.published import add_tenant, card

Asked = Callable[..., httpx.Response]


@pytest.fixture
def asked(tenant: NewTenant) -> Asked:
    """Asks the API as the new tenant's demo user of a role, or with a token."""

    def ask(method: str, path: str, body: Any = None, *, role: Role = Role.ADMIN, token: str = "") -> httpx.Response:
        bearer = token or tenant.api.token(tenant.tenant_id, role)
        return tenant.api.client.request(
            method, f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {bearer}"}
        )

    return ask


def person(tenant: NewTenant, email: str) -> str:
    """A token that proves an address."""
    answer = tenant.api.client.post("/api/v1/auth/demo/person", json={"email": email})
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


def issued(tenant: NewTenant, **values: Any) -> str:
    """A genuine token with claims of one's own."""
    issuer = open_local_issuer(tenant.api.data_dir, audience=AUDIENCE)
    return signed(rsa_key("issuer"), issuer.jwks()["keys"][0]["kid"], **values)


def invited(asked: Asked, email: str, role: str = "member") -> tuple[str, str]:
    """Id and secret of a new invitation."""
    answer = asked("POST", "/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return answer.json()["invitation"]["invitation_id"], answer.json()["link"].partition("#")[2]


def test_the_life_of_an_invitation(tenant: NewTenant, asked: Asked) -> None:
    email = f"ada@{tenant.tenant_id}.example"
    answer = asked("POST", "/invitations", {"email": f" {email.title()} ", "role": "member"})
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    root, _, secret = told["link"].partition("/join#")
    assert root == "http://testserver"
    with tenant.api.engine.connect() as database:
        [row] = database.execute(select(invitation).where(invitation.c.tenant_id == tenant.tenant_id)).mappings()
    assert row["secret_hash"] == hash_of(secret)
    assert secret not in str(dict(row))
    assert row["expires_at"] - row["invited_at"] == timedelta(days=7)
    [listed] = asked("GET", "/invitations").json()["items"]
    assert listed == told["invitation"]
    assert (listed["email"], listed["invited_by_name"]) == (email, f"Demo admin of {tenant.tenant_id.title()}")
    assert asked("POST", "/invitations", {"email": email, "role": "admin"}).json()["error"] == "AlreadyInvited"

    look = tenant.api.client.post("/api/v1/join/look", json={"secret": secret}).json()
    assert (look["tenant_name"], look["email"], look["role"]) == (tenant.tenant_id.title(), email, "member")

    # A newer link kills the one before.
    again = asked("POST", f"/invitations/{listed['invitation_id']}/resend").json()["link"].partition("#")[2]
    assert again != secret
    token = person(tenant, email)
    assert asked("GET", "/me", token=token).json()["error"] == "UnknownUser"
    assert asked("POST", "/join", {"secret": secret}, token=token).status_code == 404
    accepted = asked("POST", "/join", {"secret": again}, token=token)
    assert accepted.status_code == 201, accepted.text
    assert accepted.json() == asked("GET", "/me", token=token).json()
    assert (accepted.json()["role"], accepted.json()["tenant"]["tenant_id"]) == ("member", tenant.tenant_id)

    for used in (again, secret):
        answer = asked("POST", "/join", {"secret": used}, token=person(tenant, email))
        assert answer.status_code in {404, 409}
    assert asked("GET", "/invitations").json()["items"] == []
    assert asked("POST", "/invitations", {"email": email, "role": "admin"}).json()["error"] == "AlreadyHere"

    trail = [(one["action"], one["object_type"], one["details"].get("email")) for one in _trail(asked)]
    assert trail == [
        ("joined", "user", email),
        ("invitation_resent", "invitation", email),
        ("invited", "invitation", email),
    ]


def _trail(asked: Asked, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = asked("GET", f"/audit?{query}").json()["items"]
    return items


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@x.example", "email_verified": True},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "yes"},
        {"email_verified": 1.5},
        {"email": None, "email_verified": True},
        {"email": "", "email_verified": True},
        {"email": ["ada@x.example"], "email_verified": True},
    ],
)
def test_a_link_alone_lets_nobody_in(tenant: NewTenant, asked: Asked, claims: dict[str, Any]) -> None:
    _, secret = invited(asked, "ada@x.example")
    token = issued(tenant, **{"sub": f"idp|{tenant.tenant_id}", "email": "ada@x.example"} | claims)
    answer = asked("POST", "/join", {"secret": secret}, token=token)
    assert (answer.status_code, answer.json()["error"]) == (403, "ForSomebodyElse")
    assert asked("GET", "/me", token=token).status_code == 403
    good = issued(tenant, sub=f"idp|{tenant.tenant_id}", email="Ada@X.example", email_verified=True, name="Ada\0 A.")
    accepted = asked("POST", "/join", {"secret": secret}, token=good)
    assert (accepted.status_code, accepted.json()["name"]) == (201, "Ada A."), "a refusal spends nothing"


def test_a_sign_in_belongs_to_one_company(tenant: NewTenant, asked: Asked) -> None:
    other = NewTenant(tenant.api, add_tenant(tenant.api.engine, f"o{tenant.tenant_id}"))
    email = f"ada@{tenant.tenant_id}.example"
    _, secret = invited(asked, email)
    token = person(tenant, email)
    assert asked("POST", "/join", {"secret": secret}, token=token).status_code == 201
    admin = tenant.api.token(other.tenant_id, Role.ADMIN)
    link = asked("POST", "/invitations", {"email": email, "role": "admin"}, token=admin).json()["link"]
    answer = asked("POST", "/join", {"secret": link.partition("#")[2]}, token=token)
    assert (answer.status_code, answer.json()["error"]) == (409, "AlreadyHere")
    assert tenant.tenant_id not in answer.text
    assert asked("GET", "/me", token=token).json()["tenant"]["tenant_id"] == tenant.tenant_id


@pytest.mark.parametrize("what", ["revoked", "expired"])
def test_links_end(tenant: NewTenant, asked: Asked, what: str) -> None:
    email = f"{what}@{tenant.tenant_id}.example"
    invitation_id, secret = invited(asked, email)
    if what == "revoked":
        assert asked("DELETE", f"/invitations/{invitation_id}").json()["email"] == email
        assert asked("DELETE", f"/invitations/{invitation_id}").status_code == 404
    else:
        with writing(tenant.api.engine) as database:
            database.execute(update(invitation).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    answer = asked("POST", "/join", {"secret": secret}, token=person(tenant, email))
    assert (answer.status_code, answer.json()["error"]) == (409, "InvitationOver")
    look = tenant.api.client.post("/api/v1/join/look", json={"secret": secret})
    assert look.json()["error"] == "InvitationOver"
    if what == "expired":
        again = asked("POST", f"/invitations/{invitation_id}/resend").json()["link"].partition("#")[2]
        assert asked("POST", "/join", {"secret": again}, token=person(tenant, email)).status_code == 201
    else:
        assert invited(asked, email), "who was taken back can be invited anew"


def test_one_link_is_good_once_even_at_the_same_moment(tenant: NewTenant, asked: Asked) -> None:
    email = f"ada@{tenant.tenant_id}.example"
    _, secret = invited(asked, email)
    tokens = [issued(tenant, sub=f"{tenant.tenant_id}|{n}", email=email, email_verified=True) for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda token: asked("POST", "/join", {"secret": secret}, token=token), tokens))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_roles_change_and_people_leave_at_once(tenant: NewTenant, asked: Asked) -> None:
    member = tenant.api.token(tenant.tenant_id, Role.MEMBER)
    subject = f"demo|{tenant.tenant_id}|member"
    changed = asked("PATCH", f"/users/{subject}", {"role": "viewer"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["role"] == "viewer"
    assert asked("GET", "/me", token=member).json()["role"] == "viewer"
    assert asked("PATCH", f"/users/{subject}", {"role": "viewer"}).status_code == 200
    assert asked("PATCH", "/users/nobody", {"role": "viewer"}).json()["error"] == "PersonNotFound"
    assert asked("PATCH", f"/users/{subject}", {"role": "owner"}).status_code == 422
    assert asked("DELETE", f"/users/{subject}").json()["subject"] == subject
    assert asked("GET", "/me", token=member).json()["error"] == "UnknownUser"
    assert [(one["action"], one["details"].get("to")) for one in _trail(asked)] == [
        ("user_removed", None),
        ("role_changed", "viewer"),
    ], "what changed nothing is no act"


def test_subjects_with_slashes_are_found(tenant: NewTenant, asked: Asked) -> None:
    subject = f"https://idp.example/users/{tenant.tenant_id}"
    email = f"url@{tenant.tenant_id}.example"
    _, secret = invited(asked, email)
    token = issued(tenant, sub=subject, email=email, email_verified=True)
    assert asked("POST", "/join", {"secret": secret}, token=token).status_code == 201
    escaped = subject.replace("/", "%2F").replace(":", "%3A")
    assert asked("PATCH", f"/users/{escaped}", {"role": "viewer"}).json()["subject"] == subject
    assert asked("DELETE", f"/users/{escaped}").status_code == 200


def test_there_is_always_an_admin_and_nobody_raises_themselves(tenant: NewTenant, asked: Asked) -> None:
    admin, member = (f"demo|{tenant.tenant_id}|{role}" for role in ("admin", "member"))
    tenant.api.token(tenant.tenant_id, Role.MEMBER)
    for answer in (asked("PATCH", f"/users/{admin}", {"role": "member"}), asked("DELETE", f"/users/{admin}")):
        assert (answer.status_code, answer.json()["error"]) == (409, "LastAdmin")
    raised = asked("PATCH", f"/users/{member}", {"role": "admin"}, role=Role.MEMBER)
    assert (raised.status_code, raised.json()["error"]) == (403, "RoleTooLow")
    assert asked("PATCH", f"/users/{member}", {"role": "admin"}).status_code == 200
    assert asked("DELETE", f"/users/{admin}").status_code == 200, "with another admin the first may go"


def test_two_admins_who_demote_each_other_leave_one(tenant: NewTenant, asked: Asked) -> None:
    admin, member = (f"demo|{tenant.tenant_id}|{role}" for role in ("admin", "member"))
    tokens = {admin: tenant.api.token(tenant.tenant_id, Role.ADMIN)}
    tokens[member] = tenant.api.token(tenant.tenant_id, Role.MEMBER)
    assert asked("PATCH", f"/users/{member}", {"role": "admin"}).status_code == 200
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(
                lambda pair: asked("PATCH", f"/users/{pair[1]}", {"role": "viewer"}, token=tokens[pair[0]]),
                [(admin, member), (member, admin)],
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    with tenant.api.engine.connect() as database:
        admins = select(func.count()).where(user_table.c.tenant_id == tenant.tenant_id, user_table.c.role == "admin")
        assert database.scalar(admins.select_from(user_table)) == 1


def made(asked: Asked, **wanted: Any) -> dict[str, Any]:
    answer = asked("POST", "/api-keys", {"name": "Looker"} | wanted)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_key_reads_as_a_viewer_and_is_told_once(tenant: NewTenant, asked: Asked) -> None:
    told = made(asked)
    key, prefix = told["key"], told["api_key"]["prefix"]
    assert key.startswith(f"cb_{prefix}_")
    with tenant.api.engine.connect() as database:
        [row] = database.execute(select(api_key).where(api_key.c.tenant_id == tenant.tenant_id)).mappings()
    assert row["secret_hash"] == hash_of(key)
    assert key.rpartition("_")[2] not in str(dict(row)) + asked("GET", "/api-keys").text + str(_trail(asked))
    me = asked("GET", "/me", token=key).json()
    assert (me["role"], me["subject"], me["name"]) == ("viewer", f"key|{prefix}", "Looker")
    assert asked("GET", "/cards", token=key).json()["error"] == "NothingPublished"
    assert asked("GET", "/audit", token=key).json()["error"] == "RoleTooLow"
    for method, path in (("POST", "/cards/x/events"), ("DELETE", "/connections/hubspot"), ("POST", "/api-keys")):
        answer = asked(method, path, {}, token=key)
        assert (answer.status_code, answer.json()["error"]) == (403, "KeyReadsOnly")
    assert asked("POST", "/join", {"secret": "x" * 43}, token=key).json()["error"] == "InvalidToken"
    assert asked("DELETE", f"/api-keys/{prefix}").json() == {"prefix": prefix, "name": "Looker"}
    assert asked("GET", "/me", token=key).json()["error"] == "InvalidKey"
    assert asked("DELETE", f"/api-keys/{prefix}").status_code == 404
    assert asked("GET", "/api-keys").json()["items"] == []


def test_keys_that_are_none(tenant: NewTenant, asked: Asked) -> None:
    key = made(asked)["key"]
    stranger = made(asked)["key"]
    grafted = f"{key.rpartition('_')[0]}_{stranger.rpartition('_')[2]}"
    for token in ("cb_", "cb_x_y", f"{key}x", key[:-1], grafted, key.upper(), "cb_" + "a" * 9000):
        answer = asked("GET", "/me", token=token)
        assert answer.status_code == 401, token
        assert answer.json()["error"] in {"InvalidKey", "InvalidToken"}
    assert asked("GET", "/me", token=key).status_code == 200


def test_a_key_expires(tenant: NewTenant, asked: Asked) -> None:
    past, soon = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
    refused = asked("POST", "/api-keys", {"name": "x", "expires_at": past.isoformat()})
    assert (refused.status_code, refused.json()["error"]) == (422, "BornExpired")
    told = made(asked, expires_at=soon.isoformat())
    assert asked("GET", "/me", token=told["key"]).status_code == 200
    with writing(tenant.api.engine) as database:
        mine = api_key.c.prefix == told["api_key"]["prefix"]
        database.execute(update(api_key).where(mine).values(expires_at=past))
    answer = asked("GET", "/me", token=told["key"])
    assert (answer.status_code, answer.json()["error"]) == (401, "InvalidKey")
    assert "expired" in answer.json()["detail"]


def test_use_is_noted_once_in_five_minutes_and_costs_a_reader_nothing(tenant: NewTenant, asked: Asked) -> None:
    told = made(asked)
    used = select(api_key.c.last_used_at).where(api_key.c.prefix == told["api_key"]["prefix"])

    def last_used() -> datetime | None:
        with tenant.api.engine.connect() as database:
            return database.scalar(used)

    assert last_used() is None
    asked("GET", "/me", token=told["key"])
    first = last_used()
    assert first is not None
    asked("GET", "/me", token=told["key"])
    assert last_used() == first
    long_ago = first - timedelta(minutes=6)
    with writing(tenant.api.engine) as database:
        mine = api_key.c.prefix == told["api_key"]["prefix"]
        database.execute(update(api_key).where(mine).values(last_used_at=long_ago))
    asked("GET", "/me", token=told["key"])
    again = last_used()
    assert again is not None
    assert again > first


def test_the_trail_is_read_page_by_page_and_filtered(tenant: NewTenant, asked: Asked) -> None:
    for number in range(5):
        invited(asked, f"p{number}@{tenant.tenant_id}.example")
    made(asked)
    whole = _trail(asked, "limit=200")
    assert len(whole) == 6
    assert [one["occurred_at"] for one in whole] == sorted((one["occurred_at"] for one in whole), reverse=True)
    read: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = asked("GET", f"/audit?limit=2&cursor={cursor}").json()
        read += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert read == whole
    assert [one["action"] for one in _trail(asked, "action=api_key_made")] == ["api_key_made"]
    assert _trail(asked, "actor=nobody") == []
    assert asked("GET", "/audit?action=burnt").status_code == 422
    entry = whole[-1]
    assert (entry["actor"], entry["actor_name"]) == (
        f"demo|{tenant.tenant_id}|admin",
        f"Demo admin of {tenant.tenant_id.title()}",
    )


def test_an_act_that_fails_leaves_no_trace_and_its_request_id_finds_the_log(tenant: NewTenant, asked: Asked) -> None:
    asked("DELETE", "/users/nobody")
    asked("DELETE", "/invitations/nothing")
    assert _trail(asked) == []
    bearer = {"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, Role.ADMIN)}", "X-Request-Id": "req-77"}
    tenant.api.client.post("/api/v1/api-keys", json={"name": "x"}, headers=bearer)
    assert [one["request_id"] for one in _trail(asked)] == ["req-77"]


def test_connecting_and_disconnecting_are_told(installation: Installation) -> None:
    """Connecting is played in test_connections.py."""
    api = installation.api
    slug = add_tenant(api.engine, "leaver")
    connect(api.engine, api.data_dir, slug)
    headers = {"Authorization": f"Bearer {api.token(slug, Role.ADMIN)}"}
    assert api.client.delete("/api/v1/connections/hubspot", headers=headers).status_code == 200
    [entry] = api.client.get("/api/v1/audit", headers=headers).json()["items"]
    assert (entry["action"], entry["object_type"], entry["object_id"]) == ("disconnected", "connection", "hubspot")
    with api.engine.connect() as database:
        rows = database.execute(select(audit)).mappings().all()
    assert not [row for row in rows if "secret" in str(row["details"])]


def test_cards_of_somebody_who_is_removed_become_nobody_s(tenant: NewTenant, asked: Asked) -> None:
    cards = [card(1), card(2), card(3)]
    tenant.publish(cards=cards)
    leaver = asked("GET", "/me", role=Role.MEMBER).json()["subject"]
    ids = [one["card_id"] for one in cards]
    acts = [
        (ids[0], {"type": "assigned", "assignee": leaver, "seq": 0}),
        (ids[1], {"type": "assigned", "assignee": leaver, "seq": 0}),
        (ids[1], {"type": "completed", "outcome": "saved", "seq": 1}),
        (ids[2], {"type": "assigned", "assignee": f"demo|{tenant.tenant_id}|admin", "seq": 0}),
    ]
    for card_id, act in acts:
        assert asked("POST", f"/cards/{card_id}/events", act).status_code == 201
    before = asked("GET", "/cards/counts?assignee=none").json()
    assert asked("GET", f"/cards?assignee={quote(leaver)}").json()["items"] != []

    told = asked("DELETE", f"/users/{quote(leaver)}").json()
    assert told["card_ids"] == sorted(ids[:2])
    assert asked("GET", f"/cards?assignee={quote(leaver)}").json()["items"] == []
    after = asked("GET", "/cards/counts?assignee=none").json()
    assert sum(one["card_count"] for one in after["statuses"]) == 2 + sum(
        one["card_count"] for one in before["statuses"]
    )
    for card_id, status in ((ids[0], "new"), (ids[1], "completed")):
        detail = asked("GET", f"/cards/{card_id}").json()
        assert (detail["assignee"], detail["status"]) == (None, status)
        last = detail["timeline"][-1]
        assert (last["type"], last["actor"], last["details"]["assignee"]) == ("assigned", "churnboard", None)
        assert last["details"]["why"] == f"{told['name']} was removed from the company's users."
    [row] = [one for one in asked("GET", "/audit").json()["items"] if one["action"] == "user_removed"]
    assert row["details"]["card_count"] == 2
    with tenant.api.engine.connect() as database:
        announced = database.scalars(
            select(live_event.c.body).where(live_event.c.tenant_id == tenant.tenant_id).order_by(live_event.c.position)
        ).all()
    assert [one["card_id"] for one in announced[-2:]] == sorted(ids[:2]), "who has the board open sees it"


def test_whose_removal_is_refused_keeps_their_cards(tenant: NewTenant, asked: Asked) -> None:
    cards = [card(1)]
    tenant.publish(cards=cards)
    admin = f"demo|{tenant.tenant_id}|admin"
    act = {"type": "assigned", "assignee": admin, "seq": 0}
    assert asked("POST", f"/cards/{cards[0]['card_id']}/events", act).status_code == 201
    assert asked("DELETE", f"/users/{quote(admin)}").json()["error"] == "LastAdmin"
    assert asked("GET", f"/cards/{cards[0]['card_id']}").json()["assignee"] == admin
