"""One error body, whatever goes wrong and wherever.

The body is `{"error": "ClassName", "detail": "A sentence."}`, nothing more and nothing less.
"""

import re
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text
from structlog.testing import LogCapture

from core.errors import Terminal, Transient
from serve.errors import Conflict, NotFound, Unavailable, status_of
from serve.openapi import openapi_document
from serve.tenancy import TenantSession
from tests.support.api import Api, running_api
from tests.support.published import add_tenant


def assert_error(answer: httpx.Response, status: int, error: str) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "detail"}
    assert body["error"] == error
    assert body["detail"][0].isupper()
    assert body["detail"].endswith(".")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"]
    return str(body["detail"])


BAD_INPUT = [
    "limit=0",
    "limit=201",
    "limit=x",
    "limit=9999999999999999999999",
    "sort=nothing",
    "stauts=new",
    "q=" + "x" * 201,
    "q=%00",
    "q=a%00b",
    "cursor=" + "x" * 2001,
]


@pytest.mark.parametrize("query", [*BAD_INPUT, "status=done", "trigger=x", "severity=x", "active=perhaps", "owner=%00"])
def test_bad_input_to_cards(api: Api, query: str) -> None:
    detail = assert_error(api.get(f"/cards?{query}", "acme"), 422, "InvalidRequest")
    assert f"query.{query.partition('=')[0]}" in detail


@pytest.mark.parametrize("query", [*BAD_INPUT, "trigger=x", "status=new"])
def test_bad_input_to_companies(api: Api, query: str) -> None:
    assert_error(api.get(f"/companies?{query}", "acme"), 422, "InvalidRequest")


@pytest.mark.parametrize("query", ["from=x", "to=2026-13-01", "topic=%00", "topic=" + "x" * 201, "days=3"])
@pytest.mark.parametrize("series", ["topics", "sentiment"])
def test_bad_input_to_series(api: Api, series: str, query: str) -> None:
    assert_error(api.get(f"/metrics/{series}?{query}", "acme"), 422, "InvalidRequest")


@pytest.mark.parametrize("path", ["/cards/%00", "/cards/" + "x" * 201, "/companies/%00"])
def test_an_id_that_cannot_be_one(api: Api, path: str) -> None:
    assert_error(api.get(path, "acme"), 422, "InvalidRequest")


@pytest.mark.parametrize("path", ["/cards/%F0%28%8C%28", "/cards/..%2f..%2fetc", "/companies/'--", "/cards/💥"])
def test_an_id_nothing_has(api: Api, path: str) -> None:
    assert api.get(path, "acme").status_code == 404


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/cards/", "/cards/a/b", "/auth", "/openapi.yaml"])
def test_unknown_addresses(api: Api, path: str) -> None:
    assert_error(api.client.get(f"/api/v1{path}"), 404, "NotFound")
    assert_error(api.client.post(f"/api/v1{path}"), 404, "NotFound")


def test_unknown_versions(api: Api) -> None:
    for path in ("/api", "/api/", "/api/v2/cards"):
        assert_error(api.client.get(path), 404, "NotFound")


