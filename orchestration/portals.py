"""How tenants' portals are reached from this installation: the stored connection, its token kept fresh, HubSpot's address."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from core.appdb.directory import Tenant
from core.connections import NotConnected
from core.installation import Installation
from core.secrets import UnreadableSecret
from ingestion.hubspot.ahead import crew
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.sync import PortalAccess
from ingestion.hubspot.tokens import StoredTokens


def access(place: Installation, tenant: Tenant, *, allowed_deletions: Collection[str] = ()) -> PortalAccess:
    """The way to one tenant's portal.

    Raises:
        NotConnected: The tenant never connected, or disconnected.
        UnreadableSecret: The credentials were stored with another key.
    """
    connection = place.connection(tenant.tenant_id)
    connection.credentials()
    lock = partial(place.warehouse.named_lock, f"token:{tenant.tenant_id}")
    return PortalAccess(
        tenant_id=tenant.tenant_id,
        base_url=place.settings.hubspot.hubspot_base_url,
        access_token=StoredTokens(connection, place.oauth, lock),
        allowed_deletions=frozenset(allowed_deletions),
        suppressed_tickets=place.erasures.suppressed_tickets(tenant.tenant_id),
        suppressed_contacts=place.erasures.suppressed_contacts(tenant.tenant_id),
    )


def accesses(
    place: Installation, tenants: Sequence[Tenant], *, allowed_deletions: Collection[str] = ()
) -> tuple[list[PortalAccess], dict[str, str]]:
    """The ways to these tenants' portals, and for those that cannot be reached the sentence why."""
    found: list[PortalAccess] = []
    unreachable: dict[str, str] = {}
    for tenant in tenants:
        try:
            found.append(access(place, tenant, allowed_deletions=allowed_deletions))
        except (NotConnected, UnreadableSecret) as error:
            unreachable[str(tenant.tenant_id)] = str(error)
    return found, unreachable


@contextmanager
def open_portal(place: Installation, tenant: Tenant) -> Iterator[Portal]:
    """A tenant's portal, to ask it a few things. Raises as `access`."""
    way = access(place, tenant)
    with HubSpotClient(way.base_url, way.tenant_id, way.access_token) as client, crew(1) as hands:
        yield Portal(client, hands)
