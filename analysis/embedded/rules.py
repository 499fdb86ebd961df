"""Loads `rules.yaml` and the general lexicon once, in the shape the readers use."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from analysis.embedded.patterns import Pattern, compiled


class _Phrase(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    valence: float
    strong: bool = False


class _Shift(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    shift: float


class _Churn(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    objects: str
    never: tuple[str, ...]
    explicit: tuple[str, ...]
    implied: tuple[str, ...]


class _Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    solved: tuple[str, ...]
    unsolved: tuple[str, ...]
    problem: tuple[str, ...]


class _Sheet(BaseModel):
    """The file as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    words: dict[float, str]
    matters: str
    emoji: dict[float, str]
    boosters: dict[float, str]
    negations: str
    phrases: tuple[_Phrase, ...]
    survey_questions: tuple[_Shift, ...]
    churn: _Churn
    resolution: _Resolution
    targets: dict[str, tuple[tuple[float, str], ...]]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that counts as a whole."""

    pattern: Pattern
    valence: float
    is_strong: bool


@dataclass(frozen=True)
class Rules:
    """Everything the embedded analyzer knows."""

    version: str
    valence: dict[str, float]
    """Lower-case word to valence, -4 to 4."""

    emoticons: dict[str, float]
    emoji: dict[str, float]
    """One character to valence."""

    boosters: dict[str, float]
    negations: frozenset[str]
    phrases: tuple[Phrase, ...]
    survey_questions: tuple[tuple[Pattern, float], ...]
    matters: frozenset[str]
    """Words for what a text is about, which say nothing of how it feels."""

    never_leaving: tuple[Pattern, ...]
    explicit: tuple[Pattern, ...]
    implied: tuple[Pattern, ...]
    solved: tuple[Pattern, ...]
    unsolved: tuple[Pattern, ...]
    problem: tuple[Pattern, ...]
    targets: dict[str, tuple[tuple[Pattern, float], ...]]


@cache
def load_rules() -> Rules:
    """The rules in the package; read once per process."""
    sheet = _Sheet.model_validate(yaml.safe_load(files(__package__).joinpath("rules.yaml").read_text(encoding="utf-8")))
    general = _general_lexicon()
    valence = {word: value for word, value in general.items() if word[0].isalpha() and len(word) > 2}
    for value, words in sheet.words.items():
        valence.update(dict.fromkeys(words.split(), value))
    emoji = _emoji(general) | {sign: value for value, signs in sheet.emoji.items() for sign in signs}
    churn = sheet.churn
    return Rules(
        version=sheet.version,
        valence={word: value for word, value in valence.items() if value},
        emoticons={mark: value for mark, value in general.items() if not mark[0].isalnum()},
        emoji=emoji,
        boosters={word: value for value, words in sheet.boosters.items() for word in words.split()},
        negations=frozenset(sheet.negations.split()),
        phrases=tuple(Phrase(compiled(one.pattern), one.valence, one.strong) for one in sheet.phrases),
        survey_questions=tuple((compiled(one.pattern), one.shift) for one in sheet.survey_questions),
        matters=frozenset(sheet.matters.split()),
        never_leaving=tuple(map(compiled, churn.never)),
        explicit=tuple(compiled(one.replace("{objects}", churn.objects)) for one in churn.explicit),
        implied=tuple(map(compiled, churn.implied)),
        solved=tuple(map(compiled, sheet.resolution.solved)),
        unsolved=tuple(map(compiled, sheet.resolution.unsolved)),
        problem=tuple(map(compiled, sheet.resolution.problem)),
        targets={
            target: tuple((compiled(pattern), weight) for weight, pattern in weighted)
            for target, weighted in sheet.targets.items()
        },
    )


def _general_lexicon() -> dict[str, float]:
    """Word or emoticon to mean rating, out of VADER (Hutto and Gilbert, ICWSM 2014)."""
    lines = files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t")[:2] for line in lines if "\t" in line)
    return {word: float(value) for word, value in pairs}


def _emoji(general: dict[str, float]) -> dict[str, float]:
    """Emoji to the valence of its description, as VADER does it; only what one code point stands for and that is not neutral."""
    lines = files("vaderSentiment").joinpath("emoji_utf8_lexicon.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        sign, _, description = line.partition("\t")
        value = sum(general.get(word, 0.0) for word in description.split())
        if value and len(sign.rstrip("\ufe0f")) == 1:
            found[sign[0]] = max(-3.0, min(3.0, value))
    return found
