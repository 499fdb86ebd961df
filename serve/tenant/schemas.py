"""Bodies of the tenant's settings, of what its people wrote, and of its end."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from core.vocabulary import DeletionStatus, PlanTier
from serve.errors import ErrorBody
from serve.schemas import Schema, Text
from serve.trail.schemas import AuditEntry

SHORTEST_RETENTION_DAYS = 180
"""A score looks back over 90 days, against a habit of 90 days before: what is younger is needed."""


def _named(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("a name has printable characters, on one line")
    return value.strip()


class _Settings(Schema):
    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_named)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
    """What revenue is reported in (ISO 4217)."""

    is_masked: bool
    """Whether names, addresses and numbers are masked before a text is sent to a model."""

    default_owner_id: Text | None
    """HubSpot owner of cards whose company has none; null: nobody."""

    expire_after_days: Annotated[int, Field(ge=1, le=3650)] | None
    """When low cards that nobody owns or looked at are completed as expired; null: never."""

    retention_days: Annotated[int, Field(ge=SHORTEST_RETENTION_DAYS, le=36_500)] | None
    """How long the words of a closed ticket are kept after it last changed; null: for good."""


class Owner(Schema):
    """An owner in HubSpot."""

    owner_id: str
    owner_name: str | None


class TenantSettings(_Settings):
    """What can be set of the tenant."""

    tenant_id: str
    plan_tier: PlanTier
    version: int
    """Counts changes, from 1."""

    created_at: datetime
    owners: list[Owner]
    """Owners of companies in the published build: who may be named; empty: nothing is published yet."""


class NewSettings(_Settings):
    """All that can be set, as it should be from now on."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31 - 1)
    """The version you saw. Where there is a later one by now, nothing is done: 409, with what holds now and who changed what."""


class SettingsChangedBody(ErrorBody):
    """Somebody was faster; what they changed, and what holds now."""

    settings: TenantSettings | None = None
    """Null where the error is another one of this status."""

    changes: list[AuditEntry] = Field(default_factory=list)
    """What was changed on the board since you saw it, oldest first; what was set from a terminal is not among it."""


class Written(Schema):
    """Everything the tenant's people decided and wrote."""

    tenant_id: str
    exported_at: datetime
    settings: dict[str, Any]
    users: list[dict[str, Any]]
    tables: dict[str, list[dict[str, Any]]]
    """Rows by table; docs/names.md says what is in each."""


class Farewell(Schema):
    """The wish to delete the tenant, proved by its name."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    """The tenant's name, letter by letter."""


class DeletionAsked(Schema):
    """A deletion that will be carried out."""

    receipt_id: str
    """Keep it: `GET /api/v1/receipts/{receipt_id}` tells how far it is, and later what the search found. It needs no token."""


class Residue(Schema):
    """Something that should be gone."""

    store: str
    where: str
    count: int


class Receipt(Schema):
    """How far the deletion of a tenant has come, and what is left of it."""

    tenant_id: str
    status: DeletionStatus
    step: str
    """What is being done, or was last."""

    requested_at: datetime
    done_at: datetime | None
    cleared: dict[str, int]
    """Rows, calls and files that went, by store."""

    searched: dict[str, int]
    """How many tables, columns, texts and files were looked at afterwards."""

    residue: list[Residue]
    """Where something was found afterwards; empty and `done`: nothing is left."""

    error_message: str | None
