"""How much of a model server's capacity reading tickets uses, how often it is refused, and what a call costs this side.

    python -m benchmarks.enrich [capacity] [memory] [--at-once 40] [--seconds 60] [--postgres postgresql://…]

`capacity`: a server answers in 200 ms and takes 40 calls at once, or three quarters of that a second, and says so only by 429;
through `enrich()`, from staged tickets in DuckDB to their rows, with the journal on disk. *Used* is what the server served over
what it could have, without the first five seconds and the last one; *busy* is how much of its places were taken then. *Bare*
is a client that knows the ceiling and does nothing but ask: what is to be had on this machine, with whatever else runs on it.
CPU is that of the reading process; where the machine has less of it than the calls take, take fewer at once.
`memory`: the peak of the reading process, with 10,000 tickets and with 100,000, the warehouse in DuckDB, whose engine runs in
that process, and in Postgres, where what is left is what reading itself takes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from analysis import enrich, open_journal
from analysis.analyzer import Question
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.llm.failures import Throttled
from benchmarks.memory import peak_mb
from core.tenants import tenant_id
from core.vocabulary import AnalysisTask
from core.warehouse import connect
from tests.support.databases import throw_away_database
from tests.support.tickets import stage

_LATENCY = 0.2
_WARM_SECONDS = 5
_AT_ONCE = 128


@dataclass(frozen=True)
class Scenario:
    """One server, and the calls a second it can serve."""

    name: str
    options: tuple[str, ...]
    per_second: float
    places: int = 0


def scenarios(at_once: int) -> list[Scenario]:
    """Servers that count calls at once, and calls a second; with a `Retry-After`, and without."""
    a_second = at_once / _LATENCY
    found = []
    for hint in ((), ("--retry-after", "1")):
        said = ", Retry-After" if hint else ""
        found.append(Scenario(f"{at_once} at once{said}", ("--ceiling", str(at_once), *hint), a_second, at_once))
        rate = 0.75 * a_second
        found.append(Scenario(f"{rate:.0f} a second{said}", ("--rate", str(rate), *hint), rate))
    return found


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The server, in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.enrich.server", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def stage_tickets(url: str, count: int, *, has_topics: bool) -> None:
    """That many different tickets, staged."""
    warehouse, first_at = connect(url), datetime(2026, 11, 1, tzinfo=UTC)
    for start in range(0, count, 10_000):
        stage(
            warehouse,
            [
                {
                    "tenant_id": "acme",
                    "ticket_id": f"{number:07}",
                    "subject": f"Export number {number}",
                    "content": f"The export fails since Monday, for the {number}th time. "
                    + "We need the figures. " * 12,
                    "created_at": first_at + timedelta(seconds=number),
                }
                for number in range(start, min(start + 10_000, count))
            ],
            None if has_topics else {},
        )


def read(base_url: str, warehouse_url: str, journal_url: str) -> None:
    """The process that reads; prints what it did and what that took."""
    journal = open_journal(journal_url)
    before, began = time.process_time(), time.monotonic()
    report = enrich(
        warehouse=connect(warehouse_url),
        journal=journal,
        analyzer=OpenAICompatibleAnalyzer(base_url=f"{base_url}/v1", api_key=SecretStr("x"), model="bench/model"),
        tenant_ids=[tenant_id("acme")],
        months=None,
        run_id=f"bench-{os.getpid()}",
        max_concurrency=_AT_ONCE,
    )
    journal.close()
    told = {
        "cpu": time.process_time() - before,
        "seconds": time.monotonic() - began,
        "paid": report.calls_paid,
        "read": report.read,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(told))


async def ask_barely(base_url: str, at_once: int, seconds: float) -> None:
    """The least a client can do that knows the server's ceiling: that many loops that ask, and do nothing else."""
    analyzer = OpenAICompatibleAnalyzer(base_url=f"{base_url}/v1", api_key=SecretStr("x"), model="bench/model")
    until = time.monotonic() + seconds

    async def ask() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(Throttled):
                await analyzer.ask(Question(AnalysisTask.SENTIMENT, "We need the figures. " * 12))

    await asyncio.gather(*(ask() for _ in range(at_once)))
    await analyzer.close()


def measure_barely(at_once: int, seconds: float) -> None:
    """Print what is to be had on this machine while everything else that runs on it runs."""
    with serving("--ceiling", str(at_once), "--latency", str(_LATENCY)) as base_url:
        command = [sys.executable, "-m", "benchmarks.enrich", "--bare", base_url, str(at_once), str(seconds)]
        subprocess.run(command, check=True)
        served, refused, busy = stats(base_url)
    last, whole = max(served), at_once / _LATENCY
    used = between(served, _WARM_SECONDS, last) / (whole * (last - _WARM_SECONDS))
    taken = between(busy, _WARM_SECONDS, last) / (at_once * (last - _WARM_SECONDS))
    share = sum(refused.values()) / (sum(served.values()) + sum(refused.values()))
    print(f"{f'{at_once} at once':27}{'bare':9} used {used:6.1%}  busy {taken:6.1%}  429s {share:.2%}", flush=True)


