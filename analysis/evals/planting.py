"""Makes up personal details, and things that only look like some, and plants them in texts: what masking is measured with.

Everything is drawn by one seeded generator, so a run can be repeated. How a detail is written is drawn without regard to what
`analysis.masking` can find: formats are those of the numbering plans and of everyday mails, half of them without a word beside
them that says what they are, and a third of the names are ordinary words as well.
"""

import random
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import phonenumbers
import yaml
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from pydantic import BaseModel, ConfigDict

from analysis.masking.accounts import IBAN_LENGTHS, iban_remainder, luhn_sum
from core.vocabulary import PiiKind

_BORDER: Final = re.compile(r"[.!?\n]\s+")
_CARDS: Final = {"4": 16, "51": 16, "54": 16, "2720": 16, "34": 15, "37": 15, "6011": 16, "36": 14}
_CARD_GROUPS: Final = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}


class _Sheet(BaseModel):
    """`planting.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_names: str
    last_names: tuple[str, ...]
    hosts: str
    regions: str
    frames: Mapping[PiiKind, tuple[str, ...]]
    decoys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with what was planted in it, by offsets; decoys are no details, and should stay."""

    text: str
    details: tuple[tuple[PiiKind, int, int], ...]
    decoys: tuple[tuple[int, int], ...]
    people: tuple[str, ...]


def plant(text: str, rng: random.Random) -> Planted:
    """One detail of each kind and one decoy, each on a line of its own between sentences of the text."""
    sheet = _sheet()
    first, last = rng.choice(sheet.first_names.split()), rng.choice(sheet.last_names)
    made: dict[PiiKind | None, str] = {
        PiiKind.EMAIL: _email(first, last, rng),
        PiiKind.PHONE: _phone(rng),
        PiiKind.CARD: _card(rng),
        PiiKind.IBAN: _iban(rng),
        PiiKind.NAME: _name(first, last, rng),
        None: _decoy(rng),
    }
    borders = [0, *(match.end() for match in _BORDER.finditer(text)), len(text)]
    places = sorted(rng.choice(borders) for _ in made)
    kinds = rng.sample(list(made), len(made))
    planted, details, decoys, at = "", [], [], 0
    for place, kind in zip(places, kinds, strict=True):
        before, after = (rng.choice(sheet.frames[kind]) if kind else "{}").split("{}")
        planted += text[at:place] + "\n" + before
        start, end, at = len(planted), len(planted) + len(made[kind]), place
        planted += made[kind] + after + "\n"
        if kind is None:
            decoys.append((start, end))
        else:
            details.append((kind, start, end))
    return Planted(planted + text[at:], tuple(details), tuple(decoys), (f"{first} {last}",))


@cache
def _sheet() -> _Sheet:
    return _Sheet.model_validate(
        yaml.safe_load(files(__package__).joinpath("planting.yaml").read_text(encoding="utf-8"))
    )


def _email(first: str, last: str, rng: random.Random) -> str:
    plain = re.sub(r"[ .'\u2019]", "", last)
    local = rng.choice(
        (
            f"{first}.{plain}",
            f"{first[0]}{plain}",
            f"{first}_{plain}{rng.randrange(99)}",
            f"{first}+crm",
            plain,
            f"{first}-{plain}",
            f"o'{plain}",
            f"{rng.randrange(10**6)}",
        )
    )
    address = f"{local}@{rng.choice(_sheet().hosts.split())}"
    return rng.choice((address, address.lower(), address.lower(), address.upper()))


def _phone(rng: random.Random) -> str:
    number = _valid_number(rng)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return rng.choice(
        (
            international,
            international,
            phonenumbers.format_number(number, PhoneNumberFormat.E164),
            "00" + international[1:],
            national,
            re.sub(r"[ \-/]+", ".", national),
            re.sub(r"[ /.]+", "-", national),
            re.sub(r"\D", "", national),
        )
    )


def _valid_number(rng: random.Random) -> PhoneNumber:
    """A number a country's plan has; its last digits are drawn until it does."""
    while True:
        region = rng.choice(_sheet().regions.split())
        kind = rng.choice((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE))
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        digits = str(example.national_number)
        number = PhoneNumber(
            country_code=example.country_code,
            national_number=int(digits[:3] + _digits(len(digits) - 3, rng)),
            italian_leading_zero=example.italian_leading_zero,
        )
        if phonenumbers.is_valid_number(number):
            return number


def _card(rng: random.Random) -> str:
    beginning, length = rng.choice(list(_CARDS.items()))
    body = beginning + _digits(length - len(beginning) - 1, rng)
    number = body + str(-luhn_sum(body + "0") % 10)
    return rng.choice(("", " ", " ", "-", "\u00a0")).join(_groups(number, _CARD_GROUPS[length]))


def _iban(rng: random.Random) -> str:
    country = rng.choice(sorted(IBAN_LENGTHS))
    bank = rng.choice((_digits(4, rng), "".join(rng.choices(string.ascii_uppercase, k=4))))
    body = bank + _digits(IBAN_LENGTHS[country] - 8, rng)
    iban = f"{country}{98 - iban_remainder(f'{body}{country}00'):02}{body}"
    grouped = " ".join(_groups(iban, [4] * 9))
    return rng.choice((iban, grouped, grouped, iban.lower(), grouped.replace(" ", "-")))


def _name(first: str, last: str, rng: random.Random) -> str:
    full = f"{first} {last}"
    written = rng.choice((first, first, last, full, full, f"{last}, {first}"))
    return rng.choice((written, written, written, written, written.upper(), written.lower()))


def _decoy(rng: random.Random) -> str:
    drawn = {"#": string.digits, "?": "0123456789abcdef"}
    return "".join(rng.choice(drawn.get(sign, sign)) for sign in rng.choice(_sheet().decoys))


def _digits(count: int, rng: random.Random) -> str:
    return "".join(rng.choices(string.digits, k=count))


def _groups(written: str, sizes: Iterable[int]) -> Iterator[str]:
    for size in sizes:
        if written:
            yield written[:size]
        written = written[size:]
