"""Finds card numbers and IBANs: by their form, and then by their check digits, so that an order number is not taken for one.

Card numbers: ISO/IEC 7812 (the Luhn sum) and the first digits of issuers that are in use. IBANs: ISO 13616 (modulo 97), with the
lengths of its registry.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from analysis.masking.masked import Found
from core.vocabulary import PiiKind

_GAP: Final = r"[ \u00a0\u202f\-\u2010\u2011]"
_RUN: Final = re.compile(rf"(?<![\w+])(?<![0-9][.,:/\-])[0-9]{{2,}}(?:(?:{_GAP}|\.)[0-9]+)*(?!\w)")
_GROUP: Final = re.compile(r"[0-9]+")
_LONGEST: Final = 19
# How cards are embossed; digits that go on behind these (a date, a check number) are not the card's.
_EMBOSSED: Final = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1)}
# First digits, lengths.
_ISSUERS: Final = (
    (re.compile(r"4"), (16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"6011|64[4-9]|65|60|8[12]|508|353|356"), (16, 17, 18, 19)),
    (re.compile(r"30[0-5]|3[689]"), (14, 15, 16, 17, 18, 19)),
    (re.compile(r"352[89]|35[3-8]"), (16, 17, 18, 19)),
    (re.compile(r"62"), (16, 17, 18, 19)),
    (re.compile(r"220[0-4]"), (16, 17, 18, 19)),
    (re.compile(r"50|5[6-9]|6[37]"), (16, 18, 19)),
)
# A date of expiry and a check number belong to the card they stand behind.
_EXPIRY: Final = re.compile(
    r",?\s{1,2}(?:exp\.?:?\s|valid\s)?(?:0[1-9]|1[0-2])\s?/\s?(?:20)?[0-9]{2}(?![\w/])(?:,?\s(?:cv[cv]2?:?\s)?[0-9]{3,4}(?!\w))?",
    re.IGNORECASE,
)
_IBAN_START: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?=[ \u00a0\u202f\-]?[A-Za-z0-9])")
_IBAN_PART: Final = re.compile(r"[ \u00a0\u202f\-]?([A-Za-z0-9])")

IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an IBAN, by country."""


def cards(text: str) -> Iterator[Found]:
    """Card numbers, in groups or not."""
    for run in _RUN.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        first = 0
        while first < len(groups):
            last = _last_of_card(text, groups, first)
            if last is not None:
                start, end = groups[first][0], groups[last][1]
                number = "".join(_GROUP.findall(text, start, end))
                expiry = _EXPIRY.match(text, end)
                yield Found(start, expiry.end() if expiry else end, PiiKind.CARD, number)
                first = last
            first += 1


def ibans(text: str) -> Iterator[Found]:
    """International bank account numbers, in groups or not, in either letter case."""
    after = 0
    for match in _IBAN_START.finditer(text):
        length = IBAN_LENGTHS.get(match[1].upper())
        if length is None or match.start() < after:
            continue
        written, end = match.group(), match.end()
        while len(written) < length and (part := _IBAN_PART.match(text, end)):
            written += part[1]
            end = part.end()
        is_whole = end == len(text) or not (text[end].isalnum() and text[end].isascii())
        if len(written) == length and is_whole and is_iban(written):
            after = end
            yield Found(match.start(), end, PiiKind.IBAN, written.upper())


def is_card(digits: str) -> bool:
    """Whether these digits are a card's: an issuer's beginning, its length, and the Luhn sum."""
    return (
        any(start.match(digits) and len(digits) in lengths for start, lengths in _ISSUERS)
        and len(set(digits)) > 1
        and luhn_sum(digits) % 10 == 0
    )


def luhn_sum(digits: str) -> int:
    """The sum of ISO/IEC 7812-1, annex B: of a whole number, a multiple of ten."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return sum(int(digit) for digit in digits[-1::-2]) + sum(two - 9 if two > 9 else two for two in doubled)


def is_iban(written: str) -> bool:
    """Whether the check digits of a string of letters and digits agree (ISO 7064, modulo 97-10)."""
    return iban_remainder(written[4:] + written[:4]) == 1


def iban_remainder(characters: str) -> int:
    """What is left of the characters, letters read as 10 to 35, divided by 97."""
    return int("".join(str(int(character, 36)) for character in characters)) % 97


def _last_of_card(text: str, groups: Sequence[tuple[int, int]], first: int) -> int | None:
    """Which of the groups of digits ends a card that begins with `first`; None where none does."""
    digits = ""
    shape: tuple[int, ...] = ()
    best: int | None = None
    for last in range(first, len(groups)):
        start, end = groups[last]
        digits, shape = digits + text[start:end], (*shape, end - start)
        if len(digits) > _LONGEST:
            break
        is_all = first == 0 and last == len(groups) - 1 and min(shape) > 1
        if (is_all or len(shape) == 1 or shape in _EMBOSSED) and is_card(digits):
            best = last
    return best
