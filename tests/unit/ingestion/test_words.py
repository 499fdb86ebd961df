"""What may be loaded of a record whose person has been erased."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.hubspot.words import thin_properties, without_words

# Whatever the person may have written or be called; what HubSpot itself would write as a number, flag or moment is none.
WORDS = st.text(min_size=1).filter(lambda text: any(one.isalpha() for one in text)).map(lambda text: f"Ada {text}")
NAMES = st.one_of(
    st.sampled_from(["subject", "content", "reported_by", "hs_all_associated_contact_emails", "hs_email_from_email"]),
    st.from_regex(r"(hs_)?[a-z_]{1,20}", fullmatch=True),
)
COUNTED = {
    "hs_pipeline": "0",
    "hs_pipeline_stage": "2",
    "hs_ticket_priority": "HIGH",
    "hubspot_owner_id": "77",
    "hs_primary_company_id": "9",
    "createdate": "2026-11-01T10:00:00.000Z",
    "closed_date": "2026-11-02T10:00:00Z",
    "hs_lastmodifieddate": "2026-11-02T10:00:00.123Z",
    "hs_object_id": "12",
    "hs_overall_visitor_messages_sentiment": "negative",
    "hs_time_to_close": "86400000",
    "hs_is_closed": "true",
}
TYPED = {"hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category", "source_type"}


@given(values=st.dictionaries(NAMES, WORDS))
def test_no_property_says_anything_but_what_is_counted(values: dict[str, str]) -> None:
    kept = without_words("tickets", {"id": "1", "properties": values})["properties"]
    assert set(kept) <= TYPED | {"hubspot_owner_id", "hs_primary_company_id", "createdate", "closed_date"} | {
        name for name in values if name.endswith("_sentiment") or name in {"hs_object_id", "lastmodifieddate"}
    }


@given(values=st.dictionaries(NAMES, WORDS))
def test_what_is_counted_stays_as_it_is_and_the_record_is_not_touched(values: dict[str, str]) -> None:
    record = {"id": "1", "archived": False, "properties": values | COUNTED}
    thin = without_words("tickets", record)
    assert {name: thin["properties"].get(name) for name in COUNTED} == COUNTED
    assert (thin["id"], thin["archived"]) == ("1", False)
    assert record["properties"] == values | COUNTED


@given(kind=st.sampled_from(["tickets", "contacts", "emails", "notes"]), values=st.dictionaries(NAMES, WORDS))
def test_a_row_that_is_thinned_is_the_row_that_would_be_loaded(kind: str, values: dict[str, str]) -> None:
    properties = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    once = thin_properties(kind, properties)
    assert json.loads(once) == without_words(kind, {"id": "1", "properties": values})["properties"]
    assert thin_properties(kind, once) == once


@pytest.mark.parametrize("name", ["hs_calculated_phone_number", "phone", "customer_number", "hs_whatsapp_phone_number"])
def test_a_number_to_call_is_no_number_to_count(name: str) -> None:
    assert without_words("contacts", {"id": "1", "properties": {name: "4930123456"}})["properties"] == {}


def test_a_contact_keeps_its_id_and_its_dates() -> None:
    record = {"id": "5", "properties": {"firstname": "Ada", "email": "a@b.example", "lastmodifieddate": "2026-11-01"}}
    assert without_words("contacts", record) == {"id": "5", "properties": {"lastmodifieddate": "2026-11-01"}}
