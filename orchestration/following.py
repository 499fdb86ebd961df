"""From a webhook to the board in one process that is warm: for installations without Dagster's daemon, and for the demo.

What sensors do with a run of their own each, which starts for seconds, is done here one after the other in the process that
waits. It is the same inbox and the same jobs; where the daemon runs too, the two take turns by the same locks, for nothing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

import dagster as dg

from core.errors import ChurnboardError
from core.installation import Installation
from core.logging import get_logger
from orchestration.build import build_definitions
from orchestration.instance import open_instance
from orchestration.refresh import Step, follow

_log = get_logger(__name__)


class WebhookFollower:
    """Looks for webhooks nobody has acted on, and acts.

    Args:
        place: The installation.
        on_step: Told of each run before it starts.
    """

    def __init__(self, place: Installation, *, on_step: Callable[[Step], None] = lambda _: None) -> None:
        self._place = place
        self._on_step = on_step

    def warm_up(self) -> None:
        """Load what the first webhook would have to wait for."""
        self._definitions.resolve_all_job_defs()

    def __call__(self) -> bool:
        """Act on what has come; whether there was anything.

        What goes wrong is logged: the inbox remembers what was not read, and when it is worth another attempt.
        """
        try:
            due = self._place.webhooks.due_cells(datetime.now(UTC))
            if due:
                follow(self._definitions, self._instance, self._place, due, on_step=self._on_step)
        except ChurnboardError as error:
            _log.warning("webhooks.not_followed", reason=str(error))
            return False
        return bool(due)

    @cached_property
    def _definitions(self) -> dg.Definitions:
        return build_definitions(resources={"place": self._place})

    @cached_property
    def _instance(self) -> dg.DagsterInstance:
        return open_instance(self._place.settings.stores.data_dir)
