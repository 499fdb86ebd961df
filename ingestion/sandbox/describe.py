"""What whoever connects to a sandbox has to know: which portals it has, how each is reached, what its properties mean."""

from dataclasses import asdict
from typing import Any

from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.catalogue import TICKETS
from ingestion.sandbox.world import World


def describe(world: World) -> dict[str, Any]:
    """A JSON-able description of the portals; nothing of what was planted in them."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "tenants": [
            {
                "profile": asdict(portal.tenant),
                "access_token": portal.static_token,
                "hub_id": str(portal.portal_id),
                "tickets": portal.count(TICKETS),
                "is_newcomer": portal.tenant.tenant_id in world.newcomers,
            }
            for portal in world.portals.values()
        ],
    }
