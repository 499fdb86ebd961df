"""What a portal is told about itself: whose it is, who works there, how it behaves, and how it stores a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestion.sandbox.clock import to_iso

Value = str | int | float | bool | datetime | None
"""What a mutation accepts for a property; stored as the string HubSpot would send. None empties the property."""

History = Mapping[str, Sequence[tuple[Value, datetime]]]
"""Values by property, oldest first, each with the moment it was set."""


@dataclass(frozen=True, slots=True)
class TenantProfile:
    """Who a portal belongs to, and which of its company properties mean what.

    Attributes:
        tenant_id: The slug the product knows the tenant by.
        mrr_property: Company property that holds what the customer pays a month, in ``currency``.
        last_login_property: Company property with the customer's last login, a datetime.
        onboarding_step_property: Company property with the number of finished onboarding steps.
        usage_property: Company property counting use over the last 30 days.
        churn_property: Company property with the day the customer left; generated portals have none.
    """

    tenant_id: str
    name: str
    plan_tier: str = "pro"
    currency: str = "USD"
    mrr_property: str | None = None
    renewal_property: str | None = None
    last_login_property: str | None = None
    onboarding_step_property: str | None = None
    usage_property: str | None = None
    churn_property: str | None = None
    topics: tuple[tuple[str, str], ...] = ()
    """(name, description) of the subjects this tenant's tickets are about."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A member of the tenant's staff; former staff are archived and lose their user id."""

    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Quirks:
    """Behaviours of HubSpot that are unsettled or vary; the sandbox can play each of them.

    Attributes:
        index_lag_seconds: How long search stays behind the records.
        empty_properties: Whether an asked-for property without a value comes as null or is left out.
        is_association_id_numeric: Whether ``toObjectId`` comes as a number, as some captures show, or as a string.
    """

    index_lag_seconds: float = 0.0
    empty_properties: Literal["null", "omitted"] = "null"
    is_association_id_numeric: bool = False


def stored(value: Value) -> str | None:
    """The string HubSpot keeps for a value; the empty string counts as no value."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return to_iso(value)
    return str(value)
