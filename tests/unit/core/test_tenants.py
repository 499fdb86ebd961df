import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.naming import RAW_HUBSPOT, pipeline_name
from core.tenants import InvalidSlug, cell, slug_from, tenant_id


@pytest.mark.parametrize(
    "bad", ["", "Acme", "acme_ltd", "-acme", "acme-", "a--b", "1acme", "a|b", "a/b", "a" * 41, "ä"]
)
def test_a_name_that_would_not_survive_as_a_schema_or_partition_is_refused(bad: str) -> None:
    with pytest.raises(InvalidSlug, match="use lower-case letters"):
        tenant_id(bad)


@given(st.text())
def test_any_text_makes_a_valid_slug(text: str) -> None:
    assert tenant_id(slug_from(text)) == slug_from(text)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,3}", fullmatch=True), unique=True, min_size=2))
def test_two_cells_never_share_a_pipeline(names: list[str]) -> None:
    assert len({pipeline_name(RAW_HUBSPOT, cell(name)) for name in names}) == len(names)
