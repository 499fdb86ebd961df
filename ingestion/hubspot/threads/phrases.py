"""The word lists of `phrases.yaml`, compiled once into the patterns that `own_words` and `automated` ask.

Every pattern is bounded in what it can match, so that reading stays linear on any text: mail is written by strangers.
"""

import re
from importlib.resources import files
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict

_ByLanguage = dict[str, tuple[str, ...]]


class _Sheet(BaseModel):
    """The file as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attribution_openers: tuple[str, ...]
    attribution_verbs: _ByLanguage
    separators: _ByLanguage
    reply_above: _ByLanguage
    headers: _ByLanguage
    mobile: _ByLanguage
    sign_offs: _ByLanguage
    gratitude: _ByLanguage
    contacts: tuple[str, ...]
    disclaimers: _ByLanguage
    automatic_replies: _ByLanguage
    bounces: _ByLanguage


def _any_of(phrases: _ByLanguage | tuple[str, ...]) -> str:
    every = phrases if isinstance(phrases, tuple) else [one for many in phrases.values() for one in many]
    return f"(?:{'|'.join(every)})"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_SHEET = _Sheet.model_validate(yaml.safe_load((files(__package__) / "phrases.yaml").read_text(encoding="utf-8")))
_ADDRESS = r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,63}"
_VERBS = _any_of(_SHEET.attribution_verbs)
_SEPARATORS = _any_of(_SHEET.separators)

ATTRIBUTION_OPENER: Final = _compiled(rf"{_any_of(_SHEET.attribution_openers)}[ .,]\s*")
"""How a line that introduces a quotation begins: "On Monday …", "Am 3. November …"."""

ATTRIBUTION_VERB: Final = _compiled(rf"(?<!\w){_VERBS}(?!\w)")
"""What it says was done."""

ADDRESS: Final = re.compile(_ADDRESS)
ADDRESS_AND_VERB: Final = _compiled(rf"{_ADDRESS}[>)\]'\"]{{0,4}},?\s+{_VERBS}(?!\w)")
"""Who, and that they wrote, in the languages that put the date last."""

DATE_FIRST: Final = re.compile(r"<?(?:\d{4}[-/.年]|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\w{2,4}, \d{1,2} \w{3,9}\.? \d{4})")
"""A line that begins with a date, as older mail programs introduce a quotation."""

CLOCK: Final = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)")
YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{2}(?!\d)")

SEPARATOR: Final = _compiled(rf"[-_=*]{{2,60}}\s*{_SEPARATORS}\s*:?\s*[-_=*]{{0,60}}|{_SEPARATORS}\s*:")
"""A whole line after which nothing is new."""

REPLY_ABOVE: Final = _compiled(rf"[-#=_ ]{{0,40}}{_any_of(_SHEET.reply_above)}.{{0,40}}")
"""The whole line a ticket system puts above the thread it quotes."""

HEADER: Final = _compiled(
    "[*_]{0,2}(?:"
    + "|".join(f"(?P<{kind}>{_any_of(words)})" for kind, words in _SHEET.headers.items())
    + r")[*_]{0,2} ?[:\uff1a]"
)
"""A line of the block that Outlook puts above a quoted mail; the group that matched says which."""

MOBILE: Final = _compiled(_any_of(_SHEET.mobile))
"""A whole line a phone or a mail program adds under every mail."""

SIGN_OFF: Final = _compiled(rf"{_any_of(_SHEET.sign_offs)}(?=[\s,.!;/\u2013-]|$)")
"""A greeting that ends a message."""

GRATITUDE: Final = _compiled(rf"{_any_of(_SHEET.gratitude)}(?!\w)")
"""Thanks before a name."""

POSTSCRIPT: Final = _compiled(r"p\.? ?p?\.? ?s\.?(?:[:.,\s-]|$)")

CONTACT: Final = _compiled(_any_of(_SHEET.contacts))
"""How a line begins that says where somebody can be reached."""

DISCLAIMER: Final = _compiled(rf"\W{{0,3}}{_any_of(_SHEET.disclaimers)}")
"""How a paragraph begins that the author did not write."""

AUTOMATIC_SUBJECT: Final = _compiled(
    rf"\W{{0,3}}(?:{_any_of(_SHEET.automatic_replies)}\s*(?:[:\uff1a;(\[\]\u2013-]|$)|{_any_of(_SHEET.bounces)})"
)
"""How the subject of mail begins that no person wrote."""
