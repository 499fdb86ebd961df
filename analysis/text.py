"""The text of a ticket exactly as a model reads it: subject, blank line, content as plain text.

Everything downstream hangs on this being a pure function: the hash decides what is paid for again, and quotes are offsets
into it. It comes from `staging.stg_hubspot__tickets` and is kept in `enrichment.ticket_texts`.

Left out on purpose: signatures and quoted replies stay (what is boilerplate cannot be told safely), letters are not normalised
(a quote must stand in the text as the customer wrote it).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from core import html

LONGEST_TEXT: Final = 16_000
"""Characters kept of a text, about 4,000 tokens; longer ones lose their middle."""

_TAIL: Final = 4_000
_SAYS_SOMETHING = re.compile(
    r"[^\s\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f]"
)


@dataclass(frozen=True, slots=True)
class TicketText:
    """What is read of one ticket."""

    text: str
    """Never empty, at most `LONGEST_TEXT` characters plus the mark of the cut."""

    input_hash: str
    """SHA-256 of the text, hexadecimal."""

    is_truncated: bool
    """Whether the middle was cut out."""


def ticket_text(subject: str | None, content: str | None) -> TicketText | None:
    """The text of a ticket, or None when nothing was said (blank, or characters nobody can see)."""
    head = " ".join(html.plain_text(subject).split())
    body = html.plain_text(content)
    text = "\n\n".join(part for part in (head, body) if _SAYS_SOMETHING.search(part))
    if not text:
        return None
    is_truncated = len(text) > LONGEST_TEXT
    if is_truncated:
        text = text[: LONGEST_TEXT - _TAIL].rstrip() + html.CUT + text[-_TAIL:].lstrip()
    return TicketText(text=text, input_hash=text_hash(text), is_truncated=is_truncated)


def text_hash(text: str) -> str:
    """SHA-256 of `text` in UTF-8, hexadecimal: what the call key and `input_hash` are made of."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
