"""A portal over HTTP, 50 ms away and without limits: our sync against page after page of dictionaries, on one server in one run."""

import argparse
from collections.abc import Sequence

from benchmarks.ingest.clients import WAYS, taken
from benchmarks.ingest.portal import served

WANTED = 5.0
"""How many times as fast ours is meant to be."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both ways in turn and print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest fetch", description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="of each: companies, contacts, tickets")
    parser.add_argument("--properties", type=int, default=40, help="filled custom properties of each record")
    parser.add_argument("--latency-ms", type=float, default=50)
    given = parser.parse_args(arguments)
    size = given.records
    sizes = {"tickets": size, "companies": size, "contacts": size, "properties": given.properties}
    with served(**sizes, latency_ms=given.latency_ms) as portal:
        found = {way: taken(way, portal) for way in WAYS}
    print(
        f"{size:,} companies, contacts and tickets each, with {given.properties} custom properties, "
        f"{given.latency_ms:g} ms away, no limits"
    )
    print(f"{'':10}{'records/s':>10}{'CPU ms/record':>15}{'requests':>10}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}")
    for way, one in found.items():
        if one.records != 3 * size:
            raise SystemExit(f"{way}: {one.records} records are held, {3 * size} are in the portal")
        print(
            f"{way:10}{one.records / one.wall:>10,.0f}{one.cpu / one.records * 1000:>15.2f}{one.sent:>10,}"
            f"{one.wall:>8.1f}{one.cpu:>8.1f}{one.peak_mb:>9.0f}"
        )
    mine, theirs = found["ours"], found["dict rows"]
    print(
        f"ratio {theirs.wall / mine.wall:.1f} by records per second (wanted: at least {WANTED:g}), "
        f"{theirs.cpu / mine.cpu:.1f} by CPU"
    )
