"""What the trained head is told of a text: what the rules found in it, the question it answers, and its words.

The same code feeds training and reading. Places and weights of features are in `head.json`, by name.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from analysis.embedded.patterns import first_span
from analysis.embedded.rules import Rules
from analysis.embedded.tone import SentenceTone, score

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|[!?]+|[\u2600-\u27bf\U0001f300-\U0001faff]")
_NOTHING = re.compile(
    r"\W*(?:absolutely |really |there was |there is )?(?:nothing|none|no\b|n/?a\b|nil\b|not sure|don't know|not much)"
)
_BUT = re.compile(r"\b(?:but|however|although|though|only|just|except)\b")
_MOST_WORDS = 400
_SHORT = 3
_FELT = 0.5


@dataclass(frozen=True)
class Survey:
    """The survey question a text answers, read off its subject: one of the three is 1, or none where it answers no survey."""

    praise: float = 0.0
    wishes: float = 0.0
    reasons: float = 0.0
    shift: float = 0.0
    """What the question adds to a bare answer."""

    @property
    def is_asked(self) -> bool:
        """Whether the text answers a survey at all."""
        return self.praise + self.wishes + self.reasons > 0


def survey(subject: str, rules: Rules) -> Survey:
    """The survey question in a lowered subject."""
    if not subject:
        return Survey()
    asked = [shift for pattern, shift in rules.survey_questions if first_span([pattern], subject)]
    if not asked:
        return Survey()
    shift = sum(asked)
    return Survey(float(shift > 0), float(shift < 0), float(shift == 0), shift)


@lru_cache(maxsize=8192)
def words(low: str) -> tuple[str, ...]:
    """The different words, emoji and marks of a lowered text, in alphabetical order."""
    found = _WORD.findall(low)[:_MOST_WORDS]
    return tuple(sorted({one[:2] if one[0] in "!?" else one for one in found}))


def measures(low: str, tones: Sequence[SentenceTone], asked: Survey) -> dict[str, float]:
    """Everything but the words, by name and near the range -1 to 1.

    Args:
        low: What was written, lowered, without the question.
        tones: How its sentences sound.
        asked: The survey question it answers.
    """
    balance = score(tones)
    praise, complaint = [tone.praise for tone in tones], [tone.complaint for tone in tones]
    told = [tone.balance for tone in tones if tone.praise or tone.complaint]
    spread = math.sqrt(max(1, len(told)))
    body = low.strip()
    length = math.log1p(len(body.split())) / 4
    is_short = float(len(body.split()) <= _SHORT)
    says_nothing = float(_NOTHING.match(body) is not None)
    is_flat = float(not told)
    is_mixed = float(any(one > _FELT for one in told) and any(one < -_FELT for one in told))
    has_but = float(_BUT.search(body) is not None)
    shifted = math.tanh((balance + asked.shift) / 2)
    general = {
        "balance": balance / 5,
        "balance_bent": math.tanh(balance / 2),
        "shift": math.tanh(asked.shift),
        "balance_shifted": shifted,
        "praise": sum(praise) / spread / 3,
        "complaint": sum(complaint) / spread / 3,
        "most_praise": max(praise, default=0.0) / 4,
        "most_complaint": max(complaint, default=0.0) / 4,
        "is_strong": float(any(tone.is_strong for tone in tones)),
        "length": length,
        "is_flat": is_flat,
        "last": (told[-1] if told else 0.0) / 4,
        "first": (told[0] if told else 0.0) / 4,
        "both": min(sum(praise), sum(complaint)) / 4,
        "is_mixed": is_mixed,
        "has_but": has_but,
    }
    if not asked.is_asked:
        return general
    of_question = {
        "": 1.0,
        "balance_shifted": shifted,
        "length": length,
        "says_nothing": says_nothing,
        "is_short": is_short,
        "is_mixed": is_mixed,
        "has_but": has_but,
    }
    questions = {"praise": asked.praise, "wishes": asked.wishes, "reasons": asked.reasons}
    question = next(name for name, is_it in questions.items() if is_it)
    return (
        general
        | {f"asked_{name}": general[name] for name in ("balance", "balance_bent", "is_flat", "length")}
        | {f"asked_{question}_{name}".rstrip("_"): value for name, value in of_question.items()}
    )
