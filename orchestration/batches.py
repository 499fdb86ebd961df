"""Which cells have something to be brought in from the provider's batches: for the sensor, and for a person at the terminal."""

from collections.abc import Iterable
from datetime import date

from analysis import open_journal
from analysis.batches import Collector, make_batch_client
from analysis.journal import BatchRecord
from core.installation import Installation
from core.tenants import Cell

Days = tuple[date, date]
"""The days on which the first and the last ticket of some batches were created."""


def batches_due(place: Installation) -> dict[Cell, Days]:
    """The cells that have a batch which is over, or whose submission nobody saw through.

    Raises:
        ModelStopped: The provider refuses the key.
        JournalUnavailable: The journal cannot be used.
    """
    journal = open_journal(place.settings.stores.journal)
    try:
        found: list[BatchRecord] = []
        for provider in sorted({batch.provider for batch in journal.batches.open()}):
            client = make_batch_client(place.settings.analysis, provider)
            try:
                found += Collector(journal.batches, client).over()
            finally:
                client.close()
    finally:
        journal.close()
    return by_cell(place, found)


def by_cell(place: Installation, batches: Iterable[BatchRecord]) -> dict[Cell, Days]:
    """The cells of the tenants of some batches; a tenant that has left has none."""
    cells = {tenant.tenant_id: tenant.cell for tenant in place.directory.tenants()}
    days: dict[Cell, Days] = {}
    for batch in batches:
        of = next((cell for tenant_id, cell in cells.items() if tenant_id == batch.tenant_id), None)
        if of is not None:
            first, last = days.get(of, (batch.first_created_on, batch.last_created_on))
            days[of] = (min(first, batch.first_created_on), max(last, batch.last_created_on))
    return days
