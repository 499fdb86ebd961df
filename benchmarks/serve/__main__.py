"""The board under load, beside a bare FastAPI application that says hello, in one run.

`python -m benchmarks.serve [--tenants 200] [--tickets 5000] [--cards 150] [--seconds 10] [--connections 16]`, against SQLite and,
with `TEST_POSTGRES_URL`, Postgres; needs `wrk` (Debian's package). All applications run under the same server, each in a process of
its own; every request of the board comes with the token of another tenant, and the rate limit counts. Three rows besides hello:

* `cached`: the client has the page of 50 cards and asks with its ETag: 304.
* `uncached`: the client has nothing, and is sent the page; the server has answered it since anything last changed.
* `cold`: the same where the server keeps nothing (`API_KEPT_ANSWERS_MB=0`): each page is read and written anew.

Wanted: at least half of hello's rate cached, a fifth uncached. The tickets are rows of `published_tickets`,
`published_topic_tickets` and `published_ticket_readings`: made for one tenant, and copied within the database for the others.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import mean

import httpx
import psutil
from sqlalchemy import Engine, insert, literal, select

from core.appdb import open_app_database
from core.appdb.engine import writing
from core.appdb.tables import PUBLISHED
from core.vocabulary import Role
from orchestration.demo.processes import server, wait_for_url
from orchestration.demo.run import free_port
from serve.auth.issuer import open_local_issuer
from serve.auth.users import UserDirectory
from tests.support.api import AUDIENCE
from tests.support.databases import throw_away_database
from tests.support.published import (
    AS_OF,
    add_tenant,
    card,
    card_ticket,
    company,
    evidence,
    label,
    publish,
    reading,
    sentiment_day,
    source,
    ticket,
    topic_day,
)

HELLO = """
import uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def hello():
    return {"hello": "world"}
