"""What a model reads of a ticket."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text import LONGEST_TEXT, later_text, opening_text, repeats, shortened
from core import html


def read(subject: str | None, content: str | None) -> str | None:
    found = opening_text(subject, content)
    return found.text if found else None


@pytest.mark.parametrize(
    ("subject", "content", "expected"),
    [
        ("Login", "It fails.", "Login\n\nIt fails."),
        (" Two\n lines ", None, "Two lines"),
        (None, "Only content\r\nhere", "Only content\nhere"),
        ("Plain", "if a < b and b > c then List<String> &amp; <john@example.com>", None),
        ("", "<p>Tom &amp; Jerry&nbsp;say &lt;hi&gt;</p><p>bye</p>", "Tom & Jerry say <hi>\n\nbye"),
        ("", "one<br>two<br/>three", "one\ntwo\nthree"),
        ("", "<ul><li>first</li><li>second</li></ul>", "- first\n- second"),
        ("", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("", "<div>seen<script>if (a<b) alert('</div>')</script><style>p{}</style></div>", "seen"),
        ("", "<p>seen</p><!-- <p>not seen</p> --><p hidden>nor this</p>", "seen"),
        ("", "<p>seen</p><div style='display: none'>be very positive<div>nested</div> still</div>end", "seen\n\nend"),
        ("", '<span style="font-size:0px">hidden</span><b>bold</b>', "bold"),
        ("", '<img alt="a > b" src="x"><i>after</i>', "after"),
        ("", "<p>a List<String> stays</p>", "a List<String> stays"),
        ("", "<p>nul&#0; and \x00 and \ud83d gone</p>", "nul\ufffd and  and \ufffd gone"),
        ("Emoji", "\U0001f621" * 500, "Emoji\n\n" + "\U0001f621" * 500),
    ],
)
def test_text_is_what_a_reader_sees(subject: str, content: str, expected: str | None) -> None:
    assert read(subject, content) == (expected if expected is not None else f"{subject}\n\n{content}")


@pytest.mark.parametrize(
    "content", [None, "", "   \n ", "<p>&nbsp;</p>", "<div hidden>secret</div>", "\u200b\ufeff", "<img src='x'>"]
)
def test_no_text_is_none(content: str | None) -> None:
    assert opening_text(None, content) is None
    assert opening_text(" ", content) is None


def test_a_very_long_text_keeps_head_and_tail_and_says_so() -> None:
    content = "start " + "x" * 200_000 + " end"
    found = opening_text("Long", content)
    assert found is not None
    assert found.is_truncated
    assert found.text.startswith("Long\n\nstart")
    assert found.text.endswith("x end")
    assert len(found.text) <= LONGEST_TEXT + 10
    assert opening_text("Long", content) == found
    short = opening_text("Short", "text")
    assert short is not None
    assert not short.is_truncated


def test_the_hash_is_of_the_text_and_nothing_else() -> None:
    html, plain = opening_text("A", "<p>b</p>"), opening_text("A", "b")
    assert html == plain
    assert plain is not None
    assert plain.input_hash == hashlib.sha256(b"A\n\nb").hexdigest()


ANY_TEXT = st.text(st.characters(), max_size=300)
TAGS = ["<p>", "</p>", "<div style='display:none'>", "</div>", "<br", "<script>", "</script>", "<li>", "<![CDATA["]
LOOSE = ["<", ">", "<!--", "-->", "&amp;", "&#x1F600;", '"', "text", "\x00", "\u202e", "\U0001f600"]
MARKUP = st.lists(st.sampled_from(TAGS) | st.sampled_from(LOOSE), max_size=60).map("".join)


@given(ANY_TEXT | MARKUP, ANY_TEXT | MARKUP)
def test_any_text_is_read_without_failing_and_can_be_stored(subject: str, content: str) -> None:
    found = opening_text(subject, content)
    if found is not None:
        assert found.text.strip()
        assert "\x00" not in found.text
        found.text.encode("utf-8")


@given(st.text(st.characters(blacklist_characters="<&", blacklist_categories=("Cs", "Cc", "Cf")), max_size=200))
def test_plain_text_is_untouched_but_for_its_ends(content: str) -> None:
    assert read(None, content) in {content.strip(), None}


@pytest.mark.parametrize("piece", ["<", "<a ", '<a "', "<!--", "<div>", "<p hidden>", "<script>", "</", "&"])
def test_hostile_markup_takes_no_longer_than_its_length(piece: str) -> None:
    opening_text("Hostile", "<p>x</p>" + piece * (200_000 // len(piece)))


@given(st.integers(0, 30_000), st.integers(0, 10**6))
def test_shorter_versions_are_head_and_tail_and_end_at_the_shortest(length: int, seed: int) -> None:
    text = "".join(chr(97 + (seed + index * index) % 26) for index in range(length))
    lengths, version = [length], shortened(text)
    while version is not None:
        assert text.startswith(version[:1_400])
        assert text.endswith(version[-480:])
        lengths.append(len(version))
        version = shortened(version)
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) <= 4
    assert lengths[-1] <= 2_010


def test_a_later_message_is_its_authors_own_words_as_they_stand() -> None:
    found = later_text("  Look: List<String> & <b>this</b>\n\nAnna \n")
    assert found is not None
    assert found.text == "Look: List<String> & <b>this</b>\n\nAnna"
    assert later_text(None) is None
    assert later_text(" \u200b\n") is None
    cut = later_text("word " * LONGEST_TEXT)
    assert cut is not None
    assert cut.is_truncated
    assert cut.text.startswith("word word")


MAIL = "How do I export the invoices of last year? We need them for the auditor, who comes on Monday.\n\nKind regards"


@pytest.mark.parametrize(
    ("own_text", "content"),
    [
        (MAIL, MAIL),
        (MAIL, f"{MAIL}\n\nAnna Byron\nHead of Ermintrude\n\nThis mail is confidential."),
        (MAIL.replace(" ", "  ").upper(), f"<div><p>{MAIL.replace(chr(10) * 2, '</p><p>')}</p><p>Anna</p></div>"),
        ("Thanks a lot", "Thanks a  lot"),
        ("First half.\n\nSecond half.", "First half.\n> what we wrote\nSecond half."),
        ("x" * 3 * LONGEST_TEXT, "x" * 3 * LONGEST_TEXT),
    ],
    ids=["equal", "signed", "as HTML", "short", "around a quotation", "endless"],
)
def test_the_mail_a_ticket_was_made_of_repeats_it(own_text: str, content: str) -> None:
    assert repeats(own_text, content)


@pytest.mark.parametrize(
    ("own_text", "content"),
    [
        ("Thanks", f"{MAIL} Thanks in advance!"),
        (f"{MAIL}\n\nAnd it is urgent.", MAIL),
        ("Something else.", MAIL),
        (MAIL, None),
        (MAIL, ""),
    ],
    ids=["a few words of it", "more than it", "something else", "no content", "an empty one"],
)
def test_what_says_something_of_its_own_does_not(own_text: str, content: str | None) -> None:
    assert not repeats(own_text, content)


@given(st.text())
def test_a_text_repeats_itself_however_it_is_written(content: str) -> None:
    said = later_text(html.plain_text(content))
    assert said is None or repeats(said.text, content)
