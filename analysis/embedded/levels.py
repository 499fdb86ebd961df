"""From the tones of the sentences to one of five levels. The figures were fitted on labelled text, see the evaluation's tests."""

import math
from collections.abc import Sequence

from analysis.embedded.tone import SentenceTone
from core.vocabulary import Sentiment

COMPLAINT_WEIGHT = 1.25
"""A complaint outweighs praise of the same strength: praise is often manners, a complaint seldom is."""

VERY_NEGATIVE, NEGATIVE, POSITIVE, VERY_POSITIVE = -8.5, -0.8, 0.8, 5.5
"""Where the levels part, on the balance of praise and complaint."""

_STRONG_FROM = -2.8
_ONE_VERY_NEGATIVE, _ONE_VERY_POSITIVE = 5.0, 4.4
"""A single sentence this far out makes the whole very negative or very positive."""


def level(tones: Sequence[SentenceTone], shift: float = 0.0) -> Sentiment:
    """The level of a whole text; `shift` is what the question it answers adds."""
    balance = score(tones) + shift
    if balance <= NEGATIVE:
        is_very = (
            balance <= VERY_NEGATIVE
            or (balance <= _STRONG_FROM and any(tone.is_strong for tone in tones))
            or any(tone.complaint >= _ONE_VERY_NEGATIVE for tone in tones)
        )
        return Sentiment.VERY_NEGATIVE if is_very else Sentiment.NEGATIVE
    if balance >= POSITIVE:
        is_very = balance >= VERY_POSITIVE or any(tone.praise >= _ONE_VERY_POSITIVE for tone in tones)
        return Sentiment.VERY_POSITIVE if is_very else Sentiment.POSITIVE
    return Sentiment.NEUTRAL


def score(tones: Sequence[SentenceTone]) -> float:
    """Praise less weighted complaint; sentences that say nothing of either do not dilute, many of one kind count less each."""
    praise = sum(tone.praise for tone in tones)
    complaint = sum(tone.complaint for tone in tones) * COMPLAINT_WEIGHT
    telling = sum(1 for tone in tones if tone.praise or tone.complaint)
    return (praise - complaint) / math.sqrt(max(1.0, telling / 2))
