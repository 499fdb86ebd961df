"""Every scripted fault over real HTTP: what a client gets, how often, and that it passes."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ingestion.sandbox.faults import BadScript, Fault, Kind, load_faults, read_faults
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal, World
from tests.support.portals import small_portal

LIST = "/crm/objects/2026-09/tickets"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(World()) as sandbox:
        small_portal(sandbox.world, "acme")
        small_portal(sandbox.world, "bolt")
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.faults.clear()


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Portal:
    return sandbox.world.portal("acme")


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token('acme')}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=10) as client:
        yield client


ANSWERS: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "rate_limit"}, 429, "TEN_SECONDLY_ROLLING"),
    ({"kind": "rate_limit", "policy": "SECONDLY"}, 429, "SECONDLY"),
    ({"kind": "rate_limit", "policy": "DAILY"}, 429, "DAILY"),
    ({"kind": "expired_token"}, 401, "EXPIRED_AUTHENTICATION"),
    ({"kind": "invalid_token"}, 401, "INVALID_AUTHENTICATION"),
    ({"kind": "missing_scope", "scope": "crm.objects.contacts.read"}, 403, "crm.objects.contacts.read"),
    ({"kind": "banned"}, 403, "BANNED"),
    ({"kind": "bad_request"}, 400, "VALIDATION_ERROR"),
    ({"kind": "url_too_long"}, 414, "<html>"),
    *(
        ({"kind": "status", "status": one}, one, "<html>")
        for one in (423, 477, 500, 502, 503, 504, *range(521, 527), 530)
    ),
]


@pytest.mark.parametrize(("fault", "status", "says"), ANSWERS, ids=str)
def test_a_refusal_comes_once_and_then_no_more(
    sandbox: RunningSandbox, http: httpx.Client, fault: dict[str, Any], status: int, says: str
) -> None:
    sandbox.faults.add(Fault(**fault))
    answer = http.get(LIST)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert http.get(LIST).status_code == 200
    assert sandbox.faults.fired() == 1


@pytest.mark.parametrize("given", ["7", "Wed, 25 Nov 2026 20:00:00 GMT"])
def test_a_refusal_says_when_to_come_back(sandbox: RunningSandbox, http: httpx.Client, given: str) -> None:
    sandbox.faults.add(
        Fault(kind=Kind.RATE_LIMIT, retry_after=given), Fault(kind=Kind.STATUS, status=477, retry_after=given)
    )
    assert [http.get(LIST).headers["retry-after"] for _ in range(2)] == [given, given]


def test_a_refusal_names_the_moment_to_come_back(sandbox: RunningSandbox, http: httpx.Client) -> None:
    before = datetime.now(UTC)
    sandbox.faults.add(
        *read_faults([{"kind": "rate_limit", "policy": "DAILY", "retry_after": 90, "is_retry_date": True}])
    )
    named = parsedate_to_datetime(http.get(LIST).headers["retry-after"])
    assert timedelta(seconds=88) <= named - before <= timedelta(seconds=100)


def test_answers_are_spoilt(sandbox: RunningSandbox, http: httpx.Client) -> None:
    whole = http.get(LIST)
    sandbox.faults.add(Fault(kind=Kind.TRUNCATED), Fault(kind=Kind.RESHAPED, after=1), Fault(kind=Kind.EMPTY, after=2))
    cut, odd, empty = (http.get(LIST) for _ in range(3))
    assert {one.status_code for one in (cut, odd, empty)} == {200}
    assert whole.text.startswith(cut.text[:100])
    assert len(cut.content) < len(whole.content)
    assert odd.json()["total"] == "many"
    assert empty.content == b""


def test_a_batch_is_answered_in_part(sandbox: RunningSandbox, http: httpx.Client, portal: Portal) -> None:
    ids = portal.ids("tickets")[:3]
    inputs = {"inputs": [{"id": one} for one in ids]}
    sandbox.faults.add(Fault(kind=Kind.PARTIAL, path="batch/read", record_ids=(ids[1],), times=None))
    records = http.post(f"{LIST}/batch/read", json=inputs)
    links = http.post("/crm/associations/2026-09/tickets/companies/batch/read", json=inputs)
    assert (records.status_code, links.status_code) == (207, 207)
    assert [one["id"] for one in records.json()["results"]] == [ids[0], ids[2]]
    assert [one["from"]["id"] for one in links.json()["results"]] == [ids[0], ids[2]]
    assert {one["category"] for one in links.json()["errors"]} == {"INTERNAL_ERROR"}
    others = http.post(f"{LIST}/batch/read", json={"inputs": [{"id": ids[0]}]})
    assert others.status_code == 200, "a batch without that id is not touched"


def test_one_bad_id_is_refused_with_its_batch_only(sandbox: RunningSandbox, http: httpx.Client, portal: Portal) -> None:
    bad, good = portal.ids("tickets")[:2]
    sandbox.faults.add(Fault(kind=Kind.BAD_REQUEST, record_id=bad, times=None))
    both, alone = (
        http.post(f"{LIST}/batch/read", json={"inputs": [{"id": one} for one in ids]}) for ids in ([bad, good], [good])
    )
    assert (both.status_code, alone.status_code) == (400, 200)


def test_a_batch_loses_its_last_input_even_where_there_was_nothing(
    sandbox: RunningSandbox, http: httpx.Client, portal: Portal
) -> None:
    linked, lonely = portal.ids("tickets")[0], portal.upsert("tickets", {"subject": "lonely"})
    links = "/crm/associations/2026-09/tickets/companies/batch/read"
    inputs = {"inputs": [{"id": linked}, {"id": lonely}]}
    told = http.post(links, json=inputs).json()["errors"]
    assert [one["context"]["fromObjectId"] for one in told] == [[lonely]]
    sandbox.faults.add(Fault(kind=Kind.PARTIAL))
    answer = http.post(links, json=inputs).json()
    assert [one["from"]["id"] for one in answer["results"]] == [linked]
    assert [(one["category"], one["context"]) for one in answer["errors"]] == [("INTERNAL_ERROR", {"ids": [lonely]})]


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.RESET_BODY])
def test_the_connection_is_reset(sandbox: RunningSandbox, http: httpx.Client, kind: Kind) -> None:
    sandbox.faults.add(Fault(kind=kind))
    with pytest.raises(httpx.ReadError) as broken:
        http.get(LIST)
    assert "reset by peer" in str(broken.value)
    assert http.get(LIST).status_code == 200


def test_the_answer_had_begun_when_the_connection_was_reset(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.faults.add(Fault(kind=Kind.RESET_BODY))
    with http.stream("GET", LIST) as answer:
        assert (answer.status_code, int(answer.headers["content-length"]) > 0) == (200, True)
        with pytest.raises(httpx.ReadError):
            answer.read()


def test_the_connection_is_closed_without_an_answer(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.faults.add(Fault(kind=Kind.HANG_UP))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        http.get(LIST)
    assert http.get(LIST).status_code == 200


def test_a_token_expires_between_two_pages(sandbox: RunningSandbox, http: httpx.Client, portal: Portal) -> None:
    sandbox.faults.add(Fault(kind=Kind.EXPIRED_TOKEN, path="/tickets$", after=1))
    first = http.get(LIST, params={"limit": 1})
    following = {"limit": 1, "after": first.json()["paging"]["next"]["after"]}
    refused, again = (http.get(LIST, params=following) for _ in range(2))
    assert (first.status_code, refused.status_code, again.status_code) == (200, 401, 200)
    assert again.json()["results"][0]["id"] == portal.ids("tickets")[1]


def test_only_those_with_a_token_are_told_that_it_is_over(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.faults.add(Fault(kind=Kind.EXPIRED_TOKEN))
    unknown = http.post("/oauth/2026-09/token", data={"grant_type": "refresh_token"}, headers={"Authorization": ""})
    assert unknown.status_code == 400
    assert sandbox.faults.listed()[0].met == 0
    assert http.get(LIST).status_code == 401


def test_searches_meet_a_nearer_wall(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.faults.add(Fault(kind=Kind.SEARCH_WALL, wall=5, times=None))
    inside, beyond = (http.post(f"{LIST}/search", json={"limit": limit}).status_code for limit in (5, 6))
    assert (inside, beyond, http.get(LIST, params={"limit": 6}).status_code) == (200, 400, 200)
    sandbox.faults.clear(Kind.SEARCH_WALL)
    assert http.post(f"{LIST}/search", json={"limit": 6}).status_code == 200


def test_search_does_not_know_yet_what_lists_have(sandbox: RunningSandbox, http: httpx.Client, portal: Portal) -> None:
    def found() -> tuple[bool, bool]:
        everything = {
            "filterGroups": [{"filters": [{"propertyName": "subject", "operator": "EQ", "value": "brand new"}]}]
        }
        searched = http.post(f"{LIST}/search", json=everything).json()["results"]
        listed = http.get(LIST, params={"limit": 100}).json()["results"]
        return new in [one["id"] for one in searched], new in [one["id"] for one in listed]

    sandbox.faults.add(Fault(kind=Kind.INDEX_LAG, seconds=0.6, portal="acme"))
    new = portal.upsert("tickets", {"subject": "brand new"})
    assert found() == (False, True)
    time.sleep(0.65)
    assert found() == (True, True)
    assert sandbox.faults.fired(Kind.INDEX_LAG) == 1, "a change is what it acts on, not a request"
    new = portal.upsert("tickets", {"subject": "brand new"})
    assert found() == (True, True)


@pytest.mark.parametrize("kind", [Kind.LATENCY, Kind.SLOW_BODY])
def test_time_passes(sandbox: RunningSandbox, http: httpx.Client, kind: Kind) -> None:
    sandbox.faults.add(Fault(kind=kind, seconds=0.3))
    started = time.monotonic()
    assert http.get(LIST).json()["results"]
    assert time.monotonic() - started >= 0.25


def test_faults_act_together_and_only_on_what_they_name(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.faults.add(
        Fault(kind=Kind.LATENCY, seconds=0.2, method="POST", times=None),
        Fault(kind=Kind.STATUS, status=502, path="/search$", after=1, times=2),
        Fault(kind=Kind.BANNED, portal="bolt", times=None),
    )
    started = time.monotonic()
    searched = [http.post(f"{LIST}/search", json={}).status_code for _ in range(4)]
    assert searched == [200, 502, 502, 200]
    assert time.monotonic() - started >= 0.8
    assert http.get(LIST).status_code == 200
    bolt = {"Authorization": f"Bearer {sandbox.token('bolt')}"}
    assert http.get(LIST, headers=bolt).status_code == 403


def test_a_running_sandbox_is_scripted_over_http(sandbox: RunningSandbox, http: httpx.Client) -> None:
    script = [{"kind": "status", "status": 503, "times": None}]
    assert http.post("/_sandbox/faults", json=script).json()["faults"] == [script[0] | {"met": 0, "fired": 0}]
    assert http.get(LIST).status_code == 503
    assert http.get("/_sandbox/faults").json()["faults"][0]["fired"] == 1
    assert len(http.delete("/_sandbox/faults", params={"kind": "reset"}).json()["faults"]) == 1
    assert http.delete("/_sandbox/faults").json() == {"faults": []}
    assert http.get(LIST).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "locusts"},
        {"kind": "status", "path": "("},
        {"kind": "rate_limit", "retry_after": "soon", "is_retry_date": True},
        {"kind": "reset", "tomorrow": True},
    ],
    ids=str,
)
def test_what_is_no_fault_is_refused_with_a_sentence(http: httpx.Client, wrong: dict[str, Any]) -> None:
    refused = http.post("/_sandbox/faults", json=[wrong])
    assert refused.status_code == 400
    assert "docs/sandbox.md" in refused.json()["message"]
    assert http.delete("/_sandbox/faults", params={"kind": "locusts"}).status_code == 400


def test_a_script_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bad-day.yaml"
    file.write_text(
        "- kind: rate_limit\n  policy: DAILY\n  retry_after: 30\n  after: 3\n- {kind: reset, path: /search$}\n"
    )
    assert load_faults(file) == [
        Fault(kind=Kind.RATE_LIMIT, policy="DAILY", retry_after="30", after=3),
        Fault(kind=Kind.RESET, path="/search$"),
    ]
    with pytest.raises(BadScript, match="is not a YAML file"):
        load_faults(tmp_path / "missing.yaml")


def test_every_kind_has_an_example_in_the_docs_that_can_be_used() -> None:
    page = (Path(__file__).parents[4] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    examples = read_faults([yaml.safe_load(one) for one in re.findall(r"`(\{kind: .*?\})`", page)])
    assert {one.kind for one in examples} == set(Kind)
