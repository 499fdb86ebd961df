"""Tickets into DuckDB: our loader against dlt as it comes, on the same records, each in a process of its own.

    python -m benchmarks.ingest load [--tickets 200000] [--without-links]

Both ways get the records as HubSpot's list endpoint returns them, in pages of 100, and end with a merge on (tenant, id):

- *ours*: Arrow tables, known properties as columns and all of them as JSON text, ticket-company links as a table of their own,
  compared with what is held, proved afterwards;
- *dlt*: the records as dictionaries, default loader format, nested lists as child tables.

Neither importing libraries nor making the records is counted: the former is done before, the latter is measured apart and
taken off. CPU seconds are user and system time of the process and its children. On a shared machine believe them, and the
ratio, rather than the wall clock.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_mb

TENANT = "bench"
PAGE = 100

_TYPE_IDS = {"ticket_to_company": 26, "ticket_to_company_unlabeled": 339}


class Source:
    """Pages of records, with the time it took to make them kept apart and progress on the terminal."""

    def __init__(self, tickets: int, has_links: bool, label: str) -> None:
        self.wall = 0.0
        self.cpu = 0.0
        self._tickets, self._has_links, self._label = tickets, has_links, label

    @contextmanager
    def _apart(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The records, a page at a time."""
        from ingestion.sandbox.stream import generate_tickets

        records = generate_tickets(self._tickets)
        done = 0
        while True:
            with self._apart():
                page = list(islice(records, PAGE))
                if not self._has_links:
                    for record in page:
                        record.pop("associations")
            if not page:
                print(file=sys.stderr)
                return
            done += len(page)
            if done % (PAGE * 50) == 0:
                print(f"\r  {self._label}: {done:,} of {self._tickets:,} read", end="", file=sys.stderr, flush=True)
            yield page

    def links(self, records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """The same links as the association endpoint would have sent them, which is where our source reads them."""
        with self._apart():
            return {
                str(record["id"]): [
                    {
                        "toObjectId": link["id"],
                        "associationTypes": [
                            {"category": "HUBSPOT_DEFINED", "typeId": _TYPE_IDS[link["type"]], "label": None}
                        ],
                    }
                    for link in record["associations"]["companies"]["results"]
                ]
                for record in records
                if "associations" in record
            }


def ours(source: Source, folder: Path) -> int:
    """Load with our loader; returns the tickets the warehouse holds afterwards."""
    from core.tenants import cell
    from core.warehouse import connect
    from ingestion.hubspot import mapping
    from ingestion.hubspot.objects import CHUNK_RECORDS
    from ingestion.hubspot.tables import COMPANY_LINKS, RAW_TABLES, TICKETS
    from ingestion.loader import Chunk, load

    def items() -> Iterator[Chunk]:
        pages = source.pages()
        while records := [record for page in islice(pages, CHUNK_RECORDS // PAGE) for record in page]:
            now = datetime.now(UTC)
            yield Chunk("tickets", TENANT, mapping.object_rows(TICKETS, TENANT, records, [now] * len(records)))
            if found := source.links(records):
                yield Chunk("ticket_companies", TENANT, mapping.link_rows(COMPANY_LINKS, TENANT, found, now))

    warehouse = connect(f"duckdb:///{folder / 'ours.duckdb'}")
    load("raw_hubspot", cell(TENANT), RAW_TABLES, items(), warehouse=warehouse, work_dir=folder)
    return int(warehouse.rows("select count(*) as n from raw_hubspot.tickets")[0]["n"])


def as_it_comes(source: Source, folder: Path) -> int:
    """Load with dlt's defaults; returns the tickets the file holds afterwards."""
    import dlt
    import duckdb

    def tickets() -> Iterator[dict[str, Any]]:
        for page in source.pages():
            for record in page:
                yield {"tenant_id": TENANT, **record}

    file = folder / "default.duckdb"
    pipeline = dlt.pipeline(
        "bench_default",
        pipelines_dir=str(folder),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name="raw_hubspot",
    )
    pipeline.run(tickets(), table_name="tickets", primary_key=["tenant_id", "id"], write_disposition="merge")
    with duckdb.connect(str(file)) as connection:
        row = connection.execute("select count(*) from raw_hubspot.tickets").fetchone()
    return int(row[0]) if row else 0


WAYS = {"ours": ours, "dlt": as_it_comes}


def measure(way: str, tickets: int, has_links: bool) -> dict[str, float]:
    """Run one way in this process; returns seconds of wall and CPU, the generator's share taken off."""
    import ingestion.loader.engine  # noqa: F401 - both ways stand on dlt, pyarrow and duckdb; imported before the clock starts

    source = Source(tickets, has_links, way)
    imports = _cpu_seconds()
    folder = Path(tempfile.mkdtemp(prefix=f"bench-ingest-{way}-"))
    try:
        wall = time.perf_counter()
        held = WAYS[way](source, folder)
        wall = time.perf_counter() - wall - source.wall
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if held != tickets:
        raise SystemExit(f"{way}: {held} tickets are held, {tickets} were loaded")
    return {"wall": wall, "cpu": _cpu_seconds() - imports - source.cpu, "peak_mb": peak_mb()}


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both ways and print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest load", description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--without-links", action="store_true", help="tickets alone, no associations in the records")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.way:
        print(json.dumps(measure(given.way, given.tickets, not given.without_links)))
        return
    found: dict[str, dict[str, float]] = {}
    for way in WAYS:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.ingest",
            "load",
            "--way",
            way,
            "--tickets",
            str(given.tickets),
        ]
        command += ["--without-links"] if given.without_links else []
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false"},
        )
        found[way] = json.loads(done.stdout.splitlines()[-1])
    links = "without links" if given.without_links else "with their company links"
    print(f"{given.tickets:,} tickets {links} into DuckDB, generator time taken off")
    print(f"{'':6}{'rows/s':>10}{'rows per CPU-s':>16}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for way, one in found.items():
        rows = given.tickets
        print(
            f"{way:6}{rows / one['wall']:>10,.0f}{rows / one['cpu']:>16,.0f}"
            f"{one['wall']:>9.1f}{one['cpu']:>9.1f}{one['peak_mb']:>9.0f}"
        )
    print(
        f"ratio {found['dlt']['wall'] / found['ours']['wall']:.1f} by wall clock, "
        f"{found['dlt']['cpu'] / found['ours']['cpu']:.1f} by CPU (wanted: at least 8)"
    )
