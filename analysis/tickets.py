"""What the staging views hold for the analysis besides messages: whether they are there, and each tenant's topics."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from analysis.analyzer import Taxonomy, Topic
from core.errors import Terminal
from core.naming import STAGING
from core.warehouse.base import Snapshot

Months = tuple[date, date]
"""First day, and first day after the last month; messages are chosen by the `created_at` of their ticket in UTC."""

STAGED_TICKETS: Final = "stg_hubspot__tickets"
STAGED_EMAILS: Final = "stg_hubspot__emails"
STAGED_TICKET_EMAILS: Final = "stg_hubspot__ticket_emails"
_TOPICS: Final = "stg_app__topics"

_ACTIVE_TOPICS: Final = f"""
select tenant_id, topic, description, parent_topic from {STAGING}.{_TOPICS}
where tenant_id = any(:tenant_ids) and is_active order by tenant_id, topic
"""  # noqa: S608 - names of ours, values are bound


class NothingStaged(Terminal):
    """The staging views are not there yet."""


def check_staged(warehouse: Snapshot) -> None:
    """Make sure the views are there.

    Raises:
        NothingStaged: One is missing.
    """
    for view in (STAGED_TICKETS, STAGED_EMAILS, STAGED_TICKET_EMAILS, _TOPICS):
        if not warehouse.has_table(STAGING, view):
            raise NothingStaged(
                f"The warehouse has no {STAGING}.{view}: load tickets and build the staging models "
                f"before tickets are read."
            )


def taxonomies(warehouse: Snapshot, tenant_ids: Sequence[str]) -> dict[str, Taxonomy]:
    """The active topics of each tenant that has any, by name."""
    found: dict[str, list[Topic]] = {}
    for row in warehouse.rows(_ACTIVE_TOPICS, tenant_ids=list(tenant_ids)):
        topic = Topic(name=row["topic"], description=row["description"] or "", parent=row["parent_topic"])
        found.setdefault(row["tenant_id"], []).append(topic)
    return {tenant: Taxonomy(tuple(topics)) for tenant, topics in found.items()}
