"""How much of a portal's budget is used, how often HubSpot says no, and what a slot costs.

    python -m benchmarks.limits [--seconds 32] [--postgres postgresql://…]

Workers in one process and in four send as fast as they are let, over HTTP, to a server that counts as HubSpot does (110 in any ten
seconds, and five searches a second). A request's latency, spread by a third either way, passes in two parts: before it is counted
and after, in a proportion drawn anew each time. *Used* is the steady rate over the allowed one, without the head start of the
first window. What it can be at most stands beside it: a slot is free again one window after its answer.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from core.warehouse import connect
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.limiter import Limits
from ingestion.hubspot.limits.shared import open_limits
from ingestion.hubspot.limits.state import Budget
from ingestion.sandbox.limits import Limiter
from ingestion.sandbox.limits import Limits as Enforced

_LATENCIES_MS = (1, 50, 500)
_WORKERS = ((1, 32), (4, 8))
_TAKES = 10_000


class Counting:
    """A server that answers every request with `{}` after a while, and notes when it counted which."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.arrivals: dict[str, list[float]] = {}
        self.refused: dict[str, int] = {}
        self._limiter = Limiter(None)

    def begin(self, latency: float) -> None:
        """Forget what was, and answer that fast from now on."""
        self.latency, self._limiter = latency, Limiter(Enforced())
        self.arrivals, self.refused = {"burst": [], "search": []}, {"burst": 0, "search": 0}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        await reader.readexactly(int(line.split(b":")[1]))
                writer.write(await self._answer(is_search=b"/search" in head.split(b"\r\n")[0]))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, *, is_search: bool) -> bytes:
        latency = self.latency * random.uniform(2 / 3, 4 / 3)
        before = latency * random.random()
        await asyncio.sleep(before)
        budget = "search" if is_search else "burst"
        verdict = self._limiter.take(1, "search" if is_search else "burst")
        if verdict.policy_name:
            self.refused[budget] += 1
        else:
            self.arrivals[budget].append(time.monotonic())
        await asyncio.sleep(latency - before)
        body = json.dumps({"policyName": verdict.policy_name} if verdict.policy_name else {})
        headers = "".join(f"{name}: {value}\r\n" for name, value in verdict.headers.items())
        status = "429 Too Many Requests" if verdict.policy_name else "200 OK"
        return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@contextmanager
def counting() -> Iterator[tuple[Counting, str]]:
    """The server, in a thread, and its address."""
    made, loop = Counting(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(made.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    for connection in asyncio.all_tasks(loop):
        connection.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def work(base_url: str, warehouse_url: str, folder: str, threads: int, seconds: float) -> None:
    """A worker process: threads that read and search until the time is over; prints the CPU seconds they took."""
    with open_limits(connect(warehouse_url), Path(folder)) as limits:
        limiter = limits.portal(base_url, "bench")
        with HubSpotClient(base_url, "bench", SecretStr("x"), limiter=limiter) as client:
            until = time.monotonic() + seconds

            def spend(*, is_search: bool) -> None:
                while time.monotonic() < until:
                    if is_search:
                        client.post("/search", {}, what="anything", is_search=True)
                    else:
                        client.get("/list", what="anything")

            kinds = [False] * threads + [True] * max(2, threads // 2)
            running = [threading.Thread(target=spend, kwargs={"is_search": kind}) for kind in kinds]
            before = time.process_time()
            for thread in running:
                thread.start()
            for thread in running:
                thread.join()
            print(json.dumps({"cpu": time.process_time() - before, "sent": client.counts.sent}))


def used(arrivals: list[float], limit: int, window: float) -> float:
    """The steady rate over the allowed one: how long it takes until as many more have arrived as a window allows."""
    cycles = [later - earlier for earlier, later in zip(arrivals, arrivals[limit:], strict=False)]
    return window / (sum(cycles) / len(cycles))


def measure_use(store: str, warehouse_url: str, seconds: float) -> bool:
    """Print a line for each latency and number of processes; true when nobody was refused."""
    is_clean = True
    with counting() as (server, base_url):
        for latency_ms in _LATENCIES_MS:
            for processes, threads in _WORKERS:
                server.begin(latency_ms / 1000)
                with tempfile.TemporaryDirectory() as folder:
                    place = warehouse_url or f"duckdb:///{folder}/warehouse.duckdb"
                    # Another path is another portal to the limiter: a run starts with budgets nobody has used.
                    given = [f"{base_url}/{time.monotonic_ns()}", place, folder, str(threads), str(seconds)]
                    running = [
                        subprocess.Popen(
                            [sys.executable, "-m", "benchmarks.limits", "--work", *given], stdout=subprocess.PIPE
                        )
                        for _ in range(processes)
                    ]
                    told = [json.loads(one.communicate()[0]) for one in running]
                shares = {
                    "burst": used(server.arrivals["burst"], 110, 10.0),
                    "search": used(server.arrivals["search"], 5, 1.0),
                }
                refused = sum(server.refused.values())
                cpu = 1000 * sum(one["cpu"] for one in told) / sum(one["sent"] for one in told)
                is_clean = is_clean and refused == 0
                print(
                    f"{store:9} {latency_ms:4} ms  {processes} x {threads:2} threads  "
                    f"burst {shares['burst']:6.1%} of at most {10 / (10 + latency_ms / 1000):6.1%}  "
                    f"search {shares['search']:6.1%} of {1 / (1 + latency_ms / 1000):6.1%}  "
                    f"429s {refused}  CPU {cpu:.2f} ms a request",
                    flush=True,
                )
    return is_clean


def measure_cost(store: str, warehouse_url: str) -> None:
    """Print what taking a slot and giving it back costs this process while the window is always full."""
    with tempfile.TemporaryDirectory() as folder:
        place = warehouse_url or f"duckdb:///{folder}/warehouse.duckdb"
        with open_limits(connect(place), Path(folder)) as limits:
            for number in range(2_000):
                with limits.portal(f"https://{number}.example", "bench").take(Budget.BURST) as slot:
                    slot.answered({})
            limiter = limits.portal(f"https://api.example/{time.monotonic_ns()}", "bench", Limits(110, 0.05))
            before, began = time.process_time(), time.perf_counter()
            for _ in range(_TAKES):
                with limiter.take(Budget.BURST) as slot:
                    slot.answered({})
            cpu, passed = time.process_time() - before, time.perf_counter() - began
    print(
        f"{store:9} {1000 * cpu / _TAKES:.3f} ms CPU a slot, taken and given back, beside 2,000 other portals; "
        f"{passed - limiter.counts.waited_seconds:.1f} s for {_TAKES:,} without the waits",
        flush=True,
    )


def main() -> int:
    """Measure the stores there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=32)
    parser.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL", ""))
    parser.add_argument("--work", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        base_url, warehouse_url, folder, threads, seconds = given.work
        work(base_url, warehouse_url, folder, int(threads), float(seconds))
        return 0
    is_clean = True
    for store, url in {"embedded": "", **({"postgres": given.postgres} if given.postgres else {})}.items():
        measure_cost(store, url)
        is_clean = measure_use(store, url, given.seconds) and is_clean
        if url:
            connect(url).execute("delete from operations.portal_limits where tenant_id = 'bench'")
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
