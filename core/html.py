"""Plain text out of what mail clients and rich text boxes put into a ticket, an email or a note: HTML or not, with anything in it.

A scanner of our own instead of a parser: it is linear on any input (a parser's recovery from `<<<<…` is not), it knows nothing to
fail on, and a tag it does not recognise stays in the text, since a customer who writes `List<String>` means it.

Left out on purpose: quoted replies and signatures stay, because what is a quotation cannot be told from markup alone. What
markup does tell (`blockquote`) can be asked for as the `> ` of plain text mail.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KNOWN = _names(
    "a abbr address article aside b blockquote body br button caption center cite code col colgroup dd del details div dl dt em "
    "fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label legend li link "
    "main mark meta nav noscript o ol optgroup option p picture pre q s samp section select small source span strike strong "
    "style script sub summary sup svg table tbody td template textarea tfoot th thead title tr tt u ul var wbr"
)
_PARAGRAPH = _names(
    "address article aside blockquote body center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header html "
    "main nav ol p pre section table ul"
)
_LINE = frozenset({"br", "tr", "li", "hr", "option", "summary", "figcaption", "caption"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "textarea", "select", "button"})
_RAW = frozenset({"script", "style", "textarea", "title"})
_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)(?::[a-zA-Z0-9]+)?(?=[\s/>])")
_HIDDEN = re.compile(
    r"\shidden(?=[\s=/>]|$)"
    r"|display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?:\.0+)?\s*(?:[;\"']|$)"
    r"|(?:font-size|max-height)\s*:\s*0(?:px|pt|em|%)?\s*(?:[;\"'!]|$)",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    r"(?<![-\w])(color|background(?:-color)?)\s*:\s*(rgba?\([^)\"']*\)|#[0-9a-f]{3,8}|[a-z]+)", re.IGNORECASE
)
_WHITE = {"white": "#ffffff", "rgb(255,255,255)": "#ffffff", "rgba(255,255,255,1)": "#ffffff"}
_LOOKS_LIKE_HTML = re.compile(
    r"</?(?:p|div|br|span|a|table|tr|td|ul|ol|li|html|body|head|strong|b|em|i|u|font|img|h[1-6]|blockquote|pre|style|script)"
    r"(?=[\s/>])[^<]{0,400}?/?>",
    re.IGNORECASE,
)
CUT: Final = "\n[…]\n"
"""Stands where the middle of a text was left out."""

# Reading stops here before any parsing: nobody writes a megabyte, but a pasted log or an inline picture can be one.
_LONGEST_RAW: Final = 1_000_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Control characters that mark where a quotation begins and ends, until the lines between them are known.
_QUOTE, _UNQUOTE = "\x0e", "\x0f"
_DEEPEST_QUOTE = 20
# An attribute may hold `>` inside quotes; this many further `>` are tried before the first one is taken after all.
_QUOTED_ENDS_TRIED = 20


def is_html(value: str) -> bool:
    """Whether `value` holds at least one tag that only markup would hold."""
    return "<" in value and _LOOKS_LIKE_HTML.search(value) is not None


def plain_text(value: str | None, *, has_quote_marks: bool = False) -> str:
    """`value`, which may or may not be HTML, as text that every store keeps; empty when there is nothing to read.

    Line ends become line feeds, unprintable characters go, half an emoji becomes U+FFFD, and of a megabyte the middle is cut.

    Args:
        value: As HubSpot has it.
        has_quote_marks: Quotations that HTML marks as such begin each line with `> `, as they do in plain text mail.
    """
    if not value:
        return ""
    if len(value) > _LONGEST_RAW:
        value = value[: _LONGEST_RAW // 2] + CUT + value[-_LONGEST_RAW // 2 :]
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if is_html(value):
        value = to_text(value, has_quote_marks=has_quote_marks)
    # After the entities were decoded, since `&#0;` is a NUL and a lone half of an emoji cannot be stored.
    return _SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", value)).strip()


def to_text(value: str, *, has_quote_marks: bool = False) -> str:
    """What a reader of the page would see of the HTML in `value`, entities decoded, one line a block, lists as `- `.

    Args:
        value: HTML, well formed or not.
        has_quote_marks: Lines inside a `blockquote` begin with one `>` per level and a space.
    """
    if has_quote_marks:
        value = value.replace(_QUOTE, "").replace(_UNQUOTE, "")
    pieces: list[str] = []
    hidden: list[str] = []
    for kind, piece in _tokens(value):
        if kind == "text":
            if not hidden:
                pieces.append(unescape(re.sub(r"\s+", " ", piece)))
            continue
        name, is_end = _tag(piece)
        if hidden:
            _track_hidden(hidden, name, is_end=is_end)
            continue
        if not is_end and name not in _VOID and not piece.endswith("/>") and _is_unseen(name, piece):
            hidden.append(name)
            continue
        if has_quote_marks and name == "blockquote":
            pieces.append(f"\n\n{_UNQUOTE if is_end else _QUOTE}\n\n")
        else:
            pieces.append(_mark(name, is_end=is_end))
    return _tidy("".join(pieces), has_quote_marks=has_quote_marks)


def _is_unseen(name: str, tag: str) -> bool:
    return name in _UNSEEN or _HIDDEN.search(tag) is not None or _is_its_own_background(tag)


def _is_its_own_background(tag: str) -> bool:
    """Whether an element's letters have the colour of what is behind them, as far as the element itself says both."""
    colours: dict[str, str] = {}
    for name, value in _COLOUR.findall(tag):
        plain = value.lower().replace(" ", "")
        plain = "#" + "".join(2 * one for one in plain[1:]) if plain[0] == "#" and len(plain) == 4 else plain
        colours["front" if name.lower() == "color" else "back"] = _WHITE.get(plain, plain)
    return "back" in colours and colours.get("front") == colours["back"]


