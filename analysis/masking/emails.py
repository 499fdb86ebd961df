"""Finds e-mail addresses, in any script. Quoted local parts and bare host names are left out."""

import re
from collections.abc import Iterator
from typing import Final

from analysis.masking.masked import Found
from core.vocabulary import PiiKind

# Combining marks are no word characters to `re`, and still part of a letter.
_LETTER: Final = r"\w\u0300-\u036f"
_LOCAL: Final = rf"{_LETTER}.%+'\u2019~\-"
_LABEL: Final = rf"[{_LETTER}](?:[{_LETTER}\-]{{0,61}}[{_LETTER}])?"
_EMAIL: Final = re.compile(
    # A run of local characters is tried at its beginning only, so a long text costs its length.
    rf"(?<![{_LOCAL}])([{_LOCAL}]++)@((?:{_LABEL}\.)+(?:xn--[a-z0-9\-]{{2,59}}|(?:[^\W\d_]|[\u0300-\u036f]){{2,63}}))"
)


def emails(text: str) -> Iterator[Found]:
    """E-mail addresses; letter case makes no difference to which one it is."""
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        local = match[1].lstrip(".%+'\u2019~-")
        if local:
            start = match.end(1) - len(local)
            yield Found(start, match.end(), PiiKind.EMAIL, text[start : match.end()].casefold())
