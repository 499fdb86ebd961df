"""What the rules hear in a text before anything is judged: its sentences, how they sound, and the survey question it answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.embedded.features import Survey, measures, survey, words
from analysis.embedded.patterns import lowered
from analysis.embedded.rules import Rules
from analysis.embedded.sentences import is_machine_output, sentences
from analysis.embedded.tone import SentenceTone, tones


@dataclass(frozen=True)
class Heard:
    """A text as the rules hear it.

    Attributes:
        low: The text lowered, every offset kept.
        spans: Its sentences, those of the subject too.
        tones: How they sound, without a subject that is a question: a question has no tone of its own.
        asked: The survey question it answers.
        said: Those of them that are no machine's output.
        start: Where what was written begins, after such a subject.
    """

    low: str
    spans: Sequence[tuple[int, int]]
    tones: Sequence[SentenceTone]
    asked: Survey
    said: Sequence[tuple[int, int]]
    start: int

    @property
    def words(self) -> tuple[str, ...]:
        """What the trained head hears of the words: not those of logs and stack traces."""
        return words("\n".join(self.low[start:end] for start, end in self.said))

    @property
    def measures(self) -> dict[str, float]:
        """What the trained head is told beside the words."""
        return measures(self.low[self.start :], self.tones, self.asked)


def listen(text: str, rules: Rules) -> Heard:
    """Hear a whole text: subject, blank line, content."""
    low = lowered(text)
    spans = sentences(text)
    subject, blank, _ = low.partition("\n\n")
    start = len(subject) if blank and subject.endswith("?") else 0
    own = [span for span in spans if span[0] >= start]
    said = [span for span in own if not is_machine_output(text[slice(*span)])]
    return Heard(low, spans, tones(text, low, own, rules), survey(low[:start], rules), said, start)
