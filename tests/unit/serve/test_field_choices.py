"""What a person may choose for a field: only what the import found and found fitting; what stays as it is needs no proof."""

from typing import Any

import pytest

from core.fields import FieldMapping
from core.vocabulary import MappedField, MrrUnit
from serve.fields.schemas import FieldChoice
from serve.fields.service import UnfitChoice, mappings

F = MappedField


def candidate(name: str, kind: str, *fits: MappedField) -> dict[str, Any]:
    return {"name": name, "label": name.title(), "type": kind, "fits": dict.fromkeys(fits, 1)}


CANDIDATES = [
    candidate("arr", "number", F.MRR, F.USAGE),
    candidate("ends", "date", F.RENEWAL, F.CHURN),
    candidate("0/1", "stage", F.NEW_STAGES, F.WAITING_STAGES),
]
HELD = FieldMapping(field=F.MRR, property_name="gone", unit=MrrUnit.YEAR, currency_property="iso")


def chosen(*choices: FieldChoice, held: FieldMapping | None = None) -> list[FieldMapping]:
    return mappings(choices, CANDIDATES, {held.field: held} if held else {})


def test_what_fits_becomes_a_mapping() -> None:
    assert chosen(
        FieldChoice(field=F.MRR, property_name="arr", currency="EUR"),
        FieldChoice(field=F.RENEWAL),
        FieldChoice(field=F.NEW_STAGES, stage_ids=["0/1"]),
    ) == [
        FieldMapping(field=F.MRR, property_name="arr", unit=MrrUnit.MONTH, currency="EUR"),
        FieldMapping(field=F.RENEWAL),
        FieldMapping(field=F.NEW_STAGES, stage_ids=("0/1",)),
    ]


def test_what_is_mapped_already_may_stay_although_it_is_not_found_any_more() -> None:
    [kept] = chosen(FieldChoice(field=F.MRR, property_name="gone", unit=MrrUnit.YEAR), held=HELD)
    assert kept == HELD


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (FieldChoice(field=F.MRR, property_name="nope"), "no company property 'nope'"),
        (FieldChoice(field=F.MRR, property_name="0/1"), "no company property '0/1'"),
        (FieldChoice(field=F.MRR, property_name="ends"), "of type date, which cannot hold mrr"),
        (FieldChoice(field=F.MRR, stage_ids=["0/1"]), "not in ticket stages"),
        (FieldChoice(field=F.USAGE, property_name="arr", unit=MrrUnit.YEAR), "belong to mrr"),
        (FieldChoice(field=F.NEW_STAGES, stage_ids=["9/9"]), "no ticket stage 9/9"),
        (FieldChoice(field=F.NEW_STAGES, property_name="arr"), "not about a property"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(choice: FieldChoice, why: str) -> None:
    with pytest.raises(UnfitChoice, match=why):
        chosen(choice)


def test_a_field_is_chosen_once_and_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(UnfitChoice, match=r"mrr is chosen twice\..*no company property 'x'.*no company property 'y'"):
        chosen(FieldChoice(field=F.MRR, property_name="x"), FieldChoice(field=F.MRR, property_name="y"))
