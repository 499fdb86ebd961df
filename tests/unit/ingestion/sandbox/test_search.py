"""Search bodies become tests and orders the way HubSpot documents it."""

from typing import Any

import pytest

from ingestion.sandbox.catalogue import KINDS, TICKETS, default_properties
from ingestion.sandbox.clock import parse_iso, to_millis
from ingestion.sandbox.refusals import Refusal
from ingestion.sandbox.search import parse

KIND = KINDS[TICKETS]
DEFINITIONS = {one.name: one for one in default_properties(TICKETS)}
TICKET = {
    "hs_object_id": "41",
    "subject": "Invoice for Q3",
    "content": "We were charged twice, see order-77.",
    "createdate": "2026-03-01T10:00:00.000Z",
    "hs_lastmodifieddate": "2026-03-02T10:00:00.500Z",
    "hs_pipeline_stage": "4",
    "hs_ticket_category": "BILLING_ISSUE;GENERAL_INQUIRY",
    "source_type": "EMAIL",
}


def finds(*filters: dict[str, Any], query: str | None = None, links: dict[str, set[int]] | None = None) -> bool:
    body: dict[str, Any] = {"filterGroups": [{"filters": list(filters)}] if filters else [], "query": query}
    understood = parse(body, KIND, DEFINITIONS, wall=10_000)
    return understood.test(41, TICKET, lambda _id, other: (links or {}).get(other, set()))


def one(name: str, operator: str, **values: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **values}


MODIFIED_MS = to_millis(parse_iso(TICKET["hs_lastmodifieddate"]))


@pytest.mark.parametrize(
    ("found", "given"),
    [
        (True, one("hs_lastmodifieddate", "GTE", value=str(MODIFIED_MS))),
        (False, one("hs_lastmodifieddate", "GT", value=str(MODIFIED_MS))),
        (True, one("hs_lastmodifieddate", "BETWEEN", value=MODIFIED_MS - 1, highValue=MODIFIED_MS)),
        (False, one("hs_lastmodifieddate", "BETWEEN", value=MODIFIED_MS + 1, highValue=MODIFIED_MS + 9)),
        (False, one("hs_lastmodifieddate", "LT", value=MODIFIED_MS)),
        (True, one("hs_lastmodifieddate", "LTE", value=MODIFIED_MS)),
        (True, one("hs_object_id", "GT", value="9")),
        (False, one("hs_object_id", "GT", value="41")),
        (True, one("subject", "EQ", value="invoice FOR q3")),
        (True, one("subject", "NEQ", value="other")),
        (True, one("subject", "IN", values=["invoice for q3", "x"])),
        (False, one("subject", "IN", values=["Invoice for Q3"])),
        (True, one("subject", "NOT_IN", values=["x"])),
        (True, one("hs_pipeline_stage", "IN", values=["4", "5"])),
        (True, one("source_type", "EQ", value="EMAIL")),
        (False, one("source_type", "EQ", value="email")),
        (True, one("hs_ticket_category", "EQ", value="GENERAL_INQUIRY")),
        (False, one("hs_ticket_category", "EQ", value="GENERAL")),
        (True, one("hs_ticket_category", "IN", values=["FEATURE_REQUEST", "BILLING_ISSUE"])),
        (True, one("content", "CONTAINS_TOKEN", value="charg*")),
        (False, one("content", "CONTAINS_TOKEN", value="charg")),
        (True, one("content", "NOT_CONTAINS_TOKEN", value="refund")),
        (True, one("subject", "HAS_PROPERTY")),
        (False, one("closed_date", "HAS_PROPERTY")),
        (True, one("closed_date", "NOT_HAS_PROPERTY")),
        (False, one("closed_date", "LT", value="99999999999999")),
        (False, one("hs_resolution", "NEQ", value="x")),
    ],
)
def test_an_operator_finds_what_it_should(found: bool, given: dict[str, Any]) -> None:
    assert finds(given) is found


def test_filters_of_a_group_must_all_hold_and_one_group_is_enough() -> None:
    right, wrong = one("hs_object_id", "EQ", value="41"), one("hs_object_id", "EQ", value="42")
    assert not finds(right, wrong)
    body = {"filterGroups": [{"filters": [wrong]}, {"filters": [right]}]}
    assert parse(body, KIND, DEFINITIONS, wall=10_000).test(41, TICKET, lambda _i, _o: ())


def test_associations_are_a_pseudo_property() -> None:
    links = {"companies": {7}}
    assert finds(one("associations.company", "EQ", value="7"), links=links)
    assert finds(one("associations.companies", "IN", values=["6", "7"]), links=links)
    assert not finds(one("associations.company", "EQ", value="6"), links=links)
    assert finds(one("associations.contact", "NOT_HAS_PROPERTY"), links=links)


def test_query_looks_for_word_beginnings_in_the_usual_properties() -> None:
    assert finds(query="charged INVO")
    assert not finds(query="charged refund")


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "abc"},
        {"after": "9901", "limit": 100},
        {"after": "-1"},
        {"sorts": [{"propertyName": "createdate"}, {"propertyName": "subject"}]},
        {"sorts": [{"propertyName": "nope"}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [one("subject", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [one("subject", "HAS_PROPERTY")] * 5}] * 4},
        {"filterGroups": [{"filters": [one("nope", "EQ", value="1")]}]},
        {"filterGroups": [{"filters": [one("subject", "LIKE", value="1")]}]},
        {"filterGroups": [{"filters": [one("subject", "IN", value="1")]}]},
        {"filterGroups": [{"filters": [one("createdate", "GTE", value="2026-01-01T00:00:00Z")]}]},
        {"filterGroups": [{"filters": [one("subject", "EQ")]}]},
        {"query": "x" * 3_001},
        [],
    ],
)
def test_what_hubspot_refuses_is_refused(body: Any) -> None:
    with pytest.raises(Refusal) as refused:
        parse(body, KIND, DEFINITIONS, wall=10_000)
    assert (refused.value.status, refused.value.category) == (400, "VALIDATION_ERROR")


def test_the_wall_is_reached_but_not_passed() -> None:
    assert parse({"after": "9800", "limit": 200}, KIND, DEFINITIONS, wall=10_000).offset == 9_800
    with pytest.raises(Refusal):
        parse({"after": "9801", "limit": 200}, KIND, DEFINITIONS, wall=10_000)


def test_long_property_lists_are_not_counted_as_filter_text() -> None:
    names = [f"property_{number}" for number in range(2_000)]
    assert parse({"properties": names}, KIND, DEFINITIONS, wall=10_000).properties == names


def test_sorts_may_be_objects_or_names_and_numbers_sort_as_numbers() -> None:
    by_object = parse(
        {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "limit": 9}, KIND, DEFINITIONS, wall=9
    )
    by_name = parse({"sorts": ["-hs_object_id"], "limit": 9}, KIND, DEFINITIONS, wall=9)
    assert by_object.is_descending
    assert by_name.is_descending
    assert sorted(["10", "9", "100"], key=by_name.sort_key) == ["9", "10", "100"]
    assert parse({"limit": 9}, KIND, DEFINITIONS, wall=9).sort_property == "createdate"
