"""Where settings meet Dagster: `place` is the installation itself; `on_rows` and `on_reading` are told how far a run is.

No asset logic here.
"""

from collections.abc import Callable

import dagster as dg

from analysis.progress import OnProgress
from core.installation import Installation
from core.settings import Settings


@dg.resource(description="The stores of this installation, as the environment or .env names them.")
def installation(_: dg.InitResourceContext) -> Installation:
    """Read the settings when a run starts, never when definitions are loaded."""
    return Installation(Settings())


OnRows = Callable[[str, str, int], None]
"""Called with (tenant, table, rows) whenever rows were read; from several threads."""


@dg.resource(
    description="Told how far a reading is: the command line shows it, a run on its own tells nobody but its log."
)
def no_watcher(_: dg.InitResourceContext) -> OnProgress:
    """Nobody watches."""
    return lambda _: None


@dg.resource(description="Told of rows as they are read: the command line shows them, a run on its own tells nobody.")
def nobody(_: dg.InitResourceContext) -> OnRows:
    """Nobody watches."""
    return lambda *_: None
