"""Who a ticket is by and about, as far as HubSpot knows: the contacts it is linked to, and whoever wrote the mails on it.

Their names come from the staging views and go to `analysis.masking`. Only names that are known when a text is sent can be masked:
a contact that is linked or renamed later changes the text as sent, so the ticket is read again when its month is (which, like a
new prompt, makes no month pending).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from analysis.tickets import (
    STAGED_CONTACTS,
    STAGED_EMAILS,
    STAGED_TICKET_CONTACTS,
    STAGED_TICKET_EMAILS,
    NothingStaged,
)
from core.naming import STAGING
from core.warehouse.base import Snapshot

Ticket = tuple[str, str]
"""Tenant and id."""

_PEOPLE: Final = f"""
select links.tenant_id, links.ticket_id, 0 as place, contacts.contact_id as person_id,
    trim(coalesce(contacts.first_name, '') || ' ' || coalesce(contacts.last_name, '')) as name
from {STAGING}.{STAGED_TICKET_CONTACTS} as links
inner join {STAGING}.{STAGED_CONTACTS} as contacts
    on contacts.tenant_id = links.tenant_id and contacts.contact_id = links.contact_id
where links.tenant_id = any(:tenant_ids) and links.ticket_id = any(:ticket_ids)
union
select links.tenant_id, links.ticket_id, 1 as place, cast(null as text) as person_id, emails.author_name as name
from {STAGING}.{STAGED_TICKET_EMAILS} as links
inner join {STAGING}.{STAGED_EMAILS} as emails on emails.tenant_id = links.tenant_id and emails.email_id = links.email_id
where links.tenant_id = any(:tenant_ids) and links.ticket_id = any(:ticket_ids)
    and emails.direction = 'inbound' and emails.author_name is not null
"""  # noqa: S608 - names of ours, values are bound


def people(snapshot: Snapshot, tickets: Iterable[Ticket]) -> Mapping[Ticket, tuple[str, ...]]:
    """The full names of the people of each of these tickets, always in the same order; tickets without any are left out.

    Raises:
        NothingStaged: The staging views are not built yet; nothing may be sent before names are known.
    """
    wanted = set(tickets)
    if not wanted:
        return {}
    for view in (STAGED_CONTACTS, STAGED_TICKET_CONTACTS, STAGED_EMAILS, STAGED_TICKET_EMAILS):
        if not snapshot.has_table(STAGING, view):
            raise NothingStaged(
                f"The warehouse has no {STAGING}.{view}, so it is not known whose names to mask: load contacts and "
                f"build the staging models before tickets are read."
            )
    rows = snapshot.rows(
        _PEOPLE,
        tenant_ids=sorted({tenant_id for tenant_id, _ in wanted}),
        ticket_ids=sorted({ticket_id for _, ticket_id in wanted}),
    )
    found: dict[Ticket, dict[str, None]] = defaultdict(dict)
    # The same order on every engine: where two people share a name, the first one's placeholder stands for it.
    for row in sorted(rows, key=lambda row: (row["place"], row["person_id"] or "", row["name"] or "")):
        if row["name"]:
            found[row["tenant_id"], row["ticket_id"]][row["name"]] = None
    return {ticket: tuple(names) for ticket, names in found.items() if ticket in wanted}
