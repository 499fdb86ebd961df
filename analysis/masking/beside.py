"""What the words beside a number call it. The words are in `words.yaml`."""

import re
from functools import cache
from typing import Final

from analysis.masking.words import words

_MINE: Final = re.compile(
    r"\)?,?\s{1,2}(?:is|was)\s+(?:my|our|the)\s+(?:\w+\s+)?(?:number|phone|mobile|cell|line)\b", re.IGNORECASE
)
_LABEL: Final = re.compile(r"(?<![^\W_])[tmphfc]\s?[:.]\s?\(?$", re.IGNORECASE)
_AROUND: Final = " \t()|,;.\u2022-"
_REACH: Final = 40


def spoken(text: str, start: int, end: int) -> str | None:
    """What stands beside the number `text[start:end]` says of it: `phone`, `other`, or None.

    That is the words right behind it, or else the last telling word before it on its line; a number that begins a line belongs
    to the line before where that ends with a colon; a line with nothing but a number in it is how people sign.
    """
    if _MINE.match(text, end):
        return "phone"
    line = text.rfind("\n", 0, start) + 1
    is_first = not text[line:start].strip(_AROUND)
    above = text[:line].rstrip()
    if is_first and above.endswith(":"):
        line = above.rfind("\n") + 1
    elif is_first and not text[end:].partition("\n")[0].strip(_AROUND):
        return "phone"
    if _LABEL.search(text[line:start]):
        return "phone"
    last = None
    for match in _speaking().finditer(text, max(line, start - _REACH), start):
        last = "phone" if match.lastgroup == "sign" else match.lastgroup
    return last


@cache
def _speaking() -> re.Pattern[str]:
    sheet = words()
    kinds = "|".join(
        rf"(?P<{kind}>{'|'.join(map(re.escape, sorted(listed, reverse=True)))})"
        for kind, listed in (("phone", sheet.phone), ("other", sheet.not_phone))
    )
    signs = "\u260e\u2706\U0001f4de\U0001f4f1"
    return re.compile(rf"(?<![^\W_])(?:{kinds})(?![^\W_])|(?P<sign>[{signs}])", re.IGNORECASE)
