"""Webhooks at full rate into a real API process: how long HubSpot waits for an answer (it gives up after five seconds).

`python -m benchmarks.webhooks [--rate 500] [--seconds 20] [--array 100]`: signed deliveries over HTTP, ten at a time as HubSpot
sends them, against SQLite and, with `TEST_POSTGRES_URL`, Postgres. Wanted: every answer 2xx and under a second.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from core.appdb import open_app_database
from core.appdb.webhooks import WebhookInbox
from ingestion.sandbox.webhooks import signed
from orchestration.demo.processes import server, wait_for_url
from orchestration.demo.run import free_port
from tests.support.databases import throw_away_database

SECRET, PUBLIC, PATH = "benchmark", "https://churn.example.com", "/api/v1/webhooks/hubspot"
AT_ONCE = 10
"""HubSpot's own concurrency per account."""


def main() -> int:
    """Measure what was asked for; 1 where an answer was not good enough."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhooks", description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--array", type=int, default=100, help="events in one delivery, 100 at most")
    given = parser.parse_args()
    is_good = True
    with tempfile.TemporaryDirectory() as folder:
        is_good &= measured("SQLite", f"sqlite:///{Path(folder) / 'app.db'}", Path(folder), given)
    if os.environ.get("TEST_POSTGRES_URL"):
        with tempfile.TemporaryDirectory() as folder, throw_away_database() as url:
            is_good &= measured("Postgres", url, Path(folder), given)
    return 0 if is_good else 1


def measured(name: str, url: str, folder: Path, given: argparse.Namespace) -> bool:
    """Print a line about one engine; whether it was good enough."""
    with serving(url, folder) as api, httpx.Client(base_url=api, timeout=30) as client:
        count = given.rate * given.seconds // given.array
        started = time.perf_counter()

        def send(number: int) -> tuple[int, float]:
            body = json.dumps([event(number * given.array + one) for one in range(given.array)]).encode()
            due = started + number * given.array / given.rate
            time.sleep(max(0.0, due - time.perf_counter()))
            asked = time.perf_counter()
            headers = signed(SECRET, PUBLIC + PATH, body, at=datetime.now(UTC))
            return client.post(PATH, content=body, headers=headers).status_code, time.perf_counter() - asked

        with ThreadPoolExecutor(AT_ONCE) as senders:
            answers = list(senders.map(send, range(count)))
        took = time.perf_counter() - started
    engine = open_app_database(url)
    held = sum(one.received_count for one in WebhookInbox(engine).portals())
    engine.dispose()
    refused = sum(1 for status, _ in answers if status != 200)
    waits = sorted(wait for _, wait in answers)
    print(
        f"{name:8} {count * given.array / took:,.0f} events/s in arrays of {given.array}, {refused} of {count} refused, "
        f"{held:,} held; answers in {statistics.median(waits) * 1000:.0f} ms (median), "
        f"{waits[int(len(waits) * 0.99)] * 1000:.0f} ms (99 %), {waits[-1] * 1000:.0f} ms (slowest)"
    )
    return not refused and waits[-1] < 1.0 and held == count * given.array


def event(number: int) -> dict[str, object]:
    """An event like HubSpot's most frequent one."""
    return {
        "eventId": number,
        "subscriptionId": 1,
        "portalId": 48_100_001,
        "appId": 1,
        "occurredAt": 1_780_000_000_000 + number,
        "subscriptionType": "ticket.propertyChange",
        "attemptNumber": 0,
        "objectId": 10_000_000_000 + number % 5_000,
        "changeSource": "CRM_UI",
        "propertyName": "hs_pipeline_stage",
        "propertyValue": "4",
    }


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """The real API in a process of its own."""
    port = free_port()
    root, log = f"http://127.0.0.1:{port}", folder / "serve.log"
    given = {
        "DATA_DIR": str(folder),
        "APP_DATABASE_URL": url,
        "API_PORT": str(port),
        "API_PUBLIC_URL": PUBLIC,
        "HUBSPOT_CLIENT_SECRET": SECRET,
        "LOG_LEVEL": "WARNING",
    }
    with server(["serve"], environment=given, log=log) as process:
        wait_for_url(process, f"{root}/api/v1/ready", log)
        yield root


if __name__ == "__main__":
    sys.exit(main())
