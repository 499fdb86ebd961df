"""How each sentence of a ticket sounds: praise and complaint weighed apart, so that mixed stays visible.

The method is VADER's (valence words, negation, degree words, capitals, exclamation, the turn at "but"; Hutto and Gilbert, ICWSM
2014), with phrases and a support vocabulary on top, politeness and machine output taken out, and sums a sentence.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.embedded.rules import Phrase, Rules
from analysis.embedded.sentences import is_machine_output

COMPLAINT_WEIGHT = 1.25
"""A complaint outweighs praise of the same strength: praise is often manners, a complaint seldom is."""

_TOKEN = re.compile(
    r"[a-z][a-z'-]*[a-z]|[a-z]|[!?]{1,40}|(?<![a-z0-9])[:;=]['o-]?[)(\]\[dp/\\|]|[\u2600-\u27bf\U0001f300-\U0001faff]"
)
_SIGNATURE = re.compile(r"(?:[A-Z][\w'.&-]*,?[ \t]?){1,5}")
_CAPITAL, _SMALL = re.compile("[A-Z]"), re.compile("[a-z]")
_TURN = frozenset({"but", "however", "although", "unfortunately", "sadly"})
_REACH = 3
_NEGATED = -0.74
_CAPITALS = 0.733
_EXCLAMATION = 0.292
_DOUBT = 0.18
_FADING = (1.0, 0.95, 0.9)
_MOST_OF_ONE_EMOJI = 2
# "Sick leave?" and "Slow import" are what a ticket is about; "Terrible import" is not.
_MATTER_SHARE = 0.4
_FEELING_FROM = 2.2


@dataclass(frozen=True, slots=True)
class SentenceTone:
    """One sentence: how much praise and how much complaint, both at least 0, and whether a phrase in it decides alone."""

    span: tuple[int, int]
    praise: float
    complaint: float
    is_strong: bool
    centre: tuple[int, int] | None = None
    """What weighed most in it."""

    @property
    def balance(self) -> float:
        """Praise less complaint."""
        return self.praise - self.complaint


def score(tones: Sequence[SentenceTone]) -> float:
    """Praise less weighted complaint; sentences that say nothing of either do not dilute, many of one kind count less each."""
    praise = sum(tone.praise for tone in tones)
    complaint = sum(tone.complaint for tone in tones) * COMPLAINT_WEIGHT
    telling = sum(1 for tone in tones if tone.praise or tone.complaint)
    return (praise - complaint) / math.sqrt(max(1.0, telling / 2))


def tones(text: str, low: str, spans: Sequence[tuple[int, int]], rules: Rules) -> list[SentenceTone]:
    """The tone of each sentence of `text`; `low` is `text` lowered, `spans` its sentences."""
    phrases = _phrases(low, rules.phrases)
    is_shouting = _is_shouting(text)
    return [
        SentenceTone(span, 0.0, 0.0, is_strong=False)
        if is_machine_output(text[span[0] : span[1]]) or _is_signature(text, span)
        else _tone(text, low, span, [one for one in phrases if span[0] <= one[0] < span[1]], rules, is_shouting)
        for span in spans
    ]


def _phrases(low: str, phrases: Sequence[Phrase]) -> list[tuple[int, int, Phrase]]:
    """The phrases found, longest first where two overlap, in the order of the text."""
    found = [(start, end, phrase) for phrase in phrases for start, end in phrase.pattern.spans(low)]
    found.sort(key=lambda one: (one[0] - one[1], one[0]))
    kept: list[tuple[int, int, Phrase]] = []
    for one in found:
        if all(one[1] <= other[0] or one[0] >= other[1] for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one[0])


def _tone(
    text: str,
    low: str,
    span: tuple[int, int],
    phrases: list[tuple[int, int, Phrase]],
    rules: Rules,
    is_shouting: bool,
) -> SentenceTone:
    weighed = [(start, end, phrase.valence) for start, end, phrase in phrases if phrase.valence]
    share = _MATTER_SHARE if _is_matter(text, span) else 1.0
    marks = 0
    questions = 0
    turn = -1
    for start, end, token, value in _words(text, low, span, phrases, rules, is_shouting):
        if token[0] == "!":
            marks += len(token)
        elif token[0] == "?":
            questions += len(token)
        elif token in _TURN:
            turn = start
        if value:
            weighed.append((start, end, value if abs(value) >= _FEELING_FROM else value * share))
    if not weighed:
        return SentenceTone(span, 0.0, 0.0, is_strong=False)
    if turn >= 0:
        weighed = [(start, end, value * (0.5 if start < turn else 1.5)) for start, end, value in weighed]
    praise = sum(value for *_, value in weighed if value > 0)
    complaint = -sum(value for *_, value in weighed if value < 0)
    emphasis = min(marks, 4) * _EXCLAMATION
    if complaint > praise:
        complaint += emphasis + (_DOUBT * min(questions, 4) if questions > 1 else 0.0)
    elif praise > complaint:
        praise += emphasis
    heaviest = max(weighed, key=lambda one: abs(one[2]))
    return SentenceTone(
        span, praise, complaint, any(phrase.is_strong for *_, phrase in phrases), (heaviest[0], heaviest[1])
    )


def _words(
    text: str,
    low: str,
    span: tuple[int, int],
    phrases: list[tuple[int, int, Phrase]],
    rules: Rules,
    is_shouting: bool,
) -> Iterator[tuple[int, int, str, float]]:
    before: list[str] = []
    emoji_seen: dict[str, int] = {}
    upcoming = iter(phrases)
    phrase = next(upcoming, None)
    for match in _TOKEN.finditer(low, *span):
        start, end, token = match.start(), match.end(), match.group()
        while phrase is not None and phrase[1] <= start:
            phrase = next(upcoming, None)
        if phrase is not None and phrase[0] <= start:
            continue
        value = rules.valence.get(token, 0.0)
        if value and _is_name(text, start, span[0], before):
            value = 0.0
        if value:
            if not is_shouting and end - start > 2 and text[start:end].isupper():
                value += _CAPITALS if value > 0 else -_CAPITALS
            value = _modified(value, before, rules)
        elif token in rules.emoji:
            emoji_seen[token] = emoji_seen.get(token, 0) + 1
            value = rules.emoji[token] if emoji_seen[token] <= _MOST_OF_ONE_EMOJI else 0.0
        elif token[0] in ":;=":
            value = rules.emoticons.get(text[start:end], 0.0)
        yield start, end, token, value
        if token[0].isalpha():
            before.append(token)


def _modified(value: float, before: list[str], rules: Rules) -> float:
    negated = False
    for distance, word in enumerate(reversed(before[-_REACH:])):
        if word in rules.negations:
            negated = True
        boost = rules.boosters.get(word, 0.0)
        if boost:
            value += (boost if value > 0 else -boost) * _FADING[distance]
    return value * _NEGATED if negated else value


def _is_signature(text: str, span: tuple[int, int]) -> bool:
    """Whether a sentence below the first line is nothing but a few capitalised words: somebody's name or company."""
    return "\n" in text[: span[0]] and _SIGNATURE.fullmatch(text, *span) is not None


def _is_matter(text: str, span: tuple[int, int]) -> bool:
    """Whether a sentence names its matter rather than a feeling: a question, or the subject line."""
    return text[span[1] - 1] == "?" or (span[0] == 0 and text.startswith("\n\n", span[1]))


def _is_name(text: str, at: int, sentence_start: int, before: list[str]) -> bool:
    """Whether the word at `at` is spelt like a name: a capital inside a sentence, and not the whole word in capitals."""
    return bool(before) and at > sentence_start and text[at].isupper() and not text[at : at + 2].isupper()


def _is_shouting(text: str) -> bool:
    start = text[:2000]
    capitals = len(_CAPITAL.findall(start))
    return capitals > 0.6 * (capitals + len(_SMALL.findall(start)))
