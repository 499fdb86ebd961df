"""Making the sandbox's portals our tenants: what `churnboard tenants add` does by hand."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from analysis.topics import default_topics
from core.appdb.directory import Tenant
from core.appdb.mappings import FieldMapping
from core.connections import Credentials
from core.installation import Installation
from core.tenants import TenantId, cell, tenant_id
from core.topics import ContentTopic
from core.vocabulary import MappedField, MrrUnit, PlanTier

_MAPPED = tuple(field for field in MappedField if not field.is_stages)


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
            )
        )
        _map_fields(place, owner, profile)
        credentials = Credentials(access_token=SecretStr(portal["access_token"]))
        place.connection(owner).keep(credentials, hub_id=portal["hub_id"])
        topics = profile["topics"] or [(topic.name, topic.description) for topic in default_topics()]
        place.topics.seed(owner, [ContentTopic(name, description) for name, description in topics], author="demo")


def _map_fields(place: Installation, owner: TenantId, profile: Mapping[str, Any]) -> None:
    """What the sandbox says its properties mean; a field somebody has mapped since, or cleared, is left alone."""
    known = {one.mapping.field for one in place.mappings.history(owner)}
    for field in _MAPPED:
        name = profile[f"{field}_property"]
        if name is not None and field not in known:
            unit = MrrUnit.MONTH if field is MappedField.MRR else None
            place.mappings.set(owner, FieldMapping(field=field, property_name=name, unit=unit), author="demo")
