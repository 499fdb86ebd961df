"""How long a full build of the marts takes, in how much memory, and how both grow with the tickets.

    python -m benchmarks.transform [--tickets 100000 1000000]

A company for every hundred tickets, over ten tenants and two years; DuckDB, every model, no tests. Each build runs in a process of
its own. CPU is what to compare on a machine that does other things too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.memory import peak_mb
from benchmarks.transform.world import fill
from transforms.runner import build

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
_TICKETS_A_COMPANY = 100
_SHOWN = 6


def build_once(file: Path) -> None:
    """The process that builds; prints what that took."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = build(f"duckdb:///{file}", as_of=AS_OF, target_dir=file.parent / "target", has_data_tests=False)
    slowest = sorted(result.of_type("model"), key=lambda node: -node.execution_seconds)[:_SHOWN]
    told = {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mb": peak_mb(),
        "slowest": [(node.name, node.execution_seconds) for node in slowest],
    }
    print(json.dumps(told))


def main() -> None:
    """Measure every size, or be the process that builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build_once(given.build)
        return
    first: dict[str, float] = {}
    for tickets in given.tickets:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "warehouse.duckdb"
            fill(file, tickets=tickets, companies=tickets // _TICKETS_A_COMPANY, as_of=AS_OF)
            command = [sys.executable, "-m", "benchmarks.transform", "--build", str(file)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        first = first or told
        print(
            f"{tickets:>10,} tickets  CPU {told['cpu']:.0f} s  wall {told['wall']:.0f} s  peak {told['peak_mb']:,.0f} MB  "
            f"CPU against the first size {told['cpu'] / first['cpu']:.1f}",
            flush=True,
        )
        for name, seconds in told["slowest"]:
            print(f"{'':12}{seconds:6.1f} s  {name}", flush=True)


if __name__ == "__main__":
    main()
