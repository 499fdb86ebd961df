"""Several processes with several threads on one portal whose limits are enforced, on both stores; one of them is killed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from core.warehouse import connect
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.errors import DailyLimitReached
from ingestion.hubspot.limiter import Limits
from ingestion.hubspot.limits.shared import open_limits
from ingestion.hubspot.limits.state import Budget
from ingestion.sandbox.limits import Limits as Enforced
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import TenantProfile, World

BURST, WINDOW = 40, 2.0
SECONDS = 4.5

_DUCKDB = "duckdb:///never-opened.duckdb"


@contextmanager
def enforcing_sandbox() -> Iterator[RunningSandbox]:
    world = World()
    world.add_portal(TenantProfile("acme", "Acme"))
    with running_sandbox(world, limits=Enforced(burst=BURST, burst_window_seconds=WINDOW)) as sandbox:
        yield sandbox


class Workers:
    """Processes that spend one portal's budget, started together."""

    def __init__(self, sandbox: RunningSandbox, warehouse_url: str, folder: Path, count: int) -> None:
        given = {
            "base_url": sandbox.base_url,
            "tenant": "acme",
            "token": sandbox.token("acme"),
            "warehouse_url": warehouse_url,
            "data_dir": str(folder),
            "limits": {"burst": BURST, "burst_seconds": WINDOW},
            "threads": 4,
            "search_threads": 2,
            "seconds": SECONDS,
        }
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.limits_worker", json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(count)
        ]

    def start(self) -> None:
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def counts(self) -> list[dict[str, Any]]:
        outputs = [process.communicate(timeout=60)[0] for process in self.processes]
        return [json.loads(output) for output in outputs if output]


def test_processes_share_the_budget_and_hubspot_never_says_no(warehouse_url: str, tmp_path: Path) -> None:
    with enforcing_sandbox() as sandbox:
        workers = Workers(sandbox, warehouse_url, tmp_path, 4)
        workers.start()
        time.sleep(WINDOW)
        workers.processes[0].kill()
        counts = workers.counts()
        seen = list(sandbox.seen)
    assert [one.status for one in seen if one.status == 429] == []
    assert len(counts) == 3
    assert all(one["sent"] > 0 and one["refused"] == 0 for one in counts)
    bursts = sum("/search" not in one.path for one in seen)
    searches = len(seen) - bursts
    # Three windows begin within the time; a killed holder may take some slots with it, a stalled machine a part of a window.
    assert bursts >= 2.5 * BURST
    assert searches >= 5 * (SECONDS - 2)


def test_a_used_up_day_stops_every_process_before_it_sends(warehouse_url: str, tmp_path: Path) -> None:
    with enforcing_sandbox() as sandbox:
        daily = JSONResponse({"policyName": "DAILY", "message": "You have reached your daily limit."}, 429)
        asked = []

        def refuse(_request: object) -> Response | None:
            asked.append(1)
            return daily

        sandbox.intercept(refuse)
        sentences = []
        for _ in range(3):
            with open_limits(connect(warehouse_url), tmp_path) as limits:
                limiter = limits.portal(sandbox.base_url, "acme")
                client = HubSpotClient(sandbox.base_url, "acme", SecretStr(sandbox.token("acme")), limiter=limiter)
                with client, pytest.raises(DailyLimitReached) as refused:
                    client.get("/crm/objects/2026-09/tickets", what="tickets")
                sentences.append(str(refused.value))
                assert refused.value.resume_at > datetime.now(UTC)
        assert len(asked) == 1
        assert len(set(sentences)) == 1

        sandbox.intercept(None)
        with open_limits(connect(warehouse_url), tmp_path) as limits:
            assert limits.clear("acme") == 1
            limiter = limits.portal(sandbox.base_url, "acme")
            with HubSpotClient(sandbox.base_url, "acme", SecretStr(sandbox.token("acme")), limiter=limiter) as client:
                client.get("/crm/objects/2026-09/tickets", what="tickets")


def test_the_last_call_of_a_day_is_the_last_one_sent(tmp_path: Path) -> None:
    world = World()
    world.add_portal(TenantProfile("acme", "Acme"))
    enforced = Enforced(daily=3)
    with running_sandbox(world, limits=enforced) as sandbox, open_limits(connect(_DUCKDB), tmp_path) as limits:
        limiter = limits.portal(sandbox.base_url, "acme")
        with HubSpotClient(sandbox.base_url, "acme", SecretStr(sandbox.token("acme")), limiter=limiter) as client:
            for _ in range(3):
                client.get("/crm/objects/2026-09/tickets", what="tickets")
            with pytest.raises(DailyLimitReached, match="no call remains"):
                client.get("/crm/objects/2026-09/tickets", what="tickets")
        assert [one.status for one in sandbox.seen] == [200] * 3


def test_a_store_is_shared_between_threads_too(warehouse_url: str, tmp_path: Path) -> None:
    with open_limits(connect(warehouse_url), tmp_path) as limits:
        limiters = [limits.portal("https://api.example", "acme", Limits(burst=500)) for _ in range(8)]

        def spend(number: int) -> None:
            with limiters[number % 8].take(Budget.BURST) as slot:
                slot.answered({})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(spend, range(200)))
        (standing,) = limits.standing()
    assert standing.budgets[Budget.BURST].used == 200
    assert standing.budgets[Budget.BURST].in_flight == 0
