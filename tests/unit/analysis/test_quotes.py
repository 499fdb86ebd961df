"""Quotes are located in code, or dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.quotes import fold, locate, locate_all

TEXT = (
    "Hi team,\n\nWe\u2019re  \u201cdone\u201d &amp; tired \u2014 really. "
    "Stra\u00dfe 5 \u2026 cancel   our\ncontract. It's 5 \U0001f621 now."
)


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("tired", "tired"),
        ('We\'re "done" & tired - really', "We\u2019re  \u201cdone\u201d &amp; tired \u2014 really"),
        ("cancel our contract", "cancel   our\ncontract"),
        ("CANCEL OUR CONTRACT.", "cancel   our\ncontract."),
        ('"cancel our contract..."', "cancel   our\ncontract"),
        ("it&#39;s 5 \U0001f621 now", "It's 5 \U0001f621 now"),
        ("strasse 5", "Stra\u00dfe 5"),
    ],
)
def test_a_quote_is_found_as_it_stands(quote: str, stands: str) -> None:
    found = locate(TEXT, quote)
    assert found is not None
    assert found.quote == stands
    assert TEXT[found.start : found.end] == stands


@pytest.mark.parametrize(
    "quote", ["we will cancel", "cancel the contract", "", "  ", "...", "a", "\U0001f621", "stras", "done and tired"]
)
def test_an_invented_or_empty_quote_is_not_found(quote: str) -> None:
    assert locate(TEXT, quote) is None


def test_repeats_are_kept_once_and_order_is_kept() -> None:
    found = locate_all("one two three four", ["three four", "nothing here", "ONE TWO", "one two"])
    assert [one.quote for one in found] == ["three four", "one two"]


PIECES = st.lists(
    st.sampled_from(
        ["don\u2019t", "don't", " ", "  ", "\n", "&amp;", "&", "\u2026", "...", "\u201c", '"', "\u00df", "ss"]
    )
    | st.sampled_from(["\u0130", "cancel", "CANCEL", "\u00ad", "\U0001f621", "-", "\u2013", "renew"]),
    max_size=25,
).map("".join)


@given(PIECES | st.text(max_size=80), PIECES | st.text(max_size=20))
def test_whatever_is_located_equals_the_text_there_after_folding(text: str, quote: str) -> None:
    found = locate(text, quote)
    if found is not None:
        assert text[found.start : found.end] == found.quote
        core = fold(quote).strip(" \"'\u2026").removesuffix("...").removeprefix("...").strip(" \"'\u2026")
        assert core in fold(found.quote) or found.quote == quote.strip()


@given(PIECES, PIECES, st.data())
def test_every_passage_of_a_text_is_located(before: str, after: str, data: st.DataObject) -> None:
    text = f"{before}renewal{after}"
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(len(text) - len(after), len(text)))
    assert locate(text, text[start:end]) is not None
