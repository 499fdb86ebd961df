"""The Dagster instance of a data folder: its runs, events and partitions live in `<data>/dagster`."""

import os
import shutil
from pathlib import Path

import dagster as dg

from core.errors import Terminal

_TEMPLATE = Path(__file__).parent.parent / "deploy" / "local" / "dagster.yaml"


class MissingInstanceConfig(Terminal):
    """`deploy/local/dagster.yaml` is not where this installation expects it."""


def dagster_home(data_dir: Path) -> Path:
    """The instance's folder, with its configuration in place; `DAGSTER_HOME`, where set, is left to its owner.

    Raises:
        MissingInstanceConfig: The configuration to copy is not there.
    """
    if named := os.environ.get("DAGSTER_HOME"):
        return Path(named)
    home = (data_dir / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    if not _TEMPLATE.exists():
        raise MissingInstanceConfig(
            f"{_TEMPLATE} is missing: run from a checkout, or set DAGSTER_HOME to a folder with a dagster.yaml."
        )
    shutil.copyfile(_TEMPLATE, home / "dagster.yaml")
    return home


def open_instance(data_dir: Path) -> dg.DagsterInstance:
    """The persistent instance of a data folder."""
    home = dagster_home(data_dir)
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()
