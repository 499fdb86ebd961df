"""The whole product in one folder: a sandbox HubSpot, an installation connected to it, a Dagster instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from core.installation import Installation
from core.settings import AnalysisSettings, HubSpotSettings, Settings, StoreSettings, TransformSettings
from ingestion.sandbox.describe import describe
from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import World
from orchestration.build import build_definitions
from orchestration.demo.connect import connect_tenants
from orchestration.refresh import refresh

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The newest moment of a generated scene, and the moment its marts are computed for."""


def just_now() -> datetime:
    """A modified date that the next refresh sees: HubSpot tells the time in whole seconds, and nothing newer is asked for."""
    return datetime.now(UTC) - timedelta(seconds=5)


NOT_OF_THE_DATA = {
    "run_id",
    "attempted_at",
    "synced_at",
    "cursor_at",
    "lag_seconds",
    "latency_ms",
    "loaded_at",
    "read_at",
    "analyzed_at",
    "_dlt_id",
    "_dlt_load_id",
}
"""Columns that say when or by which run something was done; every other column must come out equal, however often it is done."""


def small_world(**options: Any) -> World:
    """Two tenants with a few hundred tickets."""
    return generate_world(**{"seed": 11, "tenants": 2, "tickets": 300, "months": 6, "until": UNTIL} | options)


def settings_for(data_dir: Path, base_url: str, *, postgres: str = "", **analysis: Any) -> Settings:
    """Settings of an installation in `data_dir`, all stores embedded or all on one Postgres."""
    return Settings(
        stores=StoreSettings(
            data_dir=data_dir, warehouse_url=postgres, app_database_url=postgres, journal_url=postgres
        ),
        # The sandbox's search does not lag, and a test that has just changed something does not want to wait.
        hubspot=HubSpotSettings(hubspot_base_url=base_url, sync_lag_seconds=0),
        analysis=AnalysisSettings(**analysis),
        transforms=TransformSettings(as_of=UNTIL),
    )


@dataclass
class Scene:
    """One installation and the HubSpot it reads."""

    place: Installation
    instance: dg.DagsterInstance
    definitions: dg.Definitions
    sandbox: RunningSandbox

    @property
    def world(self) -> World:
        """What HubSpot holds."""
        return self.sandbox.world

    def refresh(self) -> None:
        """Load, read, transform and publish everything."""
        refresh(self.definitions, self.instance, self.place, is_quiet=True)

    def marts(self, schema: str = "marts") -> dict[str, list[tuple[Any, ...]]]:
        """Every table of a schema, its rows sorted, without the columns that are not of the data."""
        return read_schema(self.place, schema)

    def events(self, asset_key: list[str]) -> list[dg.MaterializeResult[None] | Any]:
        """Metadata of an asset's materialisations, newest first."""
        result = self.instance.fetch_materializations(dg.AssetKey(asset_key), limit=50)
        return [record.asset_materialization.metadata for record in result.records if record.asset_materialization]


def read_schema(place: Installation, schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a schema, its rows sorted, without the columns that are not of the data."""
    with place.warehouse.snapshot() as snapshot:
        columns = snapshot.rows(
            "select table_name, column_name from information_schema.columns where table_schema = :schema "
            "and table_name not like '\\_dlt%' escape '\\' order by table_name, column_name",
            schema=schema,
        )
        tables: dict[str, list[str]] = {}
        for column in columns:
            if column["column_name"] not in NOT_OF_THE_DATA:
                tables.setdefault(column["table_name"], []).append(column["column_name"])
        return {
            table: sorted(
                (tuple(row.values()) for row in snapshot.rows(f"select {', '.join(names)} from {schema}.{table}")),
                key=repr,
            )
            for table, names in tables.items()
        }


@contextmanager
def playing(
    data_dir: Path, world: World | None = None, *, postgres: str = "", keeps_runs: bool = False, **analysis: Any
) -> Iterator[Scene]:
    """A scene for the length of the block; nothing of it stays running.

    Args:
        data_dir: Where the installation keeps its files.
        world: What HubSpot holds; `small_world()` without it.
        postgres: The URL of a database for every store; files without it.
        keeps_runs: Whether Dagster writes what it did into files, too; in memory it is a fifth faster.
        analysis: Settings of the analysis.
    """
    with running_sandbox(world or small_world()) as sandbox:
        place = Installation(settings_for(data_dir, sandbox.base_url, postgres=postgres, **analysis))
        connect_tenants(place, describe(sandbox.world))
        with dagster_in(data_dir) if keeps_runs else dg.DagsterInstance.ephemeral() as instance:
            yield Scene(place, instance, build_definitions(resources={"place": place}), sandbox)
        place.app_database.dispose()


def dagster_in(data_dir: Path) -> dg.DagsterInstance:
    """A Dagster that keeps its runs in files of an installation."""
    home = data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.local_temp(str(home), overrides={"telemetry": {"enabled": False}})
