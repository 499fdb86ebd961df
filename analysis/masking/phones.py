"""Finds phone numbers: what looks like one, is valid by some numbering plan of `phonenumbers`, and is not called something else.

A number with its country code says what it is. One without may be an order number, so the less it looks like a phone number, the
more has to speak for it:

- `+49 …` and `0049 …`: a valid number, or a possible one of ten digits or more;
- `(650) 253-0000`, `650-253-0000`: the North American grouping, valid or not (people make 555 numbers up);
- `030 1234 567`, `06.12.34.56.78`, `07911123456`: a trunk zero, valid in a country that has one;
- anything else: valid in some country, and with its area code in brackets, alone on its line, or behind a word such as *call* or
  *mobile*; without any of these, only in the grouping of a country where nothing else is grouped like that.

All but the first do not count where the last telling word before them is order, invoice, case or the like. Dates, times, IP
addresses, versions, UUIDs and web addresses are passed over.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatch, PhoneNumberMatcher, PhoneNumberType

from analysis.masking.beside import spoken
from analysis.masking.masked import Found
from core.vocabulary import PiiKind

_DASHES: Final = r"\-\u2010-\u2013"
_PAUSE: Final = rf"[ \u00a0\u202f.()/{_DASHES}]"
_EXTENSION: Final = r"(?:,?[ \u00a0]?(?:ext\.?|x|extension|durchwahl|poste)[ \u00a0]?[0-9]{1,6})"
_CANDIDATE: Final = re.compile(
    rf"(?<![\w#$€£¥+{{])(?<![0-9][.,:/{_DASHES}])(?<![A-Za-z][{_DASHES}])"
    rf"[+\uff0b]?\(?[0-9](?:{_PAUSE}{{0,3}}[0-9]){{6,17}}{_EXTENSION}?"
    rf"(?![\w%€$£¥}}])(?!{_PAUSE}?[0-9])(?![.,:][0-9])",
    re.IGNORECASE,
)
_ENOUGH_DIGITS: Final = re.compile(rf"[0-9](?:{_PAUSE}{{0,3}}[0-9]){{6}}")
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_CLOCK: Final = r"[0-9]{1,2}[:.][0-9]{2}"
_SOMETHING_ELSE: Final = re.compile(
    rf"""
    (?:https?://|www\.)[^\s<>"]+
    | \b[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}\b
    | (?<![\w.:/-])(?:19|20)[0-9]{{2}}[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12][0-9]|3[01])
      (?:[T\ ]{_CLOCK}(?:[:.][0-9]{{2}}(?:\.[0-9]+)?)?)?(?![\w/-])
    | (?<![\w.:/-])[0-9]{{1,2}}[-./][0-9]{{1,2}}[-./](?:19|20)?[0-9]{{2}}(?:,?\ {_CLOCK})?(?![\w/-]|\.[0-9])
    | (?<![\w.:/-])[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?![\w:])
    | (?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.[0-9])
    | \bv?[0-9]{{1,4}}(?:\.[0-9]{{1,5}}){{1,4}}-[a-z0-9.]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NORTH_AMERICAN: Final = re.compile(
    rf"(?:1{_PAUSE}?)?(?:\([2-9][0-9]{{2}}\){_PAUSE}?|[2-9][0-9]{{2}}[ .{_DASHES}/])[0-9]{{3}}[ .{_DASHES}][0-9]{{4}}"
    rf"(?P<extension>{_EXTENSION}?)",
    re.IGNORECASE,
)
_FOUR_PAIRS: Final = re.compile(r"(?:[0-9]{2}\.){3}[0-9]{2}")
_AREA_CODE: Final = re.compile(r"\([1-9][0-9]{1,3}\)")
_NEXT_NUMBER: Final = re.compile(rf"\Z|{_PAUSE}+[+(0]")
_LIKE_AN_AMOUNT: Final = re.compile(rf"[0-9]{{1,3}}(?:{_PAUSE}[0-9]{{3}})+")

