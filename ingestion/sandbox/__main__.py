"""``python -m ingestion.sandbox``: serve generated tenants, or a file of real tickets, until Ctrl-C."""

import argparse
import logging
from pathlib import Path

from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.limits import Limits
from ingestion.sandbox.server import serve
from ingestion.sandbox.tickets_file import load_tickets_file


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--tickets", type=Path, help="JSON lines of real tickets instead of generated tenants")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--tenants", type=int, default=3)
    parser.add_argument("--count", type=int, default=2000, help="generated tickets in all tenants together")
    parser.add_argument("--no-limits", action="store_true", help="take any number of requests")
    parser.add_argument("--truth", type=Path, help="write planted accounts and ticket truths to this file")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if given.tickets is not None:
        world = load_tickets_file(given.tickets)
    else:
        world = generate_world(seed=given.seed, tenants=given.tenants, tickets=given.count)
    if given.truth is not None:
        world.write_truth(given.truth)
    serve(world, given.host, given.port, None if given.no_limits else Limits())


if __name__ == "__main__":
    main()
