"""What the staging views hold for the analysis besides messages and taxonomies: whether they are there."""

from datetime import date
from typing import Final

from core.errors import Terminal
from core.naming import STAGING
from core.warehouse.base import Snapshot

Months = tuple[date, date]
"""First day, and first day after the last month; messages are chosen by the `created_at` of their ticket in UTC."""

STAGED_TICKETS: Final = "stg_hubspot__tickets"
STAGED_EMAILS: Final = "stg_hubspot__emails"
STAGED_TICKET_EMAILS: Final = "stg_hubspot__ticket_emails"
STAGED_CONTACTS: Final = "stg_hubspot__contacts"
STAGED_TICKET_CONTACTS: Final = "stg_hubspot__ticket_contacts"
STAGED: Final = (STAGED_TICKETS, STAGED_EMAILS, STAGED_TICKET_EMAILS)
"""The views that messages come from."""
STAGED_VERSIONS: Final = "stg_app__topic_versions"
STAGED_CORRECTIONS: Final = "stg_app__corrections"


class NothingStaged(Terminal):
    """The staging views are not there yet."""


def check_staged(warehouse: Snapshot) -> None:
    """Make sure the views are there.

    Raises:
        NothingStaged: One is missing.
    """
    for view in (*STAGED, STAGED_VERSIONS, STAGED_CORRECTIONS):
        if not warehouse.has_table(STAGING, view):
            raise NothingStaged(
                f"The warehouse has no {STAGING}.{view}: load tickets and build the staging models "
                f"before tickets are read."
            )
