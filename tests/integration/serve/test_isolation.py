"""Every operation of the API, asked by everybody who must not get an answer, or not that one.

The operations come from the OpenAPI document, so a new one is in the matrix the day it is added.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from core.appdb.tables import (
    PUBLISHED,
    api_key,
    audit,
    card_alias,
    card_event,
    card_state,
    connection,
    correction,
    invitation,
    live_event,
    live_position,
    notification,
    notification_channel,
    notification_delivery,
    notification_preference,
    notification_told,
    oauth_state,
    saved_view,
    topic_draft,
    topic_edit,
    topic_proposal,
    topic_proposal_quote,
    topic_version,
    webhook_event,
)
from core.appdb.tables import user as user_table
from core.tenants import TenantId
from core.vocabulary import Role
from serve.auth.issuer import open_local_issuer
from serve.auth.users import UserDirectory
from serve.openapi import openapi_document
from serve.tenancy import Tenancy
from serve.writing import Writing
from tests.integration.serve.conftest import CANARY, Installation
from tests.support.api import AUDIENCE, Api, claims, local_settings, rsa_key, running_api, signed
from tests.support.connections import VAULT, app_settings
from tests.support.published import MARKED_COUNT
from tests.support.standing import Anything

ROLES = [role.value for role in Role]
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
]
"""Which of them need a role, the document says; that it says so rightly: tests/contracts/test_roles.py."""

GUARDED = [
    (method, path, operation["operationId"])
    for method, path, operation in OPERATIONS
    if operation["x-required-role"] in ROLES
]
# What the stream tells of other tenants is asked in test_live.py: it never ends.
READS = [operation for operation in GUARDED if operation[0] == "GET" and operation[2] != "stream"]
FOREIGN = [operation for operation in GUARDED if "{" in operation[1].replace("{step}", "")]
"""Steps of setting up are nobody's: they have the same names for all."""


def kid(api: Api) -> str:
    return str(open_local_issuer(api.data_dir, audience=AUDIENCE).jwks()["keys"][0]["kid"])


def _unsigned(api: Api) -> str:
    return jwt.encode(claims(), None, algorithm="none", headers={"kid": kid(api)})


def _public_key_as_secret(api: Api) -> str:
    key = open_local_issuer(api.data_dir, audience=AUDIENCE).jwks()["keys"][0]["n"]
    return signed(key.encode(), kid(api), algorithm="HS256")


def _tampered(api: Api) -> str:
    head, _, signature = api.token("acme").split(".")
    body = jwt.utils.base64url_encode(b'{"iss":"churnboard-local","aud":"churnboard","sub":"demo|beta|admin"}').decode()
    return f"{head}.{body}.{signature}"


