"""What HubSpot delivers, as far as we have to understand it to write it down."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.webhooks import WebhookEvent
from serve.schemas import Schema, Text

Id = Annotated[int, Field(ge=0, lt=2**63)]
_Moment = Annotated[int, Field(ge=0, lt=253_402_300_800_000)]


class HubSpotEvent(Schema):
    """Something that happened in HubSpot. Fields that are not listed are kept as they came."""

    model_config = ConfigDict(use_attribute_docstrings=True, alias_generator=to_camel, extra="allow")

    portal_id: Id = Field(examples=[48100001])
    """The HubSpot account it happened in; one delivery may mix several."""

    subscription_type: str = Field(pattern=r"^[A-Za-z_]{1,40}\.[A-Za-z_]{1,39}$", examples=["ticket.propertyChange"])
    subscription_id: Id | None = None
    event_id: Id | None = None
    """HubSpot's own number, which it does not promise to be unique."""

    object_id: Id | None = Field(default=None, examples=[10000000007])
    object_type_id: str | None = Field(default=None, pattern=r"^[0-9]{1,19}-[0-9]{1,19}$", examples=["0-5"])
    """The type, where the subscription is to `object`."""

    property_name: Text | None = Field(default=None, examples=["hs_pipeline_stage"])
    occurred_at: _Moment | None = Field(default=None, examples=[1780000000000])
    """Milliseconds since 1970."""


class Received(Schema):
    """The delivery is written down."""

    received: int = Field(examples=[3])
    """Events in it, those that were known already included."""


def as_stored(event: HubSpotEvent, raw: dict[str, Any]) -> WebhookEvent:
    """The event as the inbox takes it; `raw` is what it was read from."""
    return WebhookEvent(
        portal_id=str(event.portal_id),
        subscription_type=event.subscription_type,
        object_type=event.object_type_id or event.subscription_type.partition(".")[0],
        raw=raw,
        subscription_id=_text(event.subscription_id),
        event_id=_text(event.event_id),
        object_id=_text(event.object_id),
        property_name=event.property_name,
        occurred_at=None if event.occurred_at is None else datetime.fromtimestamp(event.occurred_at / 1000, UTC),
    )


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
