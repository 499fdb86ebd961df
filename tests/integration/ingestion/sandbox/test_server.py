"""Running the sandbox: from the command line until interrupted, in a thread for tests, and never with the truth."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.server import SandboxCannotListen, running_sandbox
from ingestion.sandbox.tickets_file import load_tickets_file
from ingestion.sandbox.world import World

ROOT = Path(__file__).parents[4]


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A sandbox in a process of its own, and the address it says it listens on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestion.sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    pytest.fail("the sandbox ended without saying where it listens")


def test_it_serves_until_interrupted_and_ends_cleanly(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    process, base_url = start("--count", "30", "--tenants", "1", "--truth", str(truth))
    try:
        path, headers = "/crm/objects/2026-09/tickets?limit=100", {"Authorization": "Bearer sandbox-lumenbrook"}
        answer = httpx.get(base_url + path, headers=headers)
        assert len(answer.json()["results"]) == 30
        assert "X-HubSpot-RateLimit-Max" in answer.headers
    finally:
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (0, "")
    assert "Traceback" not in stderr
    assert len(orjson.loads(truth.read_bytes())["tickets"]) == 30


def test_it_serves_a_file_of_tickets(tmp_path: Path) -> None:
    path = tmp_path / "desk.jsonl"
    path.write_text('{"id": "1", "created_at": "2026-01-01", "company": "A", "content": "Hi", "label_topic": "T"}\n')
    process, base_url = start("--tickets", str(path), "--no-limits")
    try:
        answer = httpx.get(f"{base_url}/crm/v3/objects/tickets", headers={"Authorization": "Bearer sandbox-desk"})
        assert answer.json()["results"][0]["properties"]["content"] == "Hi"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxCannotListen, match=f"127.0.0.1:{port}"), running_sandbox(World(), port=port):
            pytest.fail("it listened")


def all_text(base_url: str, token: str) -> str:
    """Everything a token can read."""
    found: list[Any] = []
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}) as client:
        for kind in ("tickets", "companies", "contacts"):
            names = [one["name"] for one in client.get(f"/crm/properties/2026-09/{kind}").json()["results"]]
            parameters = {"properties": ",".join(names), "limit": 100, "associations": "companies,contacts,tickets"}
            after: str | None = "0"
            while after:
                body = client.get(f"/crm/objects/2026-09/{kind}", params=parameters | {"after": after}).json()
                found.append(body["results"])
                after = body.get("paging", {}).get("next", {}).get("after")
            found.append(client.get(f"/crm/properties/2026-09/{kind}").json())
        found += [client.get(path).json() for path in ("/crm/pipelines/2026-09/tickets", "/crm/owners/2026-09")]
    return orjson.dumps(found).decode()


def test_the_truth_is_never_served() -> None:
    world = generate_world(tenants=1, tickets=200)
    with running_sandbox(world) as sandbox:
        text = all_text(sandbox.base_url, sandbox.token("lumenbrook"))
    assert '"content"' in text
    for word in ("significant_support", "silently_struggling", "very_negative", "churn_intent", '"sentiment"'):
        assert word not in text
    assert not any(one.reason in text for one in world.truth)


def test_labels_of_a_file_are_never_served(tmp_path: Path) -> None:
    path = tmp_path / "desk.jsonl"
    line = {
        "id": "source-77", "created_at": "2026-01-01", "company": "A", "contact": "B", "content": "Hi",
        "label_sentiment": "very_negative", "label_topic": "Gardening", "label_churn_intent": "explicit",
    }  # fmt: skip
    path.write_bytes(orjson.dumps(line))
    with running_sandbox(load_tickets_file(path)) as sandbox:
        text = all_text(sandbox.base_url, sandbox.token("desk"))
    assert "Hi" in text
    assert not any(word in text for word in ("very_negative", "Gardening", "explicit", "source-77"))


def test_a_million_tickets_are_served_from_the_first_second() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    size = ["--bulk", "1000000", "--companies", "20000", "--contacts", "30000"]
    command = [sys.executable, "-m", "churnboard", "sandbox", "--port", str(port), *size]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    objects, links = "/crm/objects/2026-09", "/crm/associations/2026-09/tickets/contacts/batch/read"
    headers = {"Authorization": "Bearer sandbox-bulk"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as api:
            wait_for(api, process)
            total = api.post(f"{objects}/tickets/search", json={"sorts": ["hs_object_id"], "limit": 1}).json()["total"]
            middle = str(30_115_207_000 + 17 * 500_000)
            page = api.get(f"{objects}/tickets", params={"limit": 100, "after": middle}).json()
            ids = [one["id"] for one in page["results"]]
            batch = api.post(f"{objects}/tickets/batch/read", json={"inputs": [{"id": one} for one in ids]}).json()
            linked = api.post(links, json={"inputs": [{"id": one} for one in ids]}).json()
        memory = psutil.Process(process.pid).memory_info().rss
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    assert total == 1_000_000
    assert (ids[0], len(ids), page["paging"]["next"]["after"]) == (middle, 100, str(int(middle) + 1_700))
    assert [one["id"] for one in batch["results"]] == ids
    assert [one["from"]["id"] for one in linked["results"]] == ids
    assert memory < 250 * 2**20


def wait_for(api: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    """Until the process answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            api.get("/account-info/2026-09/details")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the sandbox does not answer")
