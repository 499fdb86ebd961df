"""Making the sandbox's portals our tenants: what `churnboard tenants add` does by hand."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from analysis.topics import default_topics
from core.appdb.directory import Tenant
from core.connections import Credentials
from core.fields import FieldMapping
from core.installation import Installation
from core.tenants import TenantId, cell, tenant_id
from core.topics import ContentTopic
from core.vocabulary import ConnectionStatus, MappedField, MrrUnit, PlanTier

_MAPPED = tuple(field for field in MappedField if not field.is_stages)


def connect_tenants(place: Installation, described: Mapping[str, Any]) -> None:
    """Add or update a tenant, its connection and its first topics for each portal of a sandbox's description.

    A newcomer is only added: connecting it is left to a person in the browser.
    """
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
        common = [(topic.name, topic.description) for topic in default_topics()]
        topics = common if portal["is_newcomer"] else profile["topics"] or common
        place.topics.seed(owner, [ContentTopic(name, description) for name, description in topics], author="demo")
        if portal["is_newcomer"]:
            if not _is_connected(place, owner):
                continue
        else:
            _map_fields(place, owner, profile)
        # Also of a newcomer that somebody connected: a sandbox that ended has forgotten what it granted.
        credentials = Credentials(access_token=SecretStr(portal["access_token"]))
        place.connection(owner).keep(credentials, hub_id=portal["hub_id"])


def _is_connected(place: Installation, owner: TenantId) -> bool:
    held = place.connection(owner).connection()
    return held is not None and held.status is not ConnectionStatus.DISCONNECTED


def _map_fields(place: Installation, owner: TenantId, profile: Mapping[str, Any]) -> None:
    """What the sandbox says its properties mean; a field somebody has mapped since, or cleared, is left alone."""
    known = {one.mapping.field for one in place.mappings.history(owner)}
    for field in _MAPPED:
        name = profile[f"{field}_property"]
        if name is not None and field not in known:
            unit = MrrUnit.MONTH if field is MappedField.MRR else None
            place.mappings.set(owner, FieldMapping(field=field, property_name=name, unit=unit), author="demo")
