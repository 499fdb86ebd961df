"""A world: the portals the sandbox serves, one per tenant, with the truth about them beside."""

from datetime import datetime
from functools import partial
from pathlib import Path

from ingestion.sandbox import truth
from ingestion.sandbox.clock import Clock, system_clock
from ingestion.sandbox.faults import FaultScript
from ingestion.sandbox.portal import Portal
from ingestion.sandbox.tenancy import Owner, Quirks, TenantProfile, Value

__all__ = ["Owner", "Portal", "Quirks", "TenantProfile", "Value", "World"]


class World:
    """All portals of a sandbox, by tenant slug, with the truth about them beside.

    Attributes:
        faults: Scripted bad days.
        truth: Accounts planted so that a trigger ought to fire.
        ticket_truth: What each ticket was meant to say.
        message_truth: What the customers' later emails on them were meant to say.
        newcomers: Tenants whose portal is still to be connected, for whoever plays that.
    """

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self.clock = clock
        self.portals: dict[str, Portal] = {}
        self.faults = FaultScript()
        self.truth: list[truth.PlantedAccount] = []
        self.ticket_truth: list[truth.TicketTruth] = []
        self.message_truth: list[truth.MessageTruth] = []
        self.newcomers: set[str] = set()

    def add_portal(
        self,
        tenant: TenantProfile,
        *,
        portal_id: int | None = None,
        quirks: Quirks | None = None,
        time_zone: str = "Etc/UTC",
        ui_domain: str = "app.hubspot.com",
        born_at: datetime | None = None,
    ) -> Portal:
        """Open a portal for a tenant.

        Args:
            tenant: Whose portal it is.
            portal_id: HubSpot's ``hub_id``; numbered from 48100001 when None.
            quirks: How it behaves; as documented when None.
            time_zone: Name of the portal's time zone.
            ui_domain: Host of the portal's web pages, part of every record's ``url``.
            born_at: Create date of pipelines, properties and owners; the present when None.

        Raises:
            ValueError: The tenant or the portal id has a portal already.
        """
        number = portal_id or 48_100_001 + len(self.portals)
        if tenant.tenant_id in self.portals or any(one.portal_id == number for one in self.portals.values()):
            raise ValueError(f"A portal for tenant {tenant.tenant_id} or with id {number} exists already.")
        portal = Portal(
            tenant,
            portal_id=number,
            clock=self.clock,
            quirks=quirks,
            time_zone=time_zone,
            ui_domain=ui_domain,
            born_at=born_at,
            scripted_lag=partial(self.faults.index_lag, tenant.tenant_id),
        )
        self.portals[tenant.tenant_id] = portal
        return portal

    def portal(self, tenant_id: str) -> Portal:
        """The portal of a tenant.

        Raises:
            KeyError: No such tenant.
        """
        return self.portals[tenant_id]

    def portal_by_id(self, portal_id: int) -> Portal | None:
        """The portal with that ``hub_id``."""
        return next((one for one in self.portals.values() if one.portal_id == portal_id), None)

    def write_truth(self, path: Path) -> None:
        """Write planted accounts and what tickets and messages were meant to say as one JSON file."""
        truth.write_truth(path, self.truth, self.ticket_truth, self.message_truth)
