"""Loading HubSpot, four ways to measure it; each alone as `python -m benchmarks.ingest NAME`, all of them without a name.

- `load`: records into DuckDB, our loader against dlt as it comes;
- `fetch`: a portal over HTTP, 50 ms away and without limits, our sync against page after page of dictionaries;
- `budget`: how much of HubSpot's real limits a sync uses, and how often it is refused;
- `memory`: what a sync holds in memory, from a small portal to a large one.
"""

import sys

from benchmarks.ingest import budget, fetch, load, memory

BENCHMARKS = {"load": load.main, "fetch": fetch.main, "budget": budget.main, "memory": memory.main}


def main() -> None:
    """Run the benchmark that is named, or all."""
    name, *arguments = sys.argv[1:] or [""]
    if name in BENCHMARKS:
        BENCHMARKS[name](arguments)
    elif name:
        raise SystemExit(f"{name}: known are {', '.join(BENCHMARKS)}")
    else:
        for one, run in BENCHMARKS.items():
            print(f"-- {one}", flush=True)
            run([])


if __name__ == "__main__":
    main()
