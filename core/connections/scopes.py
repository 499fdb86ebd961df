"""What we ask a portal's administrator for, and why: shown on the settings page before and after consent.

The required ones must be exactly the app's required scopes in HubSpot, or HubSpot refuses to install it; optional ones a
portal's plan does not have are dropped by HubSpot without a word, which is why what was granted is compared with this list.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """One permission, by HubSpot's name.

    Attributes:
        purpose: What it is for, as a person reads it.
        is_required: Whether a portal cannot be connected without it.
    """

    name: str
    purpose: str
    is_required: bool


SCOPES = (
    Scope("oauth", "Lets churnboard connect at all.", is_required=True),
    Scope(
        "tickets",
        "Support tickets and their pipelines. HubSpot has no read-only form of this one; churnboard never writes.",
        is_required=True,
    ),
    Scope("crm.objects.companies.read", "Companies: whose ticket it is, and what they pay.", is_required=True),
    Scope("crm.objects.contacts.read", "Contacts: who wrote the ticket.", is_required=True),
    Scope("crm.objects.owners.read", "Owners: who looks after a company.", is_required=True),
    Scope(
        "sales-email-read",
        "Emails on tickets. Without it only a ticket's first message is read.",
        is_required=False,
    ),
)
"""All of them, required ones first."""

REQUIRED = tuple(scope.name for scope in SCOPES if scope.is_required)
OPTIONAL = tuple(scope.name for scope in SCOPES if not scope.is_required)


def missing(granted: Iterable[str]) -> list[Scope]:
    """Those of `SCOPES` that were not granted, in their order."""
    held = set(granted)
    return [scope for scope in SCOPES if scope.name not in held]
