"""Putting a shipped taxonomy to work on history: what people decided is loaded and staged, then months are read again.

Reading costs nothing where the question is the one that was asked before, so what is paid is what the new version asks anew.
"""

from datetime import date

import dagster as dg

from core.tenants import Cell
from orchestration.refresh import load_decisions, read_again


def retag(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    of: Cell,
    first: date,
    last: date,
    *,
    is_followed: bool = True,
) -> None:
    """Sort the tickets of one cell, created in the months of these days, by the taxonomies now in force.

    Run again after a kill, it goes on where it was. `is_followed` is as in `read_again`.

    Raises:
        RefreshFailed: With the sentence.
    """
    load_decisions(definitions, instance)
    read_again(definitions, instance, of, first, last, is_followed=is_followed)
