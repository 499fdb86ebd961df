"""How much of HubSpot's real limits a whole sync uses (110 requests in any ten seconds), and how often it is refused.

*Used* is the requests of the burst budget in every full ten seconds from the first of them on, against 110 each. What a sync does
before and after it asks HubSpot is not counted, pauses in between are.
"""

import argparse
from collections.abc import Sequence

import httpx

from benchmarks.ingest.clients import taken
from benchmarks.ingest.portal import ARRIVALS, served

BURST, WINDOW_SECONDS = 110, 10.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Sync once within the limits and print how they were used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest budget", description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="of each: companies, contacts, tickets")
    parser.add_argument("--latency-ms", type=float, default=50)
    given = parser.parse_args(arguments)
    size = given.records
    with served(tickets=size, companies=size, contacts=size, latency_ms=given.latency_ms, is_limited=True) as portal:
        one = taken("ours", portal, is_limited=True)
        arrivals = httpx.get(f"{portal.base_url}{ARRIVALS}", timeout=60).json()
    begun = arrivals[0]
    windows = int((arrivals[-1] - begun) / WINDOW_SECONDS)
    counts = [
        sum(number * WINDOW_SECONDS <= at - begun < (number + 1) * WINDOW_SECONDS for at in arrivals)
        for number in range(windows)
    ]
    print(f"{size:,} companies, contacts and tickets each, {given.latency_ms:g} ms away, HubSpot's limits on")
    print(f"{one.sent:,} requests in {one.wall:.1f} s, {one.refused} refused (429)")
    print(f"requests in each full ten seconds: {', '.join(map(str, counts))}")
    print(f"{sum(counts) / (BURST * windows):.1%} of what was allowed was used (wanted: at least 95 %)")
