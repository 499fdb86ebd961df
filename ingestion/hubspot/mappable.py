"""What may be mapped to which field: HubSpot's company properties of a fitting type, and its ticket stages. Pure decisions.

The same rules judge a mapping before it is set, against HubSpot itself, and after every load, against the catalogue that was
loaded: a property may vanish, be archived or be retyped under a mapping that was right when it was made. What stands in the
properties is not looked at here (`ingestion.hubspot.samples`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import Terminal
from core.fields import FieldMapping
from core.vocabulary import MappedField
from ingestion.hubspot.reader import Portal
from ingestion.hubspot.tables import COMPANIES

_NUMBERS, _DATES, _CODES = ("number",), ("date", "datetime"), ("string", "enumeration")

FITTING_TYPES: Mapping[MappedField, tuple[str, ...]] = {
    MappedField.MRR: _NUMBERS,
    MappedField.RENEWAL: _DATES,
    MappedField.LAST_LOGIN: _DATES,
    MappedField.ONBOARDING_STEP: _NUMBERS,
    MappedField.USAGE: _NUMBERS,
    MappedField.CHURN: _DATES,
}
"""HubSpot's data types a property may have, by field."""

_CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_NEAR = 3


class UnfitMapping(Terminal):
    """The mapping names something HubSpot does not have, or that cannot hold the field."""


@dataclass(frozen=True)
class Definition:
    """One company property as HubSpot's catalogue has it."""

    name: str
    label: str
    type: str
    is_archived: bool
    is_hubspot_defined: bool = False


@dataclass(frozen=True)
class Mappable:
    """What one portal has.

    Attributes:
        properties: Company properties by name, archived ones included.
        stages: Labels of ticket stages by `pipeline_id/stage_id`, archived ones left out.
    """

    properties: Mapping[str, Definition]
    stages: Mapping[str, str]

    @classmethod
    def in_portal(cls, portal: Portal) -> "Mappable":
        """Asks HubSpot."""
        definitions = [
            Definition(
                str(one["name"]),
                str(one.get("label") or one["name"]),
                str(one.get("type")),
                bool(one["archived"]),
                bool(one.get("hubspotDefined")),
            )
            for one in portal.definitions(COMPANIES.name)
        ]
        stages = {
            f"{pipeline['id']}/{stage['id']}": str(stage.get("label"))
            for pipeline in portal.pipelines()
            for stage in pipeline.get("stages") or ()
            if not pipeline.get("archived") and not stage.get("archived")
        }
        # A property that was archived and made anew is in the catalogue twice; the live one counts.
        return cls({one.name: one for one in sorted(definitions, key=lambda one: not one.is_archived)}, stages)

    @classmethod
    def in_rows(cls, properties: Iterable[Mapping[str, Any]], stages: Iterable[Mapping[str, Any]]) -> "Mappable":
        """Reads rows of `raw_hubspot.properties` about companies, and of `raw_hubspot.pipeline_stages`."""
        return cls(
            {
                row["name"]: Definition(
                    row["name"], row["label"] or row["name"], str(row["type"]), bool(row["archived"])
                )
                for row in properties
            },
            {f"{row['pipeline_id']}/{row['id']}": str(row["label"]) for row in stages if not row["archived"]},
        )


def check(mapping: FieldMapping, found: Mappable, tenant_id: str) -> None:
    """Let a mapping pass, or say what is wrong with it.

    Raises:
        UnfitMapping: Everything that is wrong, and what was perhaps meant.
    """
    if wrong := problems(mapping, found):
        raise UnfitMapping(f"{mapping.field} of tenant {tenant_id} was not changed. {' '.join(wrong)}")


def problems(mapping: FieldMapping, found: Mappable) -> list[str]:
    """What is wrong with a mapping, a sentence each."""
    wrong = [_stage_problem(one, found) for one in mapping.stage_ids or ()]
    if mapping.property_name is not None:
        wrong.append(_property_problem(mapping.property_name, mapping.field, FITTING_TYPES[mapping.field], found))
    if mapping.currency_property is not None:
        wrong.append(_property_problem(mapping.currency_property, "a currency", _CODES, found))
    if mapping.currency is not None and not _CURRENCY_CODE.fullmatch(mapping.currency):
        wrong.append(f"{mapping.currency!r} is no currency code of ISO 4217: write it like USD.")
    return [one for one in wrong if one is not None]


