"""Which words of a message its author wrote in it, as offsets: quoted replies and signatures are left out, inline answers are not.

Lines are the unit, and every rule looks at a bounded number of them, so a hostile mail costs what its length costs. The libraries
for this (mail-parser-reply, email-reply-parser, email-reply-extractor) give text without offsets; the first is the only one with
more than three languages, and its patterns take seconds on ten kilobytes of blank lines.

The rules lean one way: a quotation too many is better than words lost. So thanks stay, a postscript stays, a list stays, and when
nothing would be left everything is.
"""

from collections.abc import Iterable, Sequence

from ingestion.hubspot.threads.quotes import unquoted
from ingestion.hubspot.threads.signatures import HAS_WORD, unsigned

Spans = tuple[tuple[int, int], ...]


def own_spans(text: str) -> Spans:
    """Where the author's own words stand in `text`: half open, ordered, disjoint, in Unicode code points.

    Empty only for a text without any words. What is left out begins and ends at line ends.
    """
    if not HAS_WORD.search(text):
        return ()
    lines = _Lines(text)
    kept = [index for index, is_own in enumerate(unquoted(lines.stripped)) if is_own]
    if not _says_something(lines.stripped[index] for index in kept):
        kept = list(range(len(lines.stripped)))
    else:
        kept = unsigned(lines.stripped, kept)
    return lines.spans(kept)


def own_text(text: str, spans: Spans) -> str:
    """The words in `spans`, with a blank line where something was left out between them."""
    return "\n\n".join(text[start:end] for start, end in spans)


class _Lines:
    def __init__(self, text: str) -> None:
        self._raw = text.split("\n")
        self.stripped = [line.strip() for line in self._raw]

    def spans(self, kept: Sequence[int]) -> Spans:
        """Runs of neighbouring lines, without the white space around them."""
        starts = [0]
        for line in self._raw:
            starts.append(starts[-1] + len(line) + 1)
        found: list[tuple[int, int]] = []
        run: list[int] = []
        for index in kept:
            if run and index != run[-1] + 1:
                found += self._span(starts, run)
                run = []
            run.append(index)
        return (*found, *self._span(starts, run))

    def _span(self, starts: Sequence[int], run: Sequence[int]) -> list[tuple[int, int]]:
        written = [index for index in run if self.stripped[index]]
        if not written:
            return []
        first, last = written[0], written[-1]
        raw_first, raw_last = self._raw[first], self._raw[last]
        start = starts[first] + len(raw_first) - len(raw_first.lstrip())
        return [(start, starts[last] + len(raw_last.rstrip()))]


def _says_something(lines: Iterable[str]) -> bool:
    return any(HAS_WORD.search(line) for line in lines)
