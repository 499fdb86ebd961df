"""What a build of the marts takes in time and memory, how both grow with the tickets, and what the next day's build takes.

    python -m benchmarks.transform [--tickets 100000 1000000] [--tested]

A company for every hundred tickets, over ten tenants and two years; DuckDB, every model, with `--tested` the tests of the data too.
First everything is built; then, a day later and with one ticket in a hundred more, all of that day and of companies as they come, a
build goes on from there. Each build runs in a process of its own; the first one of a size also reads the project (some 5 s), which
the next finds read. CPU is what to compare on a machine that does other things too. What is published afterwards is copied by
`core.publishing`, and not in here.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_mb
from benchmarks.transform.world import add, fill
from core.warehouse.duckdb import DuckDBWarehouse
from transforms.continuing import rebuild

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
_TICKETS_A_COMPANY = 100
_SHOWN = 6


def build_once(file: Path, as_of: datetime, *, is_tested: bool) -> None:
    """The process that builds; prints what that took."""
    cpu, wall = time.process_time(), time.perf_counter()
    rebuilt = rebuild(
        DuckDBWarehouse(file),
        f"duckdb:///{file}",
        as_of=as_of,
        target_dir=file.parent / "target",
        has_data_tests=is_tested,
    )
    tests = sum(node.execution_seconds for node in rebuilt.result.of_type("test"))
    slowest = sorted(rebuilt.result.of_type("model"), key=lambda node: -node.execution_seconds)[:_SHOWN]
    told = {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mb": peak_mb(),
        "slowest": [(node.name, node.execution_seconds) for node in slowest],
        "tests": tests,
        "scored": str(rebuilt.scored),
    }
    print(json.dumps(told))


def main() -> None:
    """Measure every size, or be the process that builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--tested", action="store_true", help="also run the tests of the data")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as-of", type=datetime.fromisoformat, default=AS_OF, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build_once(given.build, given.as_of, is_tested=given.tested)
        return
    first: dict[str, Any] = {}
    for tickets in given.tickets:
        companies = tickets // _TICKETS_A_COMPANY
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "warehouse.duckdb"
            fill(file, tickets=tickets, companies=companies, as_of=AS_OF)
            told = _measured(file, AS_OF, is_tested=given.tested)
            next_day = AS_OF + timedelta(days=1)
            add(file, first=tickets, last=tickets + tickets // 100, companies=companies, as_of=next_day)
            after = _measured(file, next_day, is_tested=given.tested)
        first = first or told
        print(
            f"{tickets:>10,} tickets  {_taken(told)}  CPU against the first size {told['cpu'] / first['cpu']:.1f}\n"
            f"{'and 1 % more':>18}  {_taken(after)}  CPU against all of it {after['cpu'] / told['cpu']:.0%}, "
            f"wall {after['wall'] / told['wall']:.0%}\n{'':12}{after['scored']}",
            flush=True,
        )
        for one in (told, after):
            print(f"{'':12}" + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in one["slowest"]), flush=True)


def _measured(file: Path, as_of: datetime, *, is_tested: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.transform", "--build", str(file), "--as-of", as_of.isoformat()]
    command += ["--tested"] if is_tested else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _taken(told: Mapping[str, Any]) -> str:
    tests = f"  of which tests {told['tests']:.0f} s" if told["tests"] else ""
    return f"CPU {told['cpu']:.0f} s  wall {told['wall']:.0f} s{tests}  peak {told['peak_mb']:,.0f} MB"


if __name__ == "__main__":
    main()
