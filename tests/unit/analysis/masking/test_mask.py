"""Laws of masking: the way back is exact, a second time changes nothing, and what looks like a detail but is none stays."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evals.planting import plant
from analysis.masking import MaskedText, mask
from analysis.quotes import locate, locate_in_original
from core.vocabulary import PiiKind

PEOPLE = ("Ana Müller", "Will van der Berg", "Li O'Brien")
DETAILS = (
    "ana@example.com",
    "+49 30 1234567",
    "(650) 253-0000",
    "07911 123456",
    "4111 1111 1111 1111 09/27 123",
    "DE89 3704 0044 0532 0130 00",
    "Ana Müller",
    "MUELLER's",
    "van der Berg",
    "Will",
    "will",
    "[EMAIL_1]",
    "[NAME_2",
    "_1]",
    "Order 6502530000",
    "192.168.100.200",
)
texts = st.lists(
    st.one_of(st.sampled_from(DETAILS), st.text(max_size=12), st.text("0123456789 +-().@aA\n[]", max_size=24)),
    max_size=12,
).flatmap(lambda parts: st.sampled_from(["", " ", "\n", ", "]).map(lambda joint: joint.join(parts)))


@settings(max_examples=300)
@given(texts)
def test_what_was_taken_out_can_be_put_back(text: str) -> None:
    masked = mask(text, PEOPLE)
    assert masked.unmask() == masked.original == text


@settings(max_examples=300)
@given(texts)
def test_masking_is_deterministic_and_a_second_time_changes_nothing(text: str) -> None:
    masked = mask(text, PEOPLE)
    assert mask(text, PEOPLE) == masked
    again = mask(masked.text, PEOPLE)
    assert (again.text, again.spans) == (masked.text, ())


def as_sent(masked: MaskedText, start: int, end: int) -> str:
    """What stands for `original[start:end]` in the text as sent; the span cuts through no detail."""
    parts, at = [], start
    for span in masked.spans:
        if start <= span.original_start < end:
            parts += [masked.original[at : span.original_start], masked.text[span.start : span.end]]
            at = span.original_end
    return "".join([*parts, masked.original[at:end]])


@settings(max_examples=300)
@given(texts, st.data())
def test_every_quote_of_the_text_as_sent_leads_to_the_original_that_stands_for_it(
    text: str, data: st.DataObject
) -> None:
    masked = mask(text, PEOPLE)
    start = data.draw(st.integers(0, len(masked.text)))
    end = data.draw(st.integers(start, len(masked.text)))
    original_start, original_end = masked.original_span(start, end)
    assert 0 <= original_start <= original_end <= len(text) or start == end
    if start < end:
        assert masked.text[start:end] in as_sent(masked, original_start, original_end)
        cut = [span for span in masked.spans if span.start < end and start < span.end]
        assert all(original_start <= span.original_start and span.original_end <= original_end for span in cut)
        if not cut:
            assert text[original_start:original_end] == masked.text[start:end]


@given(st.integers())
def test_no_letter_of_an_address_an_account_or_a_card_is_left(seed: int) -> None:
    planted = plant("It broke. Nobody helps! Why?\n\nWe wait.", random.Random(seed))
    masked = mask(planted.text, planted.people)
    for kind, start, end in planted.details:
        if kind in {PiiKind.EMAIL, PiiKind.CARD, PiiKind.IBAN}:
            assert planted.text[start:end] not in masked.text
            assert masked.original_span(*_placeholder(masked, kind))[0] <= start


def _placeholder(masked: MaskedText, kind: PiiKind) -> tuple[int, int]:
    return next((span.start, span.end) for span in masked.spans if span.kind is kind)


def test_the_same_detail_keeps_its_placeholder_however_it_is_written() -> None:
    text = (
        "Ana (ANA@X.COM, ana@x.com), +49 30 1234567, 030 1234567, 4111111111111111 or 4111-1111-1111-1111; ana müller."
    )
    assert (
        mask(text, PEOPLE).text
        == "[NAME_1] ([EMAIL_1], [EMAIL_1]), [PHONE_1], [PHONE_1], [CARD_1] or [CARD_1]; [NAME_1]."
    )


def test_a_placeholder_somebody_wrote_is_left_alone_and_its_number_is_not_used() -> None:
    masked = mask("Say [EMAIL_1] and a@x.com and b@x.com")
    assert masked.text == "Say [EMAIL_1] and [EMAIL_2] and [EMAIL_3]"


def test_a_quote_that_cuts_a_placeholder_widens_to_the_whole_detail() -> None:
    masked = mask("Mail ana@example.com, now")
    quote = locate(masked.text, "[EMAIL_1], now")
    assert quote is not None
    start, end = masked.original_span(quote.start, quote.end)
    assert masked.original[start:end] == "ana@example.com, now"
    cut = masked.text.index("AIL_1")
    assert masked.original_span(cut, cut + 3) == (5, 20)


def test_quotes_of_the_text_as_sent_are_told_in_the_customers_own_words() -> None:
    sent = mask("Grüße, Ana Müller (ana@x.com) is fed up. Call +49 30 1234567!", PEOPLE)
    assert sent.text == "Grüße, [NAME_1] ([EMAIL_1]) is fed up. Call [PHONE_1]!"
    [first, second] = locate_in_original(
        sent, ["[NAME_1] ([EMAIL_1]) is fed up", "call [phone_1]", "invented", "Call [PHONE_1"]
    )
    assert (first.quote, first.start, first.end) == ("Ana Müller (ana@x.com) is fed up", 7, 39)
    assert (second.quote, second.start, second.end) == ("Call +49 30 1234567", 41, 60)
    assert all(sent.original[one.start : one.end] == one.quote for one in (first, second))


def test_a_text_without_details_is_sent_as_it_is() -> None:
    assert mask("Nothing works.", PEOPLE).text == "Nothing works."
    assert mask("", PEOPLE).text == ""


@pytest.mark.parametrize(
    "text",
    [
        "Order 6502530000 is late",
        "ticket #4915112345678",
        "case no. 212-555-0100",
        "since 2024-01-15 12:30:55 or 15.01.2024, 10:00",
        "on 3/14/24 and 2024/03/14",
        "version 10.15.7.1234 and v2.31.0-rc.1",
        "it cost 1,234,567.89 USD, 1 234 567 EUR or $2025550123",
        "hosts 192.168.100.200, 10.0.0.1 and 172.16.254.1",
        "550e8400-e29b-41d4-a716-446655440000",
        "https://app.example.com/items/6502530000?t=4915112345678",
        "unix time 1732550000",
        "1234 5678 9012 3456",
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "ISBN 978-3-16-148410-0",
        "we have 10 20 30 40 50 60 rows",
        "@handle, a@b, @, x@localhost",
        "12 CFR 1006.18 ; 1006.14 1006.10 1006.26",
    ],
)
def test_numbers_that_are_no_details_stay(text: str) -> None:
    assert mask(text, PEOPLE).text == text


def test_a_long_text_of_nothing_but_candidates_is_masked_in_no_time() -> None:
    for text in (
        "a" * 16_000,
        "1" * 16_000,
        "1 " * 8_000,
        "a.a" * 5_000,
        "DE12 " * 3_000,
        "+" * 16_000,
        "(1) " * 4_000,
    ):
        assert re.sub(r"\[[A-Z]+_\d+\]", "", mask(text, PEOPLE).text).count(text[0]) >= 0
