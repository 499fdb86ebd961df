"""The text of a message exactly as a model reads it.

Of a ticket's opening: subject, blank line, content as plain text. Of a later message: its author's own words. Everything downstream
hangs on these being pure functions: the hash decides what is paid for again, and quotes are offsets into the text. It comes from
the staging views and is kept in `enrichment.message_texts`.

Left out on purpose: signatures and quoted replies stay in the opening (what is boilerplate cannot be told safely), a later message
has no subject (it repeats the ticket's), letters are not normalised (a quote must stand in the text as the customer wrote it).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from core import html

LONGEST_TEXT: Final = 16_000
"""Characters kept of a text, about 4,000 tokens; longer ones lose their middle."""

_TAIL: Final = 4_000
_SHORTER: Final = (8_000, 4_000, 2_000)
_SAYS_SOMETHING = re.compile(
    r"[^\s\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f]"
)
_BLANK_LINE = re.compile(r"\n\s*\n")
_NO_COINCIDENCE: Final = 100
"""Characters besides white space that are hardly written twice by chance."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """What is read of one message."""

    text: str
    """Never empty, at most `LONGEST_TEXT` characters plus the mark of the cut."""

    input_hash: str
    """SHA-256 of the text, hexadecimal."""

    is_truncated: bool
    """Whether the middle was cut out."""


def opening_text(subject: str | None, content: str | None) -> MessageText | None:
    """The text a ticket opens with, or None when nothing was said (blank, or characters nobody can see)."""
    head = " ".join(html.plain_text(subject).split())
    body = html.plain_text(content)
    return _as_read("\n\n".join(part for part in (head, body) if _SAYS_SOMETHING.search(part)))


def later_text(own_text: str | None) -> MessageText | None:
    """The text of a later message, of which `own_text` is what its author wrote; None when that is nothing."""
    said = (own_text or "").strip()
    return _as_read(said) if _SAYS_SOMETHING.search(said) else None


def repeats(own_text: str, content: str | None) -> bool:
    """Whether a message says nothing that the ticket's content does not: the mail that the ticket was made of.

    White space and letter case do not count. The content may hold more, a signature above all, which is no part of `own_text`;
    so each paragraph is looked for by itself, and a few words that stand in a long content (`Thanks`) are no repetition.
    """
    opening = _folded(html.plain_text(content)[: 2 * LONGEST_TEXT])
    paragraphs = [_folded(one) for one in _BLANK_LINE.split(own_text[:LONGEST_TEXT])]
    length = sum(map(len, paragraphs))
    is_same_mail = length >= _NO_COINCIDENCE or 2 * length >= len(opening)
    return is_same_mail and all(one in opening for one in paragraphs)


def shortened(text: str) -> str | None:
    """The next shorter version of a text that is too long for a model: head and tail of half the length, or None at the shortest.

    The same text always gives the same versions (8,000, 4,000 and 2,000 characters), so each has one call key.
    """
    for most in _SHORTER:
        if len(text) > most + len(html.CUT):
            tail = most // 4
            return text[: most - tail].rstrip() + html.CUT + text[-tail:].lstrip()
    return None


def text_hash(text: str) -> str:
    """SHA-256 of `text` in UTF-8, hexadecimal: what the call key and `input_hash` are made of."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _as_read(text: str) -> MessageText | None:
    if not text:
        return None
    is_truncated = len(text) > LONGEST_TEXT
    if is_truncated:
        text = text[: LONGEST_TEXT - _TAIL].rstrip() + html.CUT + text[-_TAIL:].lstrip()
    return MessageText(text=text, input_hash=text_hash(text), is_truncated=is_truncated)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
