"""Cuts a text into sentences, as offsets: the unit that is judged and the unit that is quoted."""

import re

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?]+(?![\s\"')\]]|$)[^.!?\n]*)*(?:[.!?]+[\"')\]]*|\n|$)")
LONGEST_QUOTE = 300
"""A run-on text without full stops is quoted around what decided, not as a whole."""

_MACHINE_LINE = re.compile(
    r"^(?:\s*(?:at [\w.$<>]+\(|File \"|Traceback"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:|\d\d:\d\d:\d\d|(?:ERROR|WARN|INFO|DEBUG|FATAL)\b|[{}<>$#|]|>|```)"
    r"|.*\b[\w.]+(?:Exception|Error): )",
)


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as half-open offsets without surrounding white space, in order, none empty."""
    found = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            found.append((start, end))
    return found


def is_machine_output(line: str) -> bool:
    """Whether a line is a log, a stack trace or code rather than something somebody said."""
    return _MACHINE_LINE.match(line) is not None


def quotable(text: str, sentence: tuple[int, int], inside: tuple[int, int] | None = None) -> str:
    """The sentence verbatim; of a very long one, whole words around `inside`."""
    start, end = sentence
    if end - start <= LONGEST_QUOTE:
        return text[start:end]
    centre = sum(inside) // 2 if inside else start
    left = max(start, min(centre - LONGEST_QUOTE // 2, end - LONGEST_QUOTE))
    right = left + LONGEST_QUOTE
    if left > start and (space := text.find(" ", left, right)) >= 0:
        left = space + 1
    if right < end and (space := text.rfind(" ", left, right)) > left:
        right = space
    return text[left:right].strip()
