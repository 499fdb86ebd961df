"""Lines of a message that its author did not write in it: quoted ones, what introduces them, and what follows to the end.

What says so is the `>` of plain text mail, a mail program's "On … wrote:", Outlook's block of headers, and separators. A verdict
on a line depends on the lines right next to it only, so the same lines get the same verdict once the quoted ones are gone.
"""

from collections.abc import Sequence
from typing import Final

from ingestion.hubspot.threads import phrases

_LONGEST_ATTRIBUTION: Final = 320
_ATTRIBUTION_LINES: Final = 4
_HEADER_LINES: Final = 10


def unquoted(lines: Sequence[str]) -> list[bool]:
    """For each line, whether it is the author's: not quoted, nor what introduces a quotation, nor behind one without an end."""
    is_own = [not line.startswith(">") for line in lines]
    for index, line in enumerate(lines):
        if not is_own[index] or not line:
            continue
        if _starts_tail(lines, index):
            return is_own[:index] + [False] * (len(lines) - index)
        first = _attribution_start(lines, index) if line[-1] in ":\uff1a" else None
        if first is None:
            continue
        introduced = [one for one in lines[index + 1 : index + 4] if one][:1]
        if introduced and introduced[0].startswith(">"):
            is_own[first : index + 1] = [False] * (index + 1 - first)
        elif _is_certain(" ".join(lines[first : index + 1])):
            return is_own[:first] + [False] * (len(lines) - first)
    return is_own


def _starts_tail(lines: Sequence[str], index: int) -> bool:
    line = lines[index]
    if len(line) > 200:
        return False
    if phrases.SEPARATOR.fullmatch(line) or phrases.REPLY_ABOVE.fullmatch(line):
        return True
    found = phrases.HEADER.match(line)
    if not found or found.lastgroup != "from":
        return False
    kinds = set()
    for below in lines[index + 1 : index + _HEADER_LINES]:
        if not below:
            break
        header = phrases.HEADER.match(below)
        kinds.add(header.lastgroup if header else None)
    return len(kinds & {"date", "to", "subject"}) >= 2


def _attribution_start(lines: Sequence[str], last: int) -> int | None:
    """The first line of the "On … wrote:" that ends on line `last`; mail programs wrap it, also inside an address."""
    for first in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
        if not lines[first] or lines[first].startswith(">"):
            break
        text = " ".join(lines[first : last + 1])
        if len(text) > _LONGEST_ATTRIBUTION:
            break
        if phrases.ATTRIBUTION_OPENER.match(text) and phrases.ATTRIBUTION_VERB.search(text) and _is_dated(text):
            return first
    line = lines[last]
    if len(line) > _LONGEST_ATTRIBUTION:
        return None
    is_date_first = phrases.DATE_FIRST.match(line) and (
        phrases.ADDRESS.search(line) or phrases.ATTRIBUTION_VERB.search(line)
    )
    return last if is_date_first or phrases.ADDRESS_AND_VERB.search(line) else None


def _is_dated(text: str) -> bool:
    return any(pattern.search(text) for pattern in (phrases.ADDRESS, phrases.YEAR, phrases.CLOCK))


def _is_certain(text: str) -> bool:
    # Without a `>` below it, only a mail program's own precision makes it an introduction: people write "on 3 May you wrote:" too.
    return bool(phrases.ADDRESS.search(text) or (phrases.CLOCK.search(text) and phrases.YEAR.search(text)))
