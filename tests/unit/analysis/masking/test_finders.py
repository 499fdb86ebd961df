"""What each finder finds, and how much of it."""

import pytest

from analysis.masking import mask
from analysis.masking.accounts import IBAN_LENGTHS, is_card, is_iban
from core.vocabulary import PiiKind


def found(text: str, *people: str) -> list[str]:
    masked = mask(text, people)
    return [text[span.original_start : span.original_end] for span in masked.spans]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Mail ana.b+crm@mail.example.co.uk.", "ana.b+crm@mail.example.co.uk"),
        ("'o'brien@x.com'", "o'brien@x.com"),
        ("<jürgen@müller-bau.de>", "jürgen@müller-bau.de"),
        ("ju\u0308rgen@x.de!", "ju\u0308rgen@x.de"),
        ("mailto:a@企業.jp", "a@企業.jp"),
        ("a@xn--mller-kva.xn--p1ai", "a@xn--mller-kva.xn--p1ai"),
        ("?email=ana@x.com&next=/", "ana@x.com"),
    ],
)
def test_email_addresses(text: str, address: str) -> None:
    assert found(text) == [address]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("on +49 30 1234567 please", "+49 30 1234567"),
        ("0049 170 1234567", "0049 170 1234567"),
        ("+1 (555) 123-4567", "+1 (555) 123-4567"),
        ("is (650) 253-0000 x12 still", "(650) 253-0000 x12"),
        ("is 555-123-4567 still", "555-123-4567"),
        ("my mobile is 612345678", "612345678"),
        ("2125551234 is my number", "2125551234"),
        ("try 07911123456 or", "07911123456"),
        ("try 06.12.34.56.78 or", "06.12.34.56.78"),
        ("ring 34.44.22.87 again", "34.44.22.87"),
        ("try (11) 2151-6477 or", "(11) 2151-6477"),
        ("M: 212 555 1234", "212 555 1234"),
        ("Order number 77\n020 7946 0958", "020 7946 0958"),
        ("Phone:\n3129464733", "3129464733"),
        ("\u260e 3129464733", "3129464733"),
    ],
)
def test_phone_numbers(text: str, number: str) -> None:
    assert found(text) == [number]


def test_two_numbers_side_by_side_are_two() -> None:
    assert found("030 1234567 / 0171 1234567") == ["030 1234567", "0171 1234567"]
    assert found("+49 30 1234567 10:30") == ["+49 30 1234567"]
    assert found("Order number:\n3129464733") == []


@pytest.mark.parametrize("number", ["4111111111111111", "5500 0000 0000 0004", "3782-822463-10005", "3056 930902 5904"])
def test_card_numbers(number: str) -> None:
    assert found(f"my card {number} was") == [number]
    assert found(f"my card {number}, exp 09/27 123 was") == [f"{number}, exp 09/27 123"]


def test_a_card_has_an_issuer_and_check_digits() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert not is_card("1" * 16)
    assert not is_card("9999999999999995")


def test_ibans() -> None:
    for iban in ("DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "fr14 2004 1010 0505 0001 3m02 606"):
        assert found(f"to {iban} please") == [iban]
        assert is_iban(iban.replace(" ", ""))
    assert found("DE89 3704 0044 0532 0130 0") == []
    assert len(IBAN_LENGTHS) > 70


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ana Müller's team", ["Ana Müller"]),
        ("ANA and mueller; muller or Müller", ["ANA", "mueller", "muller", "Müller"]),
        ("Mu\u0308ller, Ana here", ["Mu\u0308ller, Ana"]),
        ("Banana and Analysis, Mullers", []),
        ("ana_m and ana2", ["ana"]),
    ],
)
def test_a_name_is_found_whole_or_in_parts_in_any_spelling(text: str, named: list[str]) -> None:
    assert found(text, "Ana Müller") == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("we may cancel, it will break", []),
        ("Ask May or Will.", ["May", "Will"]),
        ("I WILL CANCEL IN MAY", []),
        ("cc: MAY", ["MAY"]),
        ("hi may, hello", ["may"]),
        ("Thanks\nmay", ["may"]),
        ("may will wrote", ["may will"]),
    ],
)
def test_a_name_that_is_an_ordinary_word_counts_where_it_is_meant_as_a_name(text: str, named: list[str]) -> None:
    assert found(text, "May Will") == named


def test_particles_titles_and_shared_mailboxes_are_no_names() -> None:
    assert found("the support team of van Dyk and der Berg", "Support Team", "Dr. van der Berg") == ["der Berg"]
    assert found("Jo asked Jo-Anne, jo went", "Jo") == ["Jo", "Jo"]
    assert found("An error", "A") == []


def test_people_have_one_placeholder_each_and_the_first_takes_a_shared_name() -> None:
    assert mask("Ana, Ben and Müller", ("Ana Müller", "Ben Müller")).text == "[NAME_1], [NAME_2] and [NAME_1]"


def test_a_longer_detail_takes_what_is_in_it() -> None:
    masked = mask("ana.mueller@x.com", ["Ana Müller"])
    assert [span.kind for span in masked.spans] == [PiiKind.EMAIL]
