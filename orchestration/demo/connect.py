"""Making the sandbox's portals our tenants: what `churnboard tenants add` does by hand."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from analysis.topics import default_topics
from core.appdb.directory import Tenant, Topic
from core.connections import Credentials
from core.installation import Installation
from core.tenants import cell, tenant_id
from core.vocabulary import PlanTier

_MAPPED = ("mrr_property", "renewal_property", "last_login_property", "onboarding_step_property", "usage_property")


def connect_tenants(place: Installation, described: Mapping[str, Any]) -> None:
    """Add or update a tenant, its connection and its first topics for each portal of a sandbox's description."""
    for portal in described["tenants"]:
        profile = portal["profile"]
        owner = tenant_id(profile["tenant_id"])
        place.directory.save(
            Tenant(
                tenant_id=owner,
                name=profile["name"],
                cell=cell(owner),
                plan_tier=PlanTier(profile["plan_tier"]),
                currency=profile["currency"],
                **{name: profile[name] for name in _MAPPED},
            )
        )
        credentials = Credentials(access_token=SecretStr(portal["access_token"]))
        place.connection(owner).keep(credentials, hub_id=portal["hub_id"])
        topics = profile["topics"] or [(topic.name, topic.description) for topic in default_topics()]
        place.directory.save_topics(owner, [Topic(name=name, description=text) for name, text in topics])
