"""Whether what a person chose can be. Pure: the rules of types are the importer's, which left them on each candidate."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.fields import STAGE, FieldMapping
from core.vocabulary import MappedField, MrrUnit
from serve.errors import Unprocessable
from serve.fields.schemas import FieldChoice

Candidates = Sequence[Mapping[str, Any]]


class UnfitChoice(Unprocessable):
    """A field is mapped to something HubSpot does not have, or that cannot hold it."""


def mappings(
    choices: Sequence[FieldChoice], candidates: Candidates, held: Mapping[MappedField, FieldMapping]
) -> list[FieldMapping]:
    """The mappings these choices mean.

    Args:
        choices: What a person chose.
        candidates: What there is.
        held: What is mapped now; what stays as it is needs not be there any more.

    Raises:
        UnfitChoice: With everything that is wrong.
    """
    named = [one.field for one in choices]
    wrong = [f"{field} is chosen twice." for field in MappedField if named.count(field) > 1]
    for one in choices:
        wrong += _problems(one, candidates, held.get(one.field))
    if wrong:
        raise UnfitChoice(f"Nothing was changed. {' '.join(wrong)}")
    return [_mapping(one, held.get(one.field)) for one in choices]


def _problems(choice: FieldChoice, candidates: Candidates, held: FieldMapping | None) -> list[str]:
    field = choice.field
    if field.is_stages:
        known = {one["name"] for one in candidates if one["type"] == STAGE} | set((held and held.stage_ids) or ())
        lost = [one for one in choice.stage_ids or () if one not in known]
        wrong = [f"HubSpot has no ticket stage {', '.join(lost)}."] if lost else []
        return wrong + ([f"{field} is about ticket stages, not about a property."] if choice.property_name else [])
    wrong = [f"{field} is in a company property, not in ticket stages."] if choice.stage_ids is not None else []
    if field is not MappedField.MRR and (choice.unit or choice.currency):
        wrong.append(f"A unit and a currency belong to mrr, not to {field}.")
    name = choice.property_name
    if name is None or (held is not None and held.property_name == name):
        return wrong
    found = next((one for one in candidates if one["name"] == name and one["type"] != STAGE), None)
    if found is None:
        return [*wrong, f"The last import found no company property {name!r} in HubSpot: import again if it is new."]
    if field not in found["fits"]:
        return [*wrong, f"{found['label']} ({name}) is of type {found['type']}, which cannot hold {field}."]
    return wrong


def _mapping(choice: FieldChoice, held: FieldMapping | None) -> FieldMapping:
    is_same = held is not None and held.property_name == choice.property_name and choice.currency is None
    return FieldMapping(
        field=choice.field,
        property_name=choice.property_name,
        stage_ids=None if choice.stage_ids is None else tuple(choice.stage_ids),
        unit=(choice.unit or MrrUnit.MONTH)
        if choice.field is MappedField.MRR and choice.property_name is not None
        else None,
        currency=choice.currency if choice.property_name is not None else None,
        # Set from a terminal, and nothing to lose by saving a form.
        currency_property=held.currency_property if held is not None and is_same else None,
    )
