"""One way of loading a portal, in a process of its own: `python -m benchmarks.ingest.clients '<json>'` prints what it took.

- *ours*: the product's sync, links, stage histories, property catalogue and proof included;
- *dict rows*: the way the dlt-hub verified source goes: one object type after another, a page after the other, every record
  a dictionary, dlt's defaults. It reads no links of tickets, no history, no archived records, and proves nothing.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from benchmarks.ingest.portal import TENANT, Served
from benchmarks.memory import peak_mb

OBJECT_TYPES = ("companies", "contacts", "tickets")


@dataclass(frozen=True)
class Taken:
    """What a way took.

    Attributes:
        records: Companies, contacts and tickets held afterwards.
        wall: Seconds.
        cpu: Seconds of user and system time, children included.
        peak_mb: Resident memory at its highest.
        sent: Requests, where they were counted.
        refused: Those refused for a limit.
    """

    records: int
    wall: float
    cpu: float
    peak_mb: float
    sent: int = 0
    refused: int = 0


def taken(way: str, portal: Served, **options: Any) -> Taken:
    """Load a portal one way, in a new process."""
    given = {"way": way, "base_url": portal.base_url, "token": portal.token, **options}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest.clients", json.dumps(given)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false"},
    )
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def ours(given: dict[str, Any], folder: Path) -> tuple[int, int, int]:
    """The product's sync; returns records held, requests sent and refused."""
    from core.tenants import cell, tenant_id
    from core.warehouse import connect
    from ingestion.hubspot.limiter import OAUTH_APP, Limits
    from ingestion.hubspot.sync import Options, PortalAccess, sync_cell

    warehouse = connect(f"duckdb:///{folder / 'ours.duckdb'}")
    limits = OAUTH_APP if given.get("is_limited") else Limits(burst=None, searches=None)
    report = sync_cell(
        cell(TENANT),
        [PortalAccess(tenant_id(TENANT), given["base_url"], SecretStr(given["token"]), limits)],
        warehouse=warehouse,
        data_dir=folder,
        run_id="bench",
        options=Options(overlap_seconds=60, lag_seconds=0),
    )
    held = sum(warehouse.rows(f"select count(*) as n from raw_hubspot.{one}")[0]["n"] for one in OBJECT_TYPES)
    counts = report.requests
    return held, counts.sent, counts.refused


def dict_rows(given: dict[str, Any], folder: Path) -> tuple[int, int, int]:
    """Page after page of dictionaries into dlt as it comes."""
    import dlt
    import duckdb

    sent = 0

    def pages(client: httpx.Client, object_type: str) -> Iterator[list[dict[str, Any]]]:
        nonlocal sent
        catalogue = client.get(f"/crm/v3/properties/{object_type}").json()["results"]
        params: dict[str, str | int] = {"limit": 100, "properties": ",".join(one["name"] for one in catalogue)}
        sent += 1
        while True:
            answer = client.get(f"/crm/v3/objects/{object_type}", params=params).raise_for_status().json()
            sent += 1
            yield [{"id": one["id"], **one["properties"]} for one in answer["results"]]
            after = answer.get("paging", {}).get("next", {}).get("after")
            if after is None:
                return
            params["after"] = after

    file = folder / "theirs.duckdb"
    pipeline = dlt.pipeline(
        "bench_dict_rows",
        pipelines_dir=str(folder),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name="hubspot",
    )
    headers = {"Authorization": f"Bearer {given['token']}"}
    with httpx.Client(base_url=given["base_url"], headers=headers, timeout=120) as client:
        pipeline.run(
            [
                dlt.resource(pages(client, one), name=one, primary_key="id", write_disposition="merge")
                for one in OBJECT_TYPES
            ]
        )
    with duckdb.connect(str(file)) as connection:
        counted = [connection.execute(f"select count(*) from hubspot.{one}").fetchone() for one in OBJECT_TYPES]
    return sum(int(one[0]) for one in counted if one), sent, 0


WAYS = {"ours": ours, "dict rows": dict_rows}


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Load once and print what it took; importing libraries is not counted."""
    import ingestion.hubspot.sync
    import ingestion.loader.engine  # noqa: F401 - both ways stand on dlt, pyarrow and duckdb

    given = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        cpu, wall = _cpu_seconds(), time.perf_counter()
        records, sent, refused = WAYS[given["way"]](given, Path(folder))
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
    print(
        json.dumps(
            {"records": records, "wall": wall, "cpu": cpu, "peak_mb": peak_mb(), "sent": sent, "refused": refused}
        )
    )


if __name__ == "__main__":
    main()