EVENT = {"card_id": "x", "seq": 1, "type": "commented", "actor": "x", "payload": {}, "status": "new"}
EVENT |= {"occurred_at": datetime(2026, 1, 1, tzinfo=UTC)}
INVITED = {"email": "x", "role": "admin", "invited_by": "x"}
INVITED |= {"invited_at": EVENT["occurred_at"], "expires_at": EVENT["occurred_at"]}
KEY = {"name": "x", "created_by": "x", "created_at": EVENT["occurred_at"]}
ACT = {"actor": "x", "actor_name": "x", "action": "x", "object_type": "x", "object_id": "x", "details": {}}
ACT |= {"occurred_at": EVENT["occurred_at"]}
STATE = {"reopen_count": 0, "is_waiting_for_reply": False}
VIEW = {"name": "x", "owner": "x", "is_shared": True, "query": {}}
VIEW |= {"created_at": EVENT["occurred_at"], "updated_at": EVENT["occurred_at"]}
TOLD = {"recipient": "x", "kind": "card", "way": "daily", "is_in_app": True, "companies": [], "company_count": 1}
TOLD |= {"made_at": EVENT["occurred_at"]}
CHANNEL = {"version": 1, "weekly_budget": 1, "slack_kinds": [], "updated_by": "x", "updated_at": EVENT["occurred_at"]}
WISH = {"is_in_app": True, "is_email": True, "updated_at": EVENT["occurred_at"]}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
REFUSED: dict[str, tuple[int, str, Callable[[Api], str | None]]] = {
    "no token": (401, "MissingToken", lambda _api: None),
    "empty": (401, "MissingToken", lambda _api: ""),
    "not a token": (401, "InvalidToken", lambda _api: "x.y.z"),
    "huge": (401, "InvalidToken", lambda _api: "a" * 9000),
    "expired": (
        401,
        "TokenExpired",
        lambda api: signed(rsa_key("issuer"), kid(api), iat=LONG_AGO, exp=LONG_AGO + timedelta(hours=1)),
    ),
    "not yet": (
        401,
        "InvalidToken",
        lambda api: signed(rsa_key("issuer"), kid(api), nbf=datetime.now(UTC) + timedelta(hours=1)),
    ),
    "forged signature": (401, "InvalidToken", lambda api: signed(rsa_key("forger"), kid(api))),
    "unknown key": (401, "InvalidToken", lambda _api: signed(rsa_key("forger"), "some-key")),
    "no key named": (401, "InvalidToken", lambda _api: signed(rsa_key("issuer"), None)),
    "changed claims": (401, "InvalidToken", _tampered),
    "algorithm none": (401, "InvalidToken", _unsigned),
    "public key as secret": (401, "InvalidToken", _public_key_as_secret),
    "another algorithm": (401, "InvalidToken", lambda api: signed(rsa_key("issuer"), kid(api), algorithm="RS512")),
    "wrong audience": (401, "ForeignToken", lambda api: signed(rsa_key("issuer"), kid(api), aud="other")),
    "wrong issuer": (401, "ForeignToken", lambda api: signed(rsa_key("issuer"), kid(api), iss="https://x.example")),
    "no subject": (401, "InvalidToken", lambda api: signed(rsa_key("issuer"), kid(api), sub=None)),
    "no expiry": (401, "InvalidToken", lambda api: signed(rsa_key("issuer"), kid(api), exp=None)),
    "unknown subject": (403, "UnknownUser", lambda api: signed(rsa_key("issuer"), kid(api), sub="nobody")),
    "subject with NUL": (403, "UnknownUser", lambda api: signed(rsa_key("issuer"), kid(api), sub="a\0b")),
}


SENT: Mapping[str, Mapping[str, object]] = {
    "/events": {"type": "status_changed", "status": "working", "seq": 0},
    "/views": {"name": "Mine", "query": {}},
    "/views/{view_id}": {"name": "Mine", "query": {}},
    "/restore": {"seq": 0},
    "/accept": {"seq": 0},
    "/switch": {"is_active": False, "version": 1},
    "}/topics": {"topics": []},
    "}/sentiment": {"sentiment": "neutral"},
}
"""A body for operations on one thing, by how their path ends."""


def ask(api: Api, method: str, path: str, token: str | None, **ids: str) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    sent = next((body for ending, body in SENT.items() if path.endswith(ending)), None)
    if path.endswith("/users/{subject}") and method == "PATCH":
        sent = {"role": "admin"}
    where = path.format_map(Anything(ids))
    return api.client.request(method, where, headers=headers, json=sent)


def shows(answer: httpx.Response) -> bool:
    """Whether anything of tenant beta is in the answer."""
    sent = answer.content + str(answer.headers.raw).encode()
    return CANARY.encode() in sent or str(MARKED_COUNT).encode() in sent


def without_ids(answer: httpx.Response, asked: Mapping[str, str]) -> str:
    """The answer's words, whatever was asked for blacked out: a sentence may name what the caller named."""
    said = answer.text
    for one in asked.values():
        said = said.replace(one, "…")
    return said


def test_the_matrix_has_every_operation() -> None:
    """A spot check that walking the document finds what is there."""
    assert {"get_me", "act_on_card", "disconnect_hubspot", "remove_user", "list_audit", "ship_topics"} <= {
        name for *_, name in GUARDED
    }


@pytest.mark.parametrize("case", REFUSED)
def test_who_proves_nothing_gets_nothing(installation: Installation, case: str) -> None:
    status, error, made = REFUSED[case]
    token = made(installation.api)
    for method, path, _ in GUARDED:
        answer = ask(installation.api, method, path, token)
        assert (answer.status_code, answer.json()["error"]) == (status, error), path
        assert set(answer.json()) == {"error", "detail"}
        assert (answer.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)
        assert not shows(answer)


