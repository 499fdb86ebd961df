"""The `churnboard` command: a thin face over the rooms, one module a group of commands."""

import sys

from rich.console import Console

from churnboard import (
    auditing,
    backtesting,
    batches,
    bi,
    builds,
    canaries,
    connections,
    documenting,
    erasures,
    limits,
    mapping,
    money,
    prompts,
    reading,
    refreshing,
    rules,
    running,
    shadows,
    teaching,
    tenants,
    topics,
    training,
    triggers,
    webhooks,
    working,
)
from churnboard.shared import app
from core.errors import ChurnboardError

__all__ = [
    "app",
    "auditing",
    "backtesting",
    "batches",
    "bi",
    "builds",
    "canaries",
    "connections",
    "documenting",
    "erasures",
    "limits",
    "main",
    "mapping",
    "money",
    "prompts",
    "reading",
    "refreshing",
    "rules",
    "running",
    "shadows",
    "teaching",
    "tenants",
    "topics",
    "training",
    "triggers",
    "webhooks",
    "working",
]


def main() -> None:
    """Run the command line; an error of ours is one sentence on stderr and exit code 1."""
    try:
        app()
    except ChurnboardError as error:
        Console(stderr=True).print(f"[red]{type(error).__name__}[/red]: {error}", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
