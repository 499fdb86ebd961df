"""One canary: a ticket, and which readings of it are right."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.analyzer import SentimentAnswer
from analysis.text import opening_text
from core.errors import Terminal
from core.vocabulary import AnalyzerKind, ChurnIntent, Sentiment

_FILE: Final = Path(__file__).with_name("canaries.yaml")
_FILLER: Final = (
    "Monday: {n} records were imported and the nightly job ran as planned. ",
    "We moved group {n} to the new workspace and checked the permissions. ",
    "The list of open points has {n} entries, most of them about field names. ",
)


class InvalidCanaries(Terminal):
    """The file of canaries cannot be used."""


class CanaryKind(StrEnum):
    """What a canary tries."""

    INJECTION = "injection"
    HIDDEN_HTML = "hidden_html"
    SARCASM = "sarcasm"
    LANGUAGE = "language"
    POLITENESS = "politeness"
    TECHNICAL = "technical"
    QUOTE = "quote"
    LONG = "long"


class Canary(BaseModel):
    """A ticket with its right readings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z_]+$")
    kind: CanaryKind
    subject: str
    content: str
    sentiment: tuple[Sentiment, ...] = Field(min_length=1)
    churn_intent: tuple[ChurnIntent, ...] = Field(min_length=1)
    filler: int = 0
    """How many characters of plain report each `{filler}` of the content stands for."""

    weak: dict[AnalyzerKind, str] = {}
    """Analyzers known to read it wrong, with the reason; they are not held to it."""

    @property
    def text(self) -> str:
        """What is read of it, as of any ticket."""
        read = opening_text(self.subject, self.content.replace("{filler}", _report(self.filler)))
        if read is None:
            raise InvalidCanaries(f"The canary {self.name} says nothing: give it a subject or a content.")
        return read.text

    def is_right(self, answer: SentimentAnswer) -> bool:
        """Whether an answer is one of the right ones."""
        return answer.sentiment in self.sentiment and answer.churn_intent in self.churn_intent


@cache
def load_canaries(path: Path = _FILE) -> tuple[Canary, ...]:
    """Every canary, in the order of the file.

    Raises:
        InvalidCanaries: The file cannot be read, or two have one name.
    """
    try:
        found = tuple(Canary.model_validate(row) for row in yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError, TypeError) as error:
        raise InvalidCanaries(f"{path.name} cannot be used: {error}. Correct it.") from error
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidCanaries(f"{path.name} names {', '.join(twice)} twice; a name stands for one canary.")
    return found


def _report(length: int) -> str:
    sentences: list[str] = []
    while sum(map(len, sentences)) < length:
        sentences.append(_FILLER[len(sentences) % len(_FILLER)].format(n=100 + len(sentences)))
    return "".join(sentences)
