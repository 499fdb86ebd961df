"""From what the rules and the trained head say of a text to one of five levels.

The labelled texts that the head learned from are milder than tickets, and further from software: what the rules find clear stays
so, and what they find very negative is, once the head finds it negative. Likewise for praise.
"""

from collections.abc import Sequence

from analysis.embedded.features import Survey
from analysis.embedded.tone import SentenceTone, score
from core.vocabulary import Sentiment

_TICKET_BAND = (-0.2, 0.2)
"""Log odds between which a text is neutral."""

_SURVEY_BAND, _PRAISE_BAND = (-0.2, 0.5), (-0.2, 0.0)
"""The same for answers to surveys, whose half-hearted praise people call neutral, and to what was good, where they do not."""

_QUIET, _QUIET_BAND = 0.8, (-0.8, 0.8)
"""A ticket whose balance is nearer to zero than this takes telling words to be called a feeling."""

_CLEAR = 2.0
"""A ticket whose balance is further from zero than this is never neutral."""

_VERY_NEGATIVE, _VERY_POSITIVE = -8.5, 5.5
_STRONG_FROM = -2.8
_ONE_VERY_NEGATIVE, _ONE_VERY_POSITIVE = 5.0, 4.4
"""A single sentence this far out makes the whole very negative or very positive."""


def level(above: Sequence[float], tones: Sequence[SentenceTone], asked: Survey) -> Sentiment:
    """The level of a whole text.

    Args:
        above: How far it is above each border between levels, as `Head.above` gives it.
        tones: How its sentences sound.
        asked: The survey question it answers.
    """
    balance = score(tones) + asked.shift
    sign = _sign(above, balance, asked)
    if sign > 0:
        is_very = above[3] > 0 or balance >= _VERY_POSITIVE or any(tone.praise >= _ONE_VERY_POSITIVE for tone in tones)
        return Sentiment.VERY_POSITIVE if is_very else Sentiment.POSITIVE
    if sign == 0:
        return Sentiment.NEUTRAL
    is_very = (
        above[0] <= 0
        or balance <= _VERY_NEGATIVE
        or (balance <= _STRONG_FROM and any(tone.is_strong for tone in tones))
        or any(tone.complaint >= _ONE_VERY_NEGATIVE for tone in tones)
    )
    return Sentiment.VERY_NEGATIVE if is_very else Sentiment.NEGATIVE


def _sign(above: Sequence[float], balance: float, asked: Survey) -> int:
    lower, upper = _band(balance, asked)
    if above[2] > upper:
        return 1
    if above[1] <= lower:
        return -1
    if asked.is_asked or abs(balance) < _CLEAR:
        return 0
    return 1 if balance > 0 else -1


def _band(balance: float, asked: Survey) -> tuple[float, float]:
    if asked.is_asked:
        return _PRAISE_BAND if asked.praise else _SURVEY_BAND
    return _QUIET_BAND if abs(balance) < _QUIET else _TICKET_BAND
