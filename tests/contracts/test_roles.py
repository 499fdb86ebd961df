"""Which role an operation needs stands in the description of the API, and is what happens, for every operation there is.

A new operation is in the walk the day it is added; one that asks for no role fails until it is listed here, with the reason.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.appdb import open_app_database
from core.vocabulary import Role
from serve.auth.issuer import open_local_issuer
from serve.openapi import openapi_document
from tests.support.api import AUDIENCE, Api, rsa_key, running_api, signed
from tests.support.published import add_tenant, publish_sample

OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
]
ANYBODY = {
    *("get_health", "get_ready"),  # for whoever watches the process
    # how one signs in, before one has; the demo exists in a local installation only
    *("get_sign_in", "sign_in_with_code", "list_demo_users", "sign_in_demo_user", "sign_in_demo_person", "get_jwks"),
    "look_at_invitation",  # the secret proves enough for what it tells
    "finish_hubspot",  # a one-time state and a cookie say who comes back
    "receive_hubspot_events",  # HubSpot signs what it sends
    "get_receipt",  # its id, which nobody can guess: the users are gone with the tenant
}
SIGNED_IN = {"accept_invitation"}
"""Whoever accepts has no access before."""

RANK = [role.value for role in Role]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("roles")
    engine = open_app_database(f"sqlite:///{folder / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    with running_api(engine, folder) as api:
        yield api
    engine.dispose()


def key_of_the_issuer(api: Api) -> str:
    return str(open_local_issuer(api.data_dir, audience=AUDIENCE).jwks()["keys"][0]["kid"])


def ask(api: Api, method: str, path: str, token: str | None) -> httpx.Response:
    where = re.sub(r"\{\w+\}", "x", path)
    return api.client.request(
        method, where, headers={"Authorization": f"Bearer {token}"} if token else {}, follow_redirects=False
    )


def streams(operation: dict[str, Any]) -> bool:
    """Whether the answer does not end, so that nobody can wait for it here."""
    return any("text/event-stream" in response.get("content", {}) for response in operation["responses"].values())


def test_every_operation_says_what_it_asks_for() -> None:
    said = {operation["operationId"]: operation.get("x-required-role") for _, _, operation in OPERATIONS}
    assert {name for name, role in said.items() if role == "anybody"} == ANYBODY
    assert {name for name, role in said.items() if role == "signed_in"} == SIGNED_IN
    assert {role for name, role in said.items() if name not in ANYBODY | SIGNED_IN} <= set(RANK)
    assert {name: said[name] for name in ("list_cards", "act_on_card", "invite")} == {
        "list_cards": "viewer",
        "act_on_card": "member",
        "invite": "admin",
    }
    for _, _, operation in OPERATIONS:
        assert ("security" in operation) == (operation["x-required-role"] != "anybody"), operation["operationId"]


PROVES_NOTHING: dict[str, tuple[str, Callable[[Api], str | None]]] = {
    "none": ("MissingToken", lambda _api: None),
    "expired": (
        "TokenExpired",
        lambda api: signed(rsa_key("issuer"), key_of_the_issuer(api), iat=LONG_AGO, exp=LONG_AGO + timedelta(hours=1)),
    ),
    "forged": ("InvalidToken", lambda api: signed(rsa_key("forger"), key_of_the_issuer(api))),
    "foreign issuer": (
        "ForeignToken",
        lambda api: signed(rsa_key("issuer"), key_of_the_issuer(api), iss="https://x.example"),
    ),
    "an API key of nobody": ("InvalidKey", lambda _api: f"cb_{'a' * 12}_{'b' * 43}"),
}


@pytest.mark.parametrize("case", PROVES_NOTHING)
def test_who_proves_nothing_is_refused_everywhere(api: Api, case: str) -> None:
    error, token = PROVES_NOTHING[case]
    for method, path, operation in OPERATIONS:
        role = operation["x-required-role"]
        if role != "anybody":
            answer = ask(api, method, path, token(api))
            is_key_where_none_will_do = role == "signed_in" and error == "InvalidKey"
            expected = "InvalidToken" if is_key_where_none_will_do else error
            assert (answer.status_code, answer.json()["error"]) == (401, expected), (method, path)


@pytest.mark.parametrize("mine", [*RANK, "API key"])
def test_the_role_that_is_said_is_the_one_that_is_asked_for(api: Api, mine: str) -> None:
    if mine == "API key":
        headers = {"Authorization": f"Bearer {api.token('acme', Role.ADMIN)}"}
        token = api.client.post("/api/v1/api-keys", json={"name": "walk"}, headers=headers).json()["key"]
    else:
        token = api.token("acme", Role(mine))
    rank = 0 if mine == "API key" else RANK.index(mine)
    for method, path, operation in OPERATIONS:
        role = operation["x-required-role"]
        if role not in RANK:
            continue
        if mine == "API key" and method != "GET":
            refusal: str | None = "KeyReadsOnly"
        else:
            refusal = "RoleTooLow" if rank < RANK.index(role) else None
        if refusal is None and streams(operation):
            continue
        answer = ask(api, method, path, token)
        if refusal:
            assert (answer.status_code, answer.json()["error"]) == (403, refusal), (method, path)
        else:
            assert answer.status_code not in {401, 403, 500}, (method, path, answer.text)
