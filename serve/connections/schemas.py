"""Bodies of the connection endpoints."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.vocabulary import ConnectionMethod, ConnectionStatus
from serve.schemas import Schema


class ScopeBody(Schema):
    """One permission in HubSpot."""

    name: str = Field(examples=["tickets"])
    """HubSpot's name for it."""

    purpose: str = Field(examples=["Contacts: who wrote the ticket."])
    is_required: bool
    """Whether HubSpot cannot be connected without it."""

    is_granted: bool | None
    """Null where HubSpot was not asked: nothing is connected, or by an access token."""


class ConnectionBody(Schema):
    """How the tenant's CRM is reached, and how well."""

    type: Literal["hubspot"]
    status: ConnectionStatus
    """`disconnected` also where it never was connected."""

    message: str | None
    """What is wrong, or was left to do when it was disconnected, as a sentence."""

    method: ConnectionMethod | None
    """Null while disconnected."""

    hub_id: str | None = Field(examples=["48100001"])
    """HubSpot's id of the account; null where it is not known."""

    scopes: list[ScopeBody]
    """Everything churnboard asks for, required permissions first."""

    connected_by: str | None = Field(examples=["Ann Archer"])
    """Name of the user who connected; null where it was an operator, or somebody who has left."""

    connected_at: datetime | None
    last_synced_at: datetime | None
    """When everything was last read without an error."""


class ConnectionList(Schema):
    """The tenant's connections: today one, to HubSpot."""

    items: list[ConnectionBody]
    can_connect: bool
    """Whether this installation has a HubSpot app to connect with."""


class Consent(Schema):
    """Where to send the browser."""

    url: str = Field(examples=["https://app.hubspot.com/oauth/authorize?client_id=…"])
    """HubSpot's consent page. It sends the browser back here, and that must be the browser that asked."""

    expires_in: int = Field(examples=[600])
    """Seconds within which the browser must be back."""


class Disconnected(Schema):
    """What became of the connection."""

    status: Literal[ConnectionStatus.DISCONNECTED]
    message: str = Field(examples=["The app is uninstalled in HubSpot, and the credentials are gone from churnboard."])
    """What was done, and what is left to do."""
