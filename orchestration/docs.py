"""The documentation of models, columns and lineage, made of the project and of a warehouse it was built in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis import ensure_enrichment_tables
from core.installation import Installation
from core.publishing import MartsNotReady, passed_state
from core.warehouse.duckdb import DuckDBWarehouse
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import ensure_raw_tables
from ingestion.loader import ensure_tables
from transforms.runner import build, document


@dataclass(frozen=True)
class Documentation:
    """What was written."""

    page: Path
    """One HTML file; manifest.json and catalog.json are beside it."""

    is_of_installation: bool
    """Whether the catalogue is of the installation's warehouse, and not of one made for the purpose."""


def write_documentation(place: Installation, folder: Path) -> Documentation:
    """Write `index.html`, `manifest.json` and `catalog.json` into `folder`.

    The catalogue is read off the installation's warehouse where a build has passed there, otherwise off an empty one that is built
    for the purpose.

    Raises:
        TransformFailed: A model did not build, or dbt could not write.
        WarehouseBusy: Somebody writes to the warehouse for longer than the timeout.
    """
    folder.mkdir(parents=True, exist_ok=True)
    is_built = _is_built(place)
    with TemporaryDirectory(prefix="docs-") as scratch, _warehouse(place, Path(scratch), is_built=is_built) as url:
        written = document(url, target_dir=Path(scratch) / "target", as_of=place.settings.as_of)
        for name in ("manifest.json", "catalog.json"):
            shutil.copyfile(written.with_name(name), folder / name)
        page = folder / "index.html"
        draft = page.with_suffix(".tmp")
        shutil.copyfile(written, draft)
        draft.replace(page)
    return Documentation(page, is_built)


def _is_built(place: Installation) -> bool:
    warehouse = place.warehouse
    # Opening a DuckDB warehouse that is not there would make it.
    if isinstance(warehouse, DuckDBWarehouse) and not warehouse.path.exists():
        return False
    try:
        passed_state(warehouse)
    except MartsNotReady:
        return False
    return True


@contextmanager
def _warehouse(place: Installation, scratch: Path, *, is_built: bool) -> Iterator[str]:
    if is_built:
        with place.warehouse.named_lock("transform"), place.warehouse.write_lock():
            yield place.warehouse.secret_url.get_secret_value()
        return
    empty = DuckDBWarehouse(scratch / "empty.duckdb")
    ensure_raw_tables(empty)
    ensure_tables(empty, APP_TABLES)
    ensure_enrichment_tables(empty)
    with empty.write_lock():
        build(empty.url, as_of=place.settings.as_of, target_dir=scratch / "target", has_data_tests=False)
        yield empty.url