def _track_hidden(hidden: list[str], name: str, *, is_end: bool) -> None:
    # Only the same element nests: `<div hidden>` is over at its own `</div>`, whatever else was left open inside.
    if name != hidden[0]:
        return
    if is_end:
        hidden.pop()
    else:
        hidden.append(name)


def _mark(name: str, *, is_end: bool) -> str:
    if name == "li":
        return "" if is_end else "\n- "
    if name in _PARAGRAPH:
        return "\n\n"
    if name in _LINE:
        return "" if is_end and name != "br" else "\n"
    return " " if name in {"td", "th"} else ""


def _tag(piece: str) -> tuple[str, bool]:
    found = _NAME.match(piece, 1)
    return (found.group(1).lower() if found else "", piece.startswith("</"))


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    """Text and tags in order; comments, doctypes and the inside of scripts are dropped here."""
    lower = value.lower()
    start = at = 0
    while (at := value.find("<", at)) >= 0:
        end = _skipped_until(value, at)
        if end is not None:
            yield "text", value[start:at]
            start = at = end
            continue
        found = _NAME.match(value, at + 1)
        if found is None or found.group(1).lower() not in _KNOWN:
            at += 1
            continue
        end = _tag_end(value, at)
        if end < 0:
            break
        yield "text", value[start:at]
        yield "tag", value[at:end]
        name = found.group(1).lower()
        if name in _RAW and value[at + 1] != "/":
            closing = lower.find(f"</{name}", end)
            end = closing if closing >= 0 else len(value)
        start = at = end
    yield "text", value[start:]


def _skipped_until(value: str, at: int) -> int | None:
    """Where a comment, doctype or processing instruction at `at` ends, or None when there is none."""
    if value.startswith("<!--", at):
        closing = value.find("-->", at + 4)
        return closing + 3 if closing >= 0 else len(value)
    if value.startswith(("<!doctype", "<!DOCTYPE", "<![", "<?xml"), at):
        closing = value.find(">", at)
        return closing + 1 if closing >= 0 else len(value)
    return None


def _tag_end(value: str, at: int) -> int:
    first = end = value.find(">", at)
    for _ in range(_QUOTED_ENDS_TRIED):
        if end < 0:
            break
        if value.count('"', at, end) % 2 == 0:
            return end + 1
        end = value.find(">", end + 1)
    return first + 1 if first >= 0 else -1


def _tidy(text: str, *, has_quote_marks: bool) -> str:
    lines = [re.sub(r"[ \t\r\f\v\u00a0]+", " ", line).strip() for line in text.split("\n")]
    if has_quote_marks:
        lines = list(_quoted(lines))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _quoted(lines: list[str]) -> Iterator[str]:
    depth = 0
    for line in lines:
        if line == _QUOTE:
            depth += 1
        elif line == _UNQUOTE:
            depth = max(0, depth - 1)
        else:
            yield f"{'>' * min(depth, _DEEPEST_QUOTE)} {line}" if line and depth else line
