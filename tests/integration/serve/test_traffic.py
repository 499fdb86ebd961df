"""What is done with requests whatever they ask for: limits, pages of other origins, and what is counted."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.appdb import open_app_database
from core.appdb.engine import writing
from core.appdb.tasks import TaskBook
from core.settings import UnsafeSettings
from core.vocabulary import Role, TaskKind
from serve.app import create_app
from tests.support.api import Api, local_settings, running_api
from tests.support.published import add_tenant, publish_sample

ORIGIN = "https://bi.example"
TOKEN = "seen-by-prometheus"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    settings = local_settings(
        tmp_path, api_requests_per_minute=5, api_cors_origins=f"{ORIGIN}/, https://other.example", metrics_token=TOKEN
    )
    with running_api(engine, tmp_path, settings=settings) as api:
        yield api
    engine.dispose()


def measured(api: Api) -> dict[str, float]:
    answer = api.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def refused(answer: httpx.Response) -> bool:
    if answer.status_code != 429:
        return False
    assert answer.json()["error"] == "TooManyRequests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-Request-Id"]
    return True


def test_a_token_is_let_in_so_often_a_minute_and_another_token_still_is(api: Api) -> None:
    answers = [api.get("/me", "acme") for _ in range(7)]
    assert [refused(answer) for answer in answers] == [False] * 5 + [True] * 2
    other = {"Authorization": f"Bearer {api.token('acme', Role.ADMIN)}"}
    assert api.client.get("/api/v1/me", headers=other).status_code == 200


def test_made_up_tokens_do_not_get_an_address_further(api: Api) -> None:
    answers = [api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {number}"}) for number in range(55)]
    assert [refused(answer) for answer in answers] == [False] * 50 + [True] * 5


def test_the_boards_own_files_are_not_counted(api: Api) -> None:
    assert {api.client.get("/").status_code for _ in range(60)} != {429}
    assert not refused(api.get("/me", "acme"))


def test_only_pages_of_named_origins_may_call(api: Api) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None)):
        answer = api.get("/me", "acme", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = api.client.options("/api/v1/cards", headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_what_is_refused_can_be_read_by_a_page_of_another_origin(api: Api) -> None:
    answers = [api.get("/me", "acme", headers={"Origin": ORIGIN}) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["*", "bi.example", "https://bi.example/page", "ftp://bi.example"])
def test_what_is_no_origin_is_no_setting(tmp_path: Path, origin: str) -> None:
    with pytest.raises(UnsafeSettings, match="API_CORS_ORIGINS"):
        create_app(local_settings(tmp_path, api_cors_origins=origin))


def test_requests_are_counted_by_operation_and_never_by_whom_or_what(api: Api) -> None:
    api.get("/cards/some-card", "acme")
    api.get("/cards/another-card", "acme")
    api.client.get("/somewhere/else")
    found = measured(api)
    assert found['churnboard_http_requests_total{operation="get_card",status="404"}'] == 2
    assert found['churnboard_http_request_seconds_count{operation="get_card"}'] == 2
    assert found['churnboard_http_request_seconds_count{operation="board_files"}'] == 1
    assert found["churnboard_http_requests_in_progress"] == 1, "this very one"
    assert not [name for name in found if "acme" in name or "some-card" in name or "somewhere" in name]


def test_it_shows_when_nobody_does_what_was_asked_for(api: Api) -> None:
    assert measured(api)["churnboard_tasks_waiting"] == 0
    TaskBook("acme", lambda: writing(api.engine)).ask(TaskKind.BACKTEST, {}, asked_by="ada")
    found = measured(api)
    assert found["churnboard_tasks_waiting"] == 1
    assert 0 <= found["churnboard_oldest_waiting_task_seconds"] < 60


@pytest.mark.parametrize("sent", [None, "Bearer wrong", TOKEN, f"Basic {TOKEN}"])
def test_whoever_does_not_know_the_token_finds_nothing(api: Api, sent: str | None) -> None:
    answer = api.client.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert (answer.status_code, answer.json()["error"]) == (404, "NotFound")
