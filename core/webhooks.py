"""One webhook event as it came from HubSpot, and when two deliveries are one event. Pure.

They are where portal, subscription, objects, moment, property and value are the same: HubSpot promises neither that it delivers
once nor that its own event ids are unique. What an event means to us: `ingestion.hubspot.webhooks`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.vocabulary import HintedObject

VALUE = "propertyValue"
"""The one field that holds what a person wrote, or who they are."""

_IDENTITY = (
    "portalId",
    "subscriptionId",
    "subscriptionType",
    "objectId",
    "objectTypeId",
    "occurredAt",
    "propertyName",
    VALUE,
    # Merges and associations of one moment differ in these alone.
    "primaryObjectId",
    "mergedObjectIds",
    "newObjectId",
    "fromObjectId",
    "toObjectId",
    "associationType",
    "associationTypeId",
    "associationRemoved",
)


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """One event of a delivery.

    Attributes:
        portal_id: HubSpot's `hub_id`.
        object_type: As HubSpot spells it.
        raw: All of it.
    """

    portal_id: str
    subscription_type: str
    object_type: str
    raw: Mapping[str, Any]
    subscription_id: str | None = None
    event_id: str | None = None
    object_id: str | None = None
    property_name: str | None = None
    occurred_at: datetime | None = None

    @property
    def key(self) -> str:
        """Equal for deliveries of one event, hexadecimal."""
        identity = [self.raw.get(name) for name in _IDENTITY]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    @property
    def is_acted_on(self) -> bool:
        """Whether anybody will look at it; conversations, deals and the like are written down and left at that."""
        return self.subscription_type.partition(".")[0] in list(HintedObject)
