"""How long a backtest takes, beside one build of everything in the same run; and whether it sees skill where there is some.

    python -m benchmarks.backtest [--companies 1000] [--months 12] [--tickets-a-month 5]

One tenant's world is made, with trouble planted before each departure, and built as a refresh builds it, without tests of the data.
Then the whole span is replayed twice: with a parameter that one trigger reads, and with one that all of them depend on. CPU seconds
are of this process, dbt included. On a shared machine believe them, and the ratios, rather than the wall clock.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from analysis.backtest.report import BacktestReport
from benchmarks.memory import peak_mb
from core.appdb.directory import Tenant
from core.installation import Installation
from core.logging import configure_logging
from core.settings import Settings, StoreSettings, TransformSettings
from core.tenants import cell, tenant_id
from core.warehouse.duckdb import DuckDBWarehouse
from orchestration.backtest import backtest
from tests.support.churn_world import UNTIL, ChurnWorld, make_world
from transforms.runner import build

OF = tenant_id("bench")
SETTINGS = ("significant_support.z_min=2.0", "significant_support.unresolved_business_days=3")


@dataclass
class Clock:
    """Seconds of one measurement."""

    wall: float = 0.0
    cpu: float = 0.0

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.wall:7.1f} s wall {self.cpu:7.1f} s CPU"


@contextmanager
def measured() -> Iterator[Clock]:
    """What the block takes."""
    clock, wall, cpu = Clock(), time.perf_counter(), time.process_time()
    yield clock
    clock.wall, clock.cpu = time.perf_counter() - wall, time.process_time() - cpu


class Steps:
    """What each step of a backtest takes, told as the progress bar is."""

    def __init__(self) -> None:
        self.took: dict[str, Clock] = {}
        self._last: tuple[str, float, float] | None = None

    def __call__(self, what: str, *_: int) -> None:
        """Another step, or more of the same."""
        name = what.split(":", maxsplit=1)[0]
        if self._last is None or self._last[0] != name:
            self.end()
            self._last = (name, time.perf_counter(), time.process_time())

    def end(self) -> None:
        """The last step is over."""
        if self._last is not None:
            name, wall, cpu = self._last
            self.took[name] = Clock(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=1000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--tickets-a-month", type=float, default=5)
    given = parser.parse_args()
    configure_logging(as_json=False, level="WARNING")
    with tempfile.TemporaryDirectory(prefix="bench-backtest-") as folder:
        measure(
            Path(folder),
            make_world(companies=given.companies, months=given.months, tickets_a_month=given.tickets_a_month),
            given.months,
        )


def measure(folder: Path, world: ChurnWorld, months: int) -> None:
    """Measure over one world."""
    warehouse = DuckDBWarehouse(folder / "warehouse.duckdb")
    with measured() as made:
        world.write(warehouse)
    place = Installation(
        Settings(
            stores=StoreSettings(data_dir=folder / "data", warehouse_url=warehouse.url),
            transforms=TransformSettings(as_of=UNTIL),
        )
    )
    of = Tenant(tenant_id=OF, name="Bench", cell=cell("bench"))
    place.directory.save(of)
    print(
        f"{len(world.mrr):,} companies, {len(world.rows['raw_hubspot.tickets']):,} tickets, {months} months: {made}",
        flush=True,
    )
    with measured() as whole:
        build(warehouse.url, as_of=UNTIL, target_dir=folder / "target", has_data_tests=False)
    print(f"{'one build of everything':32}{whole}", flush=True)
    first_on = (UNTIL - timedelta(days=round(months * 30.4))).date()
    for setting in SETTINGS:
        steps = Steps()
        with measured() as replayed:
            report = backtest(place, of, first_on, wanted=[setting], on_step=steps)
            steps.end()
        print(f"{setting}\n{'  backtest':32}{replayed}", flush=True)
        for name, clock in steps.took.items():
            print(f"{'    ' + name:32}{clock}")
        print(
            f"  ratio to the build: {replayed.wall / whole.wall:.2f} by wall clock, {replayed.cpu / whole.cpu:.2f} by CPU; "
            f"{len(report.changes):,} cards change",
            flush=True,
        )
    print(f"peak {peak_mb():,.0f} MB")
    _say_skill(report)


def _say_skill(report: BacktestReport) -> None:
    found = report.current.recall
    low, high = found.chance.logos
    print(
        f"planted churn: recall {found.logos.value:.0%}, by chance {low:.0%} to {high:.0%}, lead {found.lead_days:g} days"
    )


if __name__ == "__main__":
    main()