def test_wrong_methods_say_which_are_right(api: Api) -> None:
    paths = openapi_document()["paths"]
    for path in paths:
        asked = re.sub("{[a-z_]+}", "x", path)
        # `counts` is also what a card could be called.
        alike = [one for one in paths if re.fullmatch(re.sub("{[a-z_]+}", "[^/]+", one), asked)]
        for method in {"get", "post", "put", "patch", "delete"} - {method for one in alike for method in paths[one]}:
            answer = api.client.request(method, asked)
            assert_error(answer, 405, "MethodNotAllowed")
            assert answer.headers["Allow"]
    assert_error(api.client.put("/board"), 405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "error"),
    [
        (b"", "application/json", 422, "InvalidRequest"),
        (b"{", "application/json", 422, "InvalidRequest"),
        (b"\xff", "application/json", 400, "BadRequest"),
        (b"[]", "application/json", 422, "InvalidRequest"),
        (b'{"tenant": "acme"}', "application/json", 422, "InvalidRequest"),
        (b'{"tenant": "acme", "role": "owner"}', "application/json", 422, "InvalidRequest"),
        (b'{"tenant": "acme", "role": "viewer", "x": 1}', "application/json", 422, "InvalidRequest"),
        (b'{"tenant": 7, "role": "viewer"}', "application/json", 422, "InvalidRequest"),
        (b'{"tenant": "\\ud800", "role": "viewer"}', "application/json", 422, "InvalidRequest"),
        (b'{"tenant": "a\\u0000", "role": "viewer"}', "application/json", 404, "TenantNotFound"),
        (b'{"tenant": "nobody", "role": "viewer"}', "application/json", 404, "TenantNotFound"),
        (b'{"tenant": "acme", "role": "viewer"}', "text/plain", 422, "InvalidRequest"),
        (b"tenant=acme&role=viewer", "application/x-www-form-urlencoded", 422, "InvalidRequest"),
        (b" " * 20_000, "application/json", 413, "BodyTooLarge"),
    ],
)
def test_bad_bodies(api: Api, body: bytes, content_type: str, status: int, error: str) -> None:
    answer = api.client.post("/api/v1/auth/demo", content=body, headers={"Content-Type": content_type})
    assert_error(answer, status, error)


def test_a_body_without_end_is_cut_off(api: Api) -> None:
    chunks = (b" " * 1000 for _ in range(50))
    answer = api.client.post("/api/v1/auth/demo", content=chunks, headers={"Content-Type": "application/json"})
    assert_error(answer, 413, "BodyTooLarge")


def test_our_own_failure_tells_nothing_but_the_request_id(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: TenantSession) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr(TenantSession, "tenant", fail)
    detail = assert_error(api.get("/me", "acme", headers={"X-Request-Id": "req-1"}), 500, "InternalError")
    assert "req-1" in detail
    assert "secret" not in detail


def test_errors_of_other_rooms_are_not_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class PortalTaken(Terminal):
        """As in core: its sentence names another tenant."""

    def fail(self: TenantSession) -> None:
        raise PortalTaken("Portal 7 belongs to tenant beta.")

    monkeypatch.setattr(TenantSession, "tenant", fail)
    assert "beta" not in assert_error(api.get("/me", "acme"), 500, "InternalError")


def test_a_database_that_goes_away_is_transient(app_database: Engine, tmp_path: Path) -> None:
    add_tenant(app_database, "acme")
    with running_api(app_database, tmp_path) as api:
        assert api.get("/me", "acme").status_code == 200
        with app_database.begin() as connection:
            # Names are all it takes: on both engines a missing table is an operational failure of this process.
            connection.execute(text('alter table "user" rename to elsewhere'))
        answer = api.get("/me", "acme")
        expected = (503, "DatabaseUnavailable") if app_database.dialect.name == "sqlite" else (500, "InternalError")
        assert_error(answer, *expected)


def test_the_status_follows_the_class() -> None:
    class Lost(NotFound):
        pass

    assert [status_of(kind) for kind in (Lost, Conflict, Unavailable, Terminal, Transient)] == [404, 409, 503, 500, 500]


def test_a_request_leaves_one_line_without_its_query(api: Api, logs: LogCapture) -> None:
    logs.entries.clear()
    api.get("/cards?q=Northwind", "acme", headers={"X-Request-Id": "req-2"})
    [line] = [entry for entry in logs.entries if entry["event"] == "serve.request"]
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "serve.request",
        "log_level": "info",
        "method": "GET",
        "path": "/api/v1/cards",
        "status": 200,
        "tenant": "acme",
        "request_id": "req-2",
    }


@pytest.mark.parametrize("given", ["req-1", "A" * 64])
def test_a_request_id_comes_back(api: Api, given: str) -> None:
    assert api.client.get("/api/v1/health", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "a b", "a\tb", "<script>"])
def test_a_request_id_that_is_none_is_replaced(api: Api, given: str) -> None:
    returned = api.client.get("/api/v1/health", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert len(returned) == 32
    assert returned != given


def test_every_answer_carries_the_security_headers(api: Api) -> None:
    for path in ("/api/v1/health", "/api/v1/cards", "/nothing"):
        headers = api.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
