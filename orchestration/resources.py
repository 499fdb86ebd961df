"""Where settings meet Dagster: the one resource, `place`, is the installation itself. No asset logic here."""

import dagster as dg

from core.installation import Installation
from core.settings import Settings


@dg.resource(description="The stores of this installation, as the environment or .env names them.")
def installation(_: dg.InitResourceContext) -> Installation:
    """Read the settings when a run starts, never when definitions are loaded."""
    return Installation(Settings())
