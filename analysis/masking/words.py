"""Loads `words.yaml`: words that decide what a number or a capitalised word is."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict


class _Sheet(BaseModel):
    """The file as it is written; each list is one string of words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ordinary: str
    never_alone: str
    phone: str
    not_phone: str
    greeting: str


@dataclass(frozen=True)
class Words:
    """The lists of the file, in lower case."""

    ordinary: frozenset[str]
    never_alone: frozenset[str]
    phone: frozenset[str]
    not_phone: frozenset[str]
    greeting: frozenset[str]


@cache
def words() -> Words:
    """The lists in the package; read once per process."""
    text = files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    sheet = _Sheet.model_validate(yaml.safe_load(text))
    return Words(**{name: frozenset(listed.split()) for name, listed in sheet.model_dump().items()})