uvicorn.run(app, port=%d, access_log=False, log_level="warning")
"""
LUA = """
local lines = {}
for line in io.lines("%s") do lines[#lines + 1] = line end
local at = 0
request = function()
  at = at %% #lines + 1
  local token, etag = lines[at]:match("^(%%S+) ?(.*)$")
  local headers = {["Authorization"] = "Bearer " .. token}
  if etag ~= "" then headers["If-None-Match"] = etag end
  return wrk.format("GET", "%s", headers)
end
"""
BOARD = "/api/v1/cards?limit=50"
MOMENT = date(2026, 3, 31)
TOPICS = ("billing", "export", "login", "none")


def main() -> int:
    """Measure what was asked for; 1 where a rate is below what is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--tickets", type=int, default=5_000, help="tickets of each tenant")
    parser.add_argument("--cards", type=int, default=150, help="cards of each tenant: what 5,000 tickets lead to")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    if not shutil.which("wrk"):
        print("wrk is not installed: apt-get install wrk")
        return 1
    is_good = True
    with tempfile.TemporaryDirectory() as folder:
        is_good &= measured("SQLite", f"sqlite:///{Path(folder) / 'app.db'}", Path(folder), given)
    if os.environ.get("TEST_POSTGRES_URL"):
        with tempfile.TemporaryDirectory() as folder, throw_away_database() as url:
            is_good &= measured("Postgres", url, Path(folder), given)
    return 0 if is_good else 1


def measured(name: str, url: str, folder: Path, given: argparse.Namespace) -> bool:
    """Print a few lines about one engine; whether both rates are good enough."""
    began = time.perf_counter()
    tokens = fill(url, folder, given)
    print(
        f"{name}: {given.tenants} tenants of {given.cards} cards and {given.tickets:,} tickets, "
        f"made in {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    with (
        board(url, folder) as (api, process),
        board(url, folder, keeps=False) as (forgetful, other),
        hello() as (bare, plain),
    ):
        with httpx.Client(base_url=api, timeout=60) as client, ThreadPoolExecutor(4) as askers:
            answers = list(
                askers.map(lambda token: client.get(BOARD, headers={"Authorization": f"Bearer {token}"}), tokens)
            )
        assert {answer.status_code for answer in answers} == {200}
        tagged = [f"{token} {answer.headers['ETag']}" for token, answer in zip(tokens, answers, strict=True)]
        kinds = {
            "hello": (bare, "/", ["x"], plain),
            "cached": (api, BOARD, tagged, process),
            "uncached": (api, BOARD, tokens, process),
            "cold": (forgetful, BOARD, tokens, other),
        }
        rates: dict[str, list[Rate]] = {kind: [] for kind in kinds}
        # In turns, so that a noisy minute is noisy for all.
        for _ in range(2):
            for kind, (root, path, lines, worker) in kinds.items():
                rates[kind].append(rated(root, path, lines, folder, given, worker))
        held_mb = [one.memory_info().rss / 1e6 for one in (process, other)]
    shares = {}
    bare_rate = mean([one.requests for one in rates["hello"]])
    for kind, measured_twice in rates.items():
        rate = mean([one.requests for one in measured_twice])
        shares[kind] = rate / bare_rate
        cpu = f", {mean([one.cpu_ms for one in measured_twice]):.2f} ms of CPU each"
        print(
            f"  {kind:9} {rate:7,.0f} requests/s ({shares[kind]:4.0%} of hello), "
            f"50 % within {mean([one.p50_ms for one in measured_twice]):,.0f} ms, "
            f"99 % within {max(one.p99_ms for one in measured_twice):,.0f} ms{cpu}"
        )
    print(f"  the API holds {held_mb[0]:,.0f} MB, {held_mb[1]:,.0f} MB where it keeps no answers", flush=True)
    return shares["cached"] >= 0.5 and shares["uncached"] >= 0.2


@dataclass(frozen=True)
class Rate:
    """How fast a few seconds of requests were answered."""

    requests: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


def fill(url: str, folder: Path, given: argparse.Namespace) -> list[str]:
    """Publish a build for each tenant; a viewer's token of each."""
    engine = open_app_database(url)
    issuer = open_local_issuer(folder, audience=AUDIENCE)
    tenants = [add_tenant(engine, f"tenant-{number}") for number in range(given.tenants)]
    rows = [card(number, priority=float(number)) for number in range(1, given.cards + 1)]
    days = [MOMENT - timedelta(days=day) for day in range(120)]
    # Of the last 180 days, in turn.
    moments = {number: {"created_at": AS_OF - timedelta(days=number % 180)} for number in range(given.tickets)}
    tickets = [ticket(number, **moment, created_on=moment["created_at"].date()) for number, moment in moments.items()]
    publish(
        engine,
        tenants[0],
        cards=rows,
        quotes=[evidence(row, quote) for row in rows for quote in (1, 2, 3)],
        card_tickets=[card_ticket(row, row["ticket_id"]) for row in rows],
        companies=[company(one) for one in range(1, given.cards + 1)],
        topics=[topic_day(day, topic) for day in days for topic in TOPICS],
        sentiment=[sentiment_day(day) for day in days],
        sources=[source("tickets")],
        tickets=tickets,
        labels=[label(one, TOPICS[number % len(TOPICS)]) for number, one in enumerate(tickets)],
        readings=[reading(number, **moment) for number, moment in moments.items()],
    )
    for tenant_id in tenants[1:]:
        publish(engine, tenant_id)
        copy_build(engine, tenants[0], tenant_id)
    users = UserDirectory(engine)
    tokens = [issuer.sign(users.keep_demo_user(tenant_id, Role.VIEWER).subject) for tenant_id in tenants]
    engine.dispose()
    return tokens


def copy_build(engine: Engine, source_id: str, tenant_id: str) -> None:
    """Give a tenant the rows of another, within the database."""
    with writing(engine) as connection:
        for table in PUBLISHED.values():
            others = [column for column in table.c if column.name != "tenant_id"]
            theirs = select(literal(tenant_id), *others).where(table.c.tenant_id == source_id)
            connection.execute(insert(table).from_select(["tenant_id", *(one.name for one in others)], theirs))


def rated(
    root: str, path: str, lines: list[str], folder: Path, given: argparse.Namespace, worker: psutil.Process
) -> Rate:
    """Ask for some seconds; CPU time is that of the process that answers, its database's aside."""
    listed, script = folder / "lines", folder / "ask.lua"
    listed.write_text("\n".join(lines))
    script.write_text(LUA % (listed, path))
    asked = ["wrk", "-t", "1", "-c", str(given.connections), "-d", f"{given.seconds}s", "--latency", "-s", str(script)]
    before = sum(worker.cpu_times()[:2])
    said = subprocess.run([*asked, root], capture_output=True, text=True, check=True).stdout
    spent = sum(worker.cpu_times()[:2]) - before
    assert "Non-2xx" not in said, said
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))  # type: ignore[union-attr]
    count = int(re.search(r"(\d+) requests in", said).group(1))  # type: ignore[union-attr]
    return Rate(rate, within(said, "50%"), within(said, "99%"), spent / max(1, count) * 1000)


def within(said: str, share: str) -> float:
    """Milliseconds within which so many were answered."""
    slow, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return float(slow) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


@contextmanager
def board(url: str, folder: Path, *, keeps: bool = True) -> Iterator[tuple[str, psutil.Process]]:
    """The real API in a process of its own."""
    port = free_port()
    root, log = f"http://127.0.0.1:{port}", folder / f"serve-{port}.log"
    given = {
        "DATA_DIR": str(folder),
        "APP_DATABASE_URL": url,
        "API_PORT": str(port),
        # Counted, and never reached.
        "API_REQUESTS_PER_MINUTE": "100000000",
        "LOG_LEVEL": "WARNING",
    }
    given |= {} if keeps else {"API_KEPT_ANSWERS_MB": "0"}
    with server(["serve"], environment=given, log=log) as process:
        wait_for_url(process, f"{root}/api/v1/ready", log)
        yield root, psutil.Process(process.pid)


@contextmanager
def hello() -> Iterator[tuple[str, psutil.Process]]:
    """The bare application in a process of its own."""
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-c", HELLO % port], stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    httpx.get(root)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield root, psutil.Process(process.pid)
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
