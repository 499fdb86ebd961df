"""HTML as plain text where quotations matter; what else a reader sees is tested with the texts of tickets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import html

QUOTE = "<p>No.</p><blockquote>Is it <b>solved</b>?<br>Really?<blockquote><p>It fails.</p></blockquote></blockquote><p>Still.</p>"


def test_quotations_are_marked_only_when_asked_for() -> None:
    assert html.plain_text(QUOTE) == "No.\n\nIs it solved?\nReally?\n\nIt fails.\n\nStill."
    assert html.plain_text(QUOTE, has_quote_marks=True) == "No.\n\n> Is it solved?\n> Really?\n\n>> It fails.\n\nStill."


def test_loose_ends_quote_what_follows_and_nothing_before() -> None:
    assert html.plain_text("</blockquote><p>a</p><blockquote>b<p>c", has_quote_marks=True) == "a\n\n> b\n\n> c"


def test_marks_in_the_text_itself_mean_nothing() -> None:
    assert html.plain_text("<p>\x0e</p><p>a\x0fb</p>", has_quote_marks=True) == "ab"


@given(
    st.lists(st.sampled_from(["<blockquote>", "</blockquote>", "<p>", "a", "\n", "\x0e", "&#14;", "> "]), max_size=40)
)
def test_marking_changes_nothing_but_the_marks(pieces: list[str]) -> None:
    value = "<div>" + "".join(pieces)
    plain, marked = html.plain_text(value), html.plain_text(value, has_quote_marks=True)
    assert [word for word in marked.split() if word.strip(">")] == [word for word in plain.split() if word.strip(">")]


@pytest.mark.parametrize(
    "style",
    [
        "color:#fff;background:#ffffff",
        "background-color: white; color: rgb(255, 255, 255)",
        "COLOR:#ABC;BACKGROUND:#aabbcc",
    ],
)
def test_letters_in_the_colour_of_what_is_behind_them_are_not_read(style: str) -> None:
    assert html.to_text(f'<p>Seen</p><span style="{style}">unseen</span>') == "Seen"


@pytest.mark.parametrize(
    "style", ["color:#fff", "color:#fff;background:#003366", "background:#fff", "border-color:#fff;background:#fff"]
)
def test_white_letters_on_anything_else_are_read(style: str) -> None:
    assert html.to_text(f'<td bgcolor="#003366"><span style="{style}">seen</span></td>') == "seen"
