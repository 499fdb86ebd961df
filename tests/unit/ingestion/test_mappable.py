"""What may be mapped to what, and what sounds as if it were meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fields import FieldMapping
from core.vocabulary import MappedField, MrrUnit
from ingestion.hubspot.mappable import FITTING_TYPES, Definition, Mappable, UnfitMapping, check, problems, suggestions


def defined(name: str, kind: str = "number", label: str = "", **more: Any) -> Definition:
    return Definition(name, label or name, kind, more.pop("is_archived", False), **more)


FOUND = Mappable(
    {
        one.name: one
        for one in (
            defined("monthly_recurring_revenue", label="Monthly recurring revenue"),
            defined("old_mrr", is_archived=True),
            defined("renewal_date", "date", "Renewal date"),
            defined("last_login_at", "datetime"),
            defined("plan", "string"),
            defined("billed_in", "enumeration"),
            defined("annualrevenue", label="Annual revenue", is_hubspot_defined=True),
        )
    },
    {"0/1": "New", "0/2": "Waiting on contact"},
)


def mrr(name: str = "monthly_recurring_revenue", **more: Any) -> FieldMapping:
    return FieldMapping(field=MappedField.MRR, property_name=name, unit=MrrUnit.MONTH, **more)


def stages(*ids: str) -> FieldMapping:
    return FieldMapping(field=MappedField.WAITING_STAGES, stage_ids=ids)


@pytest.mark.parametrize(
    "mapping",
    [
        mrr(),
        mrr(currency="EUR"),
        mrr(currency_property="billed_in"),
        mrr(currency_property="plan"),
        FieldMapping(field=MappedField.RENEWAL, property_name="renewal_date"),
        FieldMapping(field=MappedField.RENEWAL, property_name="last_login_at"),
        FieldMapping(field=MappedField.RENEWAL),
        stages(),
        stages("0/2", "0/1"),
    ],
)
def test_what_exists_and_fits_passes(mapping: FieldMapping) -> None:
    check(mapping, FOUND, "acme")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (
            mrr("monthly_recuring_revenue"),
            "HubSpot has no company property 'monthly_recuring_revenue'. Did you mean monthly_recurring_revenue?",
        ),
        (mrr("qqq"), "HubSpot has no company property 'qqq'."),
        (mrr("old_mrr"), "Company property 'old_mrr' is archived in HubSpot: restore it there or map another."),
        (mrr("plan"), "Company property 'plan' is of type string, mrr needs number."),
        (
            FieldMapping(field=MappedField.LAST_LOGIN, property_name="renewal"),
            "HubSpot has no company property 'renewal'. Did you mean renewal_date?",
        ),
        (
            mrr(currency_property="renewal_date"),
            "Company property 'renewal_date' is of type date, a currency needs string or enumeration.",
        ),
        (mrr(currency="Euro"), "'Euro' is no currency code of ISO 4217: write it like USD."),
        (
            stages("0/2", "1"),
            "HubSpot has no ticket stage '1'. Written as pipeline/stage, it has 0/1 (New), 0/2 (Waiting on contact).",
        ),
    ],
)
def test_what_does_not_is_refused_with_what_was_perhaps_meant(mapping: FieldMapping, says: str) -> None:
    assert problems(mapping, FOUND) == [says]
    with pytest.raises(UnfitMapping) as refused:
        check(mapping, FOUND, "acme")
    assert str(refused.value) == f"{mapping.field} of tenant acme was not changed. {says}"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(problems(mrr("qqq", currency_property="www"), FOUND)) == 2


def test_loaded_rows_say_the_same_as_hubspot() -> None:
    properties = [
        {"name": one.name, "label": one.label, "type": one.type, "archived": one.is_archived}
        for one in FOUND.properties.values()
    ]
    rows = [
        {"pipeline_id": "0", "id": "1", "label": "New", "archived": False},
        {"pipeline_id": "0", "id": "2", "label": "Waiting on contact", "archived": False},
        {"pipeline_id": "0", "id": "9", "label": "Gone", "archived": True},
    ]
    found = Mappable.in_rows(properties, rows)
    assert found.stages == FOUND.stages
    for mapping in (mrr(), mrr("old_mrr"), mrr("plan"), stages("0/9")):
        assert problems(mapping, found) == problems(mapping, FOUND)


def test_hubspots_own_and_archived_properties_are_never_suggested() -> None:
    assert [one.name for one in suggestions(MappedField.MRR, FOUND)] == ["monthly_recurring_revenue"]
    assert suggestions(MappedField.NEW_STAGES, FOUND) == []


def test_names_in_one_word_are_read_like_names_with_underscores() -> None:
    found = Mappable({"contractRenewalDate": defined("contractRenewalDate", "date")}, {})
    assert [one.name for one in suggestions(MappedField.RENEWAL, found)] == ["contractRenewalDate"]


def test_the_day_a_customer_left_is_suggested_and_the_reason_is_not() -> None:
    found = [defined("churned_on", "date"), defined("cancellation_date", "datetime"), defined("churn_reason", "string")]
    named = Mappable({one.name: one for one in found}, {})
    assert {one.name for one in suggestions(MappedField.CHURN, named)} == {"churned_on", "cancellation_date"}
    check(FieldMapping(field=MappedField.CHURN, property_name="churned_on"), named, "acme")
    with pytest.raises(UnfitMapping, match="type string, churn needs date or datetime"):
        check(FieldMapping(field=MappedField.CHURN, property_name="churn_reason"), named, "acme")


names = st.sampled_from(["mrr", "renewal", "last_login", "onboarding_step", "usage_30d", "arr", "x", "value"])
catalogues = st.lists(
    st.builds(
        Definition,
        names,
        names,
        st.sampled_from(["number", "date", "datetime", "string", "enumeration", "bool"]),
        st.booleans(),
        st.booleans(),
    )
).map(lambda found: Mappable({one.name: one for one in found}, {}))


@given(catalogues, st.sampled_from(list(FITTING_TYPES)))
def test_what_is_suggested_can_be_mapped(found: Mappable, field: MappedField) -> None:
    for one in suggestions(field, found):
        assert problems(FieldMapping(field=field, property_name=one.name), found) == []