def reading(base_url: str, warehouse_url: str, journal_url: str) -> dict[str, float]:
    """Run `read` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.enrich", "--read", base_url, warehouse_url, journal_url]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "LOG_LEVEL": "ERROR"})
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def stats(base_url: str) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
    """What the server counted, by second: served, refused, seconds of its places taken."""
    with urllib.request.urlopen(f"{base_url}/stats") as answer:
        served, refused, busy = ({int(second): count for second, count in one.items()} for one in json.load(answer))
    return served, refused, busy


def between(counts: dict[int, float], first: int, before: int) -> float:
    """The sum of these seconds."""
    return sum(count for second, count in counts.items() if first <= second < before)


def measure_capacity(scenario: Scenario, seconds: float, journal_url: str, *, label: str) -> None:
    """Print a line for one server and journal."""
    tickets = int(scenario.per_second * seconds / 2)
    with tempfile.TemporaryDirectory() as folder, serving(*scenario.options, "--latency", str(_LATENCY)) as base_url:
        warehouse_url = f"duckdb:///{folder}/warehouse.duckdb"
        stage_tickets(warehouse_url, tickets, has_topics=True)
        told = reading(base_url, warehouse_url, journal_url or f"sqlite:///{folder}/journal.db")
        served, refused, busy = stats(base_url)
    last = max(served)
    used = between(served, _WARM_SECONDS, last) / (scenario.per_second * (last - _WARM_SECONDS))
    whole = sum(served.values()) / (scenario.per_second * told["seconds"])
    taken = between(busy, _WARM_SECONDS, last) / (scenario.places * (last - _WARM_SECONDS)) if scenario.places else 0
    warm = between(refused, _WARM_SECONDS, last + 1)
    calls = sum(served.values()) + sum(refused.values())
    print(
        f"{scenario.name:27}{label:9} used {used:6.1%}  whole run {whole:6.1%}  busy {taken:6.1%}  "
        f"429s {sum(refused.values()) / calls:6.2%} (after {_WARM_SECONDS} s {warm / calls:5.2%})  "
        f"paid {told['paid']:,.0f} of {2 * tickets:,} unique  CPU {1000 * told['cpu'] / calls:.2f} ms a call  "
        f"peak {told['peak_mb']:.0f} MB",
        flush=True,
    )


def measure_brown_out(at_once: int, seconds: float) -> None:
    """A server that takes a quarter for a third of the time; print what was used before, meanwhile and after."""
    third, full = int(seconds / 3), at_once / _LATENCY
    options = ("--ceiling", str(at_once), "--brown-from", str(third), "--brown-until", str(2 * third))
    with tempfile.TemporaryDirectory() as folder, serving(*options, "--latency", str(_LATENCY)) as base_url:
        stage_tickets(f"duckdb:///{folder}/warehouse.duckdb", int(full * seconds * 0.75 / 2), has_topics=True)
        reading(base_url, f"duckdb:///{folder}/warehouse.duckdb", f"sqlite:///{folder}/journal.db")
        served, refused, _ = stats(base_url)
    last = max(served)
    parts = ((_WARM_SECONDS, third, full), (third, 2 * third, full / 4), (2 * third, last, full))
    shares = [between(served, a, b) / (rate * (b - a)) if b > a else 0.0 for a, b, rate in parts]
    calls = sum(served.values()) + sum(refused.values())
    print(
        f"{f'{at_once}, a quarter, {at_once}':27}{'sqlite':9} used {shares[0]:.1%} before, {shares[1]:.1%} meanwhile, "
        f"{shares[2]:.1%} after  429s {sum(refused.values()) / calls:.2%}",
        flush=True,
    )


@contextmanager
def empty_warehouse(folder: str, *, is_postgres: bool) -> Iterator[str]:
    """A warehouse of one engine, gone when the block ends."""
    if is_postgres:
        with throw_away_database() as url:
            yield url
    else:
        yield f"duckdb:///{folder}/warehouse.duckdb"


def measure_memory(sizes: list[int], *, is_postgres: bool) -> None:
    """Print the peak of the reading process for each number of tickets."""
    peaks, label = [], "postgres" if is_postgres else "duckdb"
    for tickets in sizes:
        with (
            tempfile.TemporaryDirectory() as folder,
            empty_warehouse(folder, is_postgres=is_postgres) as url,
            serving("--ceiling", "100", "--latency", "0.02") as base_url,
        ):
            stage_tickets(url, tickets, has_topics=False)
            told = reading(base_url, url, f"sqlite:///{folder}/journal.db")
        peaks.append(told["peak_mb"])
        print(
            f"{label:9}{tickets:>9,} tickets  peak {told['peak_mb']:.0f} MB  paid {told['paid']:,.0f}  "
            f"{told['paid'] / told['seconds']:.0f} calls/s  CPU {1000 * told['cpu'] / told['paid']:.2f} ms a call",
            flush=True,
        )
    print(f"{label:9}largest against smallest: {peaks[-1] / peaks[0]:.2f}", flush=True)


def main() -> None:
    """Measure what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["capacity", "memory", []])
    parser.add_argument("--at-once", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tickets", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL", ""))
    parser.add_argument("--read", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(*given.read)
        return
    if given.bare:
        base_url, at_once, seconds = given.bare
        asyncio.run(ask_barely(base_url, int(at_once), float(seconds)))
        return
    what = given.what or ["capacity", "memory"]
    if "capacity" in what:
        measure_barely(given.at_once, given.seconds / 2)
        for scenario in scenarios(given.at_once):
            measure_capacity(scenario, given.seconds, "", label="sqlite")
        if given.postgres:
            with throw_away_database() as url:
                measure_capacity(scenarios(given.at_once)[0], given.seconds, url, label="postgres")
        measure_brown_out(given.at_once, given.seconds)
    if "memory" in what:
        for is_postgres in [False, True] if given.postgres else [False]:
            measure_memory(given.tickets, is_postgres=is_postgres)


if __name__ == "__main__":
    main()