def _property_problem(name: str, what: str, fitting: tuple[str, ...], found: Mappable) -> str | None:
    definition = found.properties.get(name)
    if definition is None:
        return f"HubSpot has no company property {name!r}.{_near(name, fitting, found)}"
    if definition.is_archived:
        return (
            f"Company property {name!r} is archived in HubSpot: restore it there or map another."
            f"{_near(name, fitting, found)}"
        )
    if definition.type not in fitting:
        return (
            f"Company property {name!r} is of type {definition.type}, {what} needs {' or '.join(fitting)}."
            f"{_near(name, fitting, found)}"
        )
    return None


def _stage_problem(stage_id: str, found: Mappable) -> str | None:
    if stage_id in found.stages:
        return None
    there = ", ".join(f"{one} ({label})" for one, label in sorted(found.stages.items()))
    return f"HubSpot has no ticket stage {stage_id!r}. Written as pipeline/stage, it has {there or 'none'}."


def _near(name: str, fitting: tuple[str, ...], found: Mappable) -> str:
    """The live properties of a fitting type whose name or label is nearly this, as a sentence; '' for none."""
    spelt: dict[str, str] = {}
    for one in found.properties.values():
        if one.name != name and not one.is_archived and one.type in fitting:
            spelt.setdefault(one.name.lower(), one.name)
            spelt.setdefault(one.label.lower().replace(" ", "_"), one.name)
    near = list(dict.fromkeys(spelt[one] for one in get_close_matches(name.lower(), spelt, n=2 * _NEAR)))[:_NEAR]
    return f" Did you mean {' or '.join(near)}?" if near else ""


_CLUES: Mapping[MappedField, Mapping[str, int]] = {
    MappedField.MRR: {
        "mrr": 5,
        "monthly recurring": 5,
        "arr": 4,
        "annual recurring": 4,
        "acv": 3,
        "contract value": 3,
        "recurring": 2,
        "subscription": 2,
        "revenue": 2,
        "monthly": 1,
        "month": 1,
        "amount": 1,
        "value": 1,
    },
    MappedField.RENEWAL: {
        "renewal": 5,
        "renews": 5,
        "renew": 4,
        "contract end": 5,
        "subscription end": 5,
        "term end": 4,
        "expiry": 3,
        "expires": 3,
        "expiration": 3,
        "end": 1,
    },
    MappedField.LAST_LOGIN: {
        "last login": 5,
        "last sign in": 5,
        "last active": 4,
        "last seen": 4,
        "login": 3,
        "sign in": 3,
        "logged in": 3,
        "session": 1,
    },
    MappedField.ONBOARDING_STEP: {
        "onboarding": 5,
        "go live": 3,
        "setup": 2,
        "implementation": 2,
        "activation": 2,
        "step": 2,
        "milestone": 2,
        "stage": 1,
    },
    MappedField.USAGE: {
        "usage": 5,
        "active users": 4,
        "active seats": 4,
        "last 30 days": 3,
        "30d": 3,
        "sessions": 2,
        "events": 2,
        "logins": 1,
        "used": 1,
    },
    MappedField.CHURN: {
        "churn": 5,
        "churned": 5,
        "cancelled": 5,
        "canceled": 5,
        "cancellation": 5,
        "terminated": 4,
        "termination": 4,
        "offboarded": 4,
        "left on": 3,
        "lost on": 3,
        "lost": 1,
    },
}
"""Words in a property's name or label that speak for a field, and how loudly."""


def suggestions(field: MappedField, found: Mappable) -> list[Definition]:
    """Live properties of a fitting type that sound like the field, best first.

    HubSpot's own properties are left out: they are about the sale and the company, never about the subscription.
    """
    scored = [
        (fits(one).get(field, 0), one)
        for one in found.properties.values()
        if not one.is_archived and not one.is_hubspot_defined
    ]
    return [one for score, one in sorted(scored, key=lambda pair: (-pair[0], pair[1].name)) if score]


def fits(definition: Definition) -> dict[MappedField, int]:
    """Fields that a property of this type can hold, each with how much the property sounds like it."""
    return {field: _score(field, definition) for field, types in FITTING_TYPES.items() if definition.type in types}


def _score(field: MappedField, definition: Definition) -> int:
    # `renewalDate` and `renewal_date` are the same two words.
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", f"{definition.name} | {definition.label}")
    words = f" {' '.join(re.findall(r'[a-z0-9]+|[|]', spelt.lower()))} "
    return sum(weight for clue, weight in _CLUES[field].items() if f" {clue} " in words)