_WITH_TRUNK_ZERO: Final = (
    *("GB", "DE", "FR", "NL", "AU", "IN", "BE", "CH", "AT", "IE"),
    *("SE", "ZA", "NZ", "JP", "BR", "PL", "FI", "TR", "IL"),
)
_OTHERS: Final = ("US", "ES", "IT", "PT", "DK", "NO", "PL", "MX", "SG", "CZ", "GR", "BR", "LU", "HK")
# Of the countries without a trunk zero, those that group digits as nothing else is grouped.
_GROUPED_APART: Final = ("ES", "IT")
# Where nearly any digits after a zero are valid, only a mobile number counts when nothing parts it.
_PERMISSIVE: Final = frozenset({"DE", "AT", "FI"})
_POSSIBLE_FROM: Final = 10


def phones(text: str) -> Iterator[Found]:
    """Phone numbers in the formats of the world; the value is the number with its country code."""
    if not _ENOUGH_DIGITS.search(text):
        return
    passed = _SOMETHING_ELSE.sub(_passed_over, text)
    for candidate in _CANDIDATE.finditer(passed):
        match = _match(passed, candidate.start(), candidate.end())
        if match is not None:
            start = candidate.start() + match.start
            yield Found(start, start + len(match.raw_string), PiiKind.PHONE, _value(match))


def _passed_over(match: re.Match[str]) -> str:
    """What cannot be a phone number is blotted out; four pairs of digits can, where they are called one."""
    is_called = _FOUR_PAIRS.fullmatch(match.group()) and spoken(match.string, *match.span()) == "phone"
    return match.group() if is_called else "\x00" * len(match.group())


def _match(text: str, start: int, end: int) -> PhoneNumberMatch | None:
    """The phone number in a candidate, offsets counted from its beginning; None where it is none."""
    written = text[start:end]
    if written[0] in "+\uff0b":
        return _international(written)
    said = spoken(text, start, end)
    if said == "other":
        return None
    if written.startswith("00"):
        return _dialled(written)
    if american := _NORTH_AMERICAN.fullmatch(written):
        return _north_american(american)
    return _without_country(written, is_called=said == "phone")


def _without_country(written: str, *, is_called: bool) -> PhoneNumberMatch | None:
    is_parted = not written.isdecimal()
    if written.lstrip("(").startswith("0"):
        return _national(written, _WITH_TRUNK_ZERO, is_mobile=not (is_parted or is_called))
    if is_called or _AREA_CODE.match(written):
        return _national(written, (*_OTHERS, *_WITH_TRUNK_ZERO))
    if is_parted and not _LIKE_AN_AMOUNT.fullmatch(written):
        return _national(written, _GROUPED_APART, leniency=Leniency.EXACT_GROUPING)
    return None


def _international(written: str) -> PhoneNumberMatch | None:
    """A number that says its country. Digits that go on behind a valid one are not its own."""
    match = next(iter(PhoneNumberMatcher(written, None)), None)
    if match is None:
        match = next(iter(PhoneNumberMatcher(written, None, leniency=Leniency.POSSIBLE)), None)
        if match is not None and sum(map(str.isdecimal, match.raw_string)) < _POSSIBLE_FROM:
            return None
    return match


def _dialled(written: str) -> PhoneNumberMatch | None:
    """The same with two zeros for the plus sign."""
    match = _international("+" + written[2:])
    if match is None or match.start > 0:
        return None
    return PhoneNumberMatch(0, "00" + match.raw_string[1:], match.number)


def _north_american(written: re.Match[str]) -> PhoneNumberMatch:
    digits = "".join(filter(str.isdecimal, written.string[: written.start("extension")]))[-10:]
    extension = "".join(filter(str.isdecimal, written["extension"])) or None
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits), extension=extension)
    return PhoneNumberMatch(0, written.group(), number)


def _national(
    written: str, regions: Sequence[str], *, is_mobile: bool = False, leniency: int = Leniency.VALID
) -> PhoneNumberMatch | None:
    """The number in the first of the regions where all of it is valid, up to where the next one begins."""
    for region in regions:
        match = next(iter(PhoneNumberMatcher(written, region, leniency=leniency)), None)
        if match is None or match.start > 0 or not _NEXT_NUMBER.match(written, match.end):
            continue
        if not (is_mobile and region in _PERMISSIVE) or (
            phonenumbers.number_type(match.number) == PhoneNumberType.MOBILE
        ):
            return match
    return None


def _value(match: PhoneNumberMatch) -> str:
    extension = f"x{match.number.extension}" if match.number.extension else ""
    return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) + extension
