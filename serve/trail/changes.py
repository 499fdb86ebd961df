"""What is written into the trail when settings change: small facts, and the same in words. Pure.

No note and no name of a rule is among them: people write customers' names into those, and what stands in the trail stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.fields import FieldMapping
from core.params import Key, params
from core.vocabulary import TriggerPreset


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise now; before and after in words."""

    name: str
    before: str
    after: str


def details(changes: Sequence[Change], **beside: Any) -> dict[str, Any]:
    """The `details` of an audit row: `said` in words, `changes` one by one."""
    told = [f"{one.name.replace('_', ' ')} {one.after} (before: {one.before})" for one in changes]
    listed = [{"name": one.name, "from": one.before, "to": one.after} for one in changes]
    return {"said": ", ".join(told), "changes": listed} | beside


def of_settings(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """What is otherwise in the tenant's settings."""
    return [
        Change(_SETTINGS[name], _said(name, held[name]), _said(name, wanted[name]))
        for name in _SETTINGS
        if held[name] != wanted[name]
    ]


def of_budget(before: float | None, after: float | None) -> list[Change]:
    """What is otherwise in the budget."""
    return [Change("budget_of_a_month", _dollars(before), _dollars(after))]


def of_triggers(
    preset: TriggerPreset, own: Mapping[Key, float], wanted: TriggerPreset | None, values: Mapping[Key, float | None]
) -> list[Change]:
    """What is otherwise in the triggers.

    Args:
        preset: What held.
        own: The tenant's own values that held.
        wanted: What was chosen; None: as it was.
        values: What was set; None of a value takes it back.
    """
    found = [] if wanted in {None, preset} else [Change("preset", preset, str(wanted))]
    for key, value in values.items():
        if own.get(key) != value:
            found.append(Change(f"{key[0]}.{key[1]}", _value(key, own.get(key)), _value(key, value)))
    return found


def of_fields(changed: Sequence[tuple[FieldMapping | None, FieldMapping]]) -> list[Change]:
    """What is otherwise in the mappings of fields, each as it was and as it is."""
    return [Change(after.field, _mapped(before), _mapped(after)) for before, after in changed]


_SETTINGS = {
    "name": "name",
    "currency": "currency",
    "is_masked": "masking",
    "default_owner_id": "owner_of_companies_without_one",
    "expire_after_days": "low_cards_expire",
    "retention_days": "words_are_kept",
}


def _said(name: str, value: Any) -> str:
    match name:
        case "is_masked":
            return "on" if value else "off"
        case "default_owner_id":
            return "nobody" if value is None else str(value)
        case "expire_after_days":
            return "never" if value is None else f"after {value} days"
        case "retention_days":
            return "for good" if value is None else f"for {value} days"
        case _:
            return str(value)


def _dollars(amount: float | None) -> str:
    return "as the installation allows" if amount is None else f"${amount:g}"


def _value(key: Key, value: float | None) -> str:
    if value is None:
        return "as the preset"
    known = params().get(key)
    return known.said(value) if known else f"{value:g}"


def _mapped(mapping: FieldMapping | None) -> str:
    if mapping is None or not mapping.is_mapped:
        return "not mapped"
    if mapping.stage_ids is not None:
        return f"stages {', '.join(mapping.stage_ids) or 'none'}"
    paid = f" per {mapping.unit}" if mapping.unit else ""
    return f"{mapping.property_name}{paid}{f' in {mapping.currency}' if mapping.currency else ''}"
