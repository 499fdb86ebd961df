"""How much of HubSpot's real limits a whole sync uses (110 requests in any ten seconds), and how often it is refused.

*Used* compares the requests of the burst budget with what the limit allows in the time the sync took: a window's worth at once,
and as many again every ten seconds. The sync's last stretch, in which there is less to ask for than may be asked, counts too.
"""

import argparse
from collections.abc import Sequence

from benchmarks.ingest.clients import taken
from benchmarks.ingest.portal import served

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
    allowed = BURST * (1 + one.wall / WINDOW_SECONDS)
    print(f"{size:,} companies, contacts and tickets each, {given.latency_ms:g} ms away, HubSpot's limits on")
    print(f"{one.sent:,} requests in {one.wall:.1f} s, {one.refused} refused (429)")
    print(f"{one.sent / allowed:.1%} of what was allowed was used (wanted: at least 95 %)")
