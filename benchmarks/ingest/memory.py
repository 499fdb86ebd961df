"""What a sync holds in memory at its highest, from a small portal to a large one: it should not grow with the portal."""

import argparse
from collections.abc import Sequence

from benchmarks.ingest.clients import taken
from benchmarks.ingest.portal import served


def main(arguments: Sequence[str] | None = None) -> None:
    """Sync portals of growing size and print the peaks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest memory", description=__doc__)
    parser.add_argument("--tickets", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    given = parser.parse_args(arguments)
    print(f"{'tickets':>10}{'peak MB':>10}{'records/s':>12}{'wall s':>9}", flush=True)
    peaks = []
    for tickets in given.tickets:
        with served(tickets=tickets, companies=2_000, contacts=2_000) as portal:
            one = taken("ours", portal)
        peaks.append(one.peak_mb)
        print(f"{tickets:>10,}{one.peak_mb:>10.0f}{one.records / one.wall:>12,.0f}{one.wall:>9.1f}", flush=True)
    print(f"largest against smallest: {peaks[-1] / peaks[0]:.2f}")