def test_a_good_token_under_another_scheme_is_no_bearer_token(installation: Installation) -> None:
    token = installation.api.token("acme")
    for header in (f"Basic {token}", token, f"Bearer{token}"):
        answer = installation.api.client.get("/api/v1/me", headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error"]) == (401, "MissingToken")


@pytest.mark.parametrize(("method", "path", "name"), READS)
def test_nothing_of_another_tenant_shows_in_any_answer(
    installation: Installation, method: str, path: str, name: str
) -> None:
    api = installation.api
    token = api.token("acme", Role.ADMIN)
    mine = ask(api, method, path, token, **installation.ids("acme"))
    assert mine.status_code == 200
    assert not shows(mine)
    theirs = ask(api, method, path, api.token("beta", Role.ADMIN), **installation.ids("beta"))
    assert theirs.status_code == 200
    assert shows(theirs), "the canary must be there to be missed elsewhere"


@pytest.mark.parametrize(("method", "path", "name"), FOREIGN)
def test_ids_of_another_tenant_do_not_exist(installation: Installation, method: str, path: str, name: str) -> None:
    api = installation.api
    token = api.token("acme", Role.ADMIN)
    answer = ask(api, method, path, token, **installation.ids("beta"))
    # Tasks of the analysis are nobody's: they have the same names for all.
    made_up = ask(api, method, path, token, task=installation.ids("beta")["task"])
    assert answer.status_code == made_up.status_code == 404
    named = {one: said for one, said in installation.ids("beta").items() if f"{{{one}}}" in path and one != "task"}
    assert without_ids(answer, named) == without_ids(made_up, {"": "no-such-thing"})
    assert CANARY not in without_ids(answer, named)


def test_filters_do_not_reach_another_tenant(installation: Installation) -> None:
    api, foreign = installation.api, installation.beta[0]
    for query in (f"q={CANARY}", f"company={foreign['company_id']}", f"owner={foreign['owner_id']}"):
        body = api.get(f"/cards?{query}", "acme").json()
        assert (body["items"], body["total"]) == ([], 0)
    assert api.get(f"/companies?q={CANARY}", "acme").json()["items"] == []
    assert api.get(f"/metrics/topics?topic=billing{CANARY}", "acme").json()["items"] == []


def test_events_of_another_tenant_do_not_move_my_card(installation: Installation) -> None:
    # Tenant beta completed a card of the same id.
    assert installation.api.get(f"/cards/{installation.acme[0]['card_id']}", "acme").json()["status"] == "new"


def test_a_viewer_looks_on(installation: Installation) -> None:
    path = "/api/v1/cards/{card_id}/events"
    answer = ask(
        installation.api, "POST", path, installation.api.token("acme"), card_id=installation.acme[0]["card_id"]
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "RoleTooLow")
    assert "member" in answer.json()["detail"]


def test_nobody_of_another_tenant_is_given_a_card_or_mentioned(installation: Installation) -> None:
    api, card_id = installation.api, installation.acme[1]["card_id"]
    api.token("beta", Role.MEMBER)
    for sent in (
        {"type": "assigned", "assignee": "demo|beta|member", "seq": 0},
        {"type": "commented", "text": "Look", "mentions": ["demo|beta|member"], "seq": 0},
    ):
        headers = {"Authorization": f"Bearer {api.token('acme', Role.MEMBER)}"}
        answer = api.client.post(f"/api/v1/cards/{card_id}/events", json=sent, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (422, "UnknownColleague")
    assert api.get(f"/cards/{card_id}", "acme").json()["seq"] == 0


def test_two_tenants_never_share_an_etag(installation: Installation) -> None:
    tags = {installation.api.get("/cards?q=nothing-at-all", tenant).headers["ETag"] for tenant in ("acme", "beta")}
    assert len(tags) == 2


def test_a_good_bearer_token_is_no_signature_of_hubspot(installation: Installation) -> None:
    """Not even an admin's: what is delivered may be about every tenant's portal."""
    api = installation.api
    settings = local_settings(api.data_dir, api_public_url="https://churn.example.com")
    hubspot = app_settings("http://127.0.0.1:1")
    with running_api(api.engine, api.data_dir, settings=settings.model_copy(update={"hubspot": hubspot})) as door:
        event = {"portalId": 1, "subscriptionType": "ticket.creation", "objectId": 1}
        for token in (api.token("acme", Role.ADMIN), api.token("beta", Role.ADMIN)):
            headers = {"Authorization": f"Bearer {token}"}
            answer = door.client.post("/api/v1/webhooks/hubspot", json=[event], headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (401, "SignatureRefused")
            assert not shows(answer)
    with api.engine.connect() as database:
        assert database.execute(select(webhook_event)).all() == []


def test_a_revoked_user_is_out_at_once(installation: Installation) -> None:
    api = installation.api
    token = api.token("acme", Role.MEMBER)
    assert ask(api, "GET", "/api/v1/me", token).status_code == 200
    with api.engine.begin() as connection:
        connection.execute(text("""delete from "user" where subject = 'demo|acme|member'"""))
    answer = ask(api, "GET", "/api/v1/me", token)
    assert (answer.status_code, answer.json()["error"]) == (403, "UnknownUser")


@pytest.fixture
def entered(installation: Installation) -> Any:
    """A tenant session's own connection on Postgres, for asking what the API's code would never ask."""
    if installation.api.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security; there the query layer alone keeps tenants apart")
    user = UserDirectory(installation.api.engine).keep_demo_user("acme", Role.VIEWER)
    with Tenancy(installation.api.engine).session(user) as session:
        yield session._connection


READABLE = [
    *PUBLISHED.values(),
    card_event,
    card_state,
    connection,
    correction,
    topic_draft,
    topic_edit,
    topic_proposal,
    topic_proposal_quote,
    topic_version,
    user_table,
    invitation,
    api_key,
    audit,
    live_event,
    live_position,
    saved_view,
    notification,
    notification_channel,
    notification_delivery,
    notification_preference,
]


def test_a_forgotten_where_still_sees_own_rows_only(entered: Connection) -> None:
    for table in READABLE:
        tenants = set(entered.scalars(select(table.c.tenant_id)))
        assert tenants <= {"acme"}, table.name
    assert set(entered.scalars(select(PUBLISHED["churn_risk_cards"].c.tenant_id))) == {"acme"}


def test_without_a_tenant_there_are_no_rows(entered: Connection) -> None:
    entered.execute(text("select set_config('app.tenant', '', true)"))
    for table in READABLE:
        assert entered.execute(select(table)).all() == [], table.name


def test_the_session_cannot_write_and_owns_nothing(entered: Connection) -> None:
    assert entered.scalar(text("select current_user")) == "churnboard_api"
    assert entered.scalar(text("show transaction_read_only")) == "on"
    assert entered.scalar(text("show transaction_isolation")) == "repeatable read"


def test_nothing_of_a_session_stays_on_the_pooled_connection(installation: Installation) -> None:
    if installation.api.engine.dialect.name != "postgresql":
        pytest.skip("SQLite connections carry no tenant")
    engine = create_engine(installation.api.engine.url, pool_size=1, max_overflow=0)
    user = UserDirectory(engine).keep_demo_user("acme", Role.VIEWER)
    with Tenancy(engine).session(user) as session:
        assert session.tenant_id == TenantId("acme")
        backend = session._connection.scalar(text("select pg_backend_pid()"))
    with engine.connect() as connection:
        state = connection.execute(
            text("select pg_backend_pid(), current_user, coalesce(current_setting('app.tenant', true), '')")
        ).one()
        assert connection.scalar(text("show transaction_read_only")) == "off"
    engine.dispose()
    assert state[0] == backend
    assert state[1] != "churnboard_api"
    assert state[2] == ""


def test_a_session_that_writes_reaches_its_own_tenant_only(installation: Installation) -> None:
    """What the API's code would never ask, asked on the connection it asks with."""
    engine = installation.api.engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security; there the query layer alone keeps tenants apart")
    user = UserDirectory(engine).keep_demo_user("acme", Role.ADMIN)
    writer = Writing(engine, VAULT).of(user)
    writer.ask_consent("http://127.0.0.1:1/callback", page="/settings")
    row = {"state_hash": "x", "browser_hash": "x", "subject": "x", "secret": "x", "expires_at": LONG_AGO}
    with writer._transaction() as database:
        assert database.scalar(text("select current_user")) == "churnboard_api"
        assert set(database.scalars(select(connection.c.tenant_id))) == {"acme"}
        assert set(database.scalars(select(oauth_state.c.tenant_id))) == {"acme"}
        foreign = connection.c.tenant_id == "beta"
        assert database.execute(update(connection).where(foreign).values(status="disconnected")).rowcount == 0
        for table in (user_table, invitation, api_key, audit):
            assert set(database.scalars(select(table.c.tenant_id))) <= {"acme"}
        theirs = user_table.c.tenant_id == "beta"
        assert database.execute(update(user_table).where(theirs).values(role="admin")).rowcount == 0
        assert database.execute(delete(user_table).where(theirs)).rowcount == 0
        for table, change in ((invitation, {"revoked_at": LONG_AGO}), (api_key, {"revoked_at": LONG_AGO})):
            assert database.execute(update(table).where(table.c.tenant_id == "beta").values(change)).rowcount == 0
        assert (
            database.execute(update(card_state).where(card_state.c.tenant_id == "beta").values(status="new")).rowcount
            == 0
        )
        for forbidden in (
            insert(oauth_state).values(tenant_id="beta", **row),
            update(connection).values(tenant_id="beta"),
            delete(connection),
            delete(card_event),
            update(card_event).values(status="new"),
            insert(card_event).values(tenant_id="beta", **EVENT),
            insert(card_state).values(tenant_id="beta", card_id="x", last_seq=1, status="new", **STATE),
            insert(saved_view).values(tenant_id="beta", view_id="x", **VIEW),
            insert(live_position).values(tenant_id="beta2", position=1),
            insert(notification).values(tenant_id="beta", notification_id="x", **TOLD),
            update(notification).values(recipient="x"),
            delete(notification),
            insert(notification_channel).values(tenant_id="beta2", **CHANNEL),
            update(notification_channel).values(tenant_id="beta"),
            insert(notification_preference).values(tenant_id="beta", subject="x", kind="card", **WISH),
            update(notification_delivery).values(status="sent"),
            select(notification_told),
            insert(card_alias).values(tenant_id="acme", alias_id="x", card_id="x"),
            select(webhook_event),
            insert(webhook_event).values(event_key="x", portal_id="1", subscription_type="x", object_type="x", raw={}),
            update(user_table).values(tenant_id="beta"),
            update(user_table).values(subject="x"),
            update(user_table).values(email="x"),
            insert(user_table).values(tenant_id="beta", subject="x", email="x", name="x", role="admin"),
            insert(invitation).values(tenant_id="beta", invitation_id="x", secret_hash="x", **INVITED),
            update(invitation).values(email="x"),
            update(invitation).values(role="admin"),
            delete(invitation),
            insert(api_key).values(tenant_id="beta", prefix="x", secret_hash="x", **KEY),
            update(api_key).values(secret_hash="x"),
            update(api_key).values(expires_at=None),
            delete(api_key),
            insert(audit).values(tenant_id="beta", audit_id="x", **ACT),
            update(audit).values(actor="x"),
            delete(audit),
            insert(PUBLISHED["sentiment_daily"]).values(tenant_id="acme", build_id="x", metric_on=LONG_AGO.date()),
        ):
            with pytest.raises(ProgrammingError), database.begin_nested():
                database.execute(forbidden)


def test_nothing_of_a_writing_session_stays_on_the_pooled_connection(installation: Installation) -> None:
    if installation.api.engine.dialect.name != "postgresql":
        pytest.skip("SQLite connections carry no tenant")
    engine = create_engine(installation.api.engine.url, pool_size=1, max_overflow=0)
    user = UserDirectory(engine).keep_demo_user("acme", Role.ADMIN)
    assert Writing(engine, VAULT).of(user).connection.connection() is not None
    with engine.connect() as bare:
        state = bare.execute(text("select current_user, coalesce(current_setting('app.tenant', true), '')")).one()
    engine.dispose()
    assert state[0] != "churnboard_api"
    assert state[1] == ""
