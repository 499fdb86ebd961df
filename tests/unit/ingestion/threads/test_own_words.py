"""Own words told from quotes and signatures: a golden set of mails, laws that hold for any text, and time that is linear."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingestion.hubspot.threads.own_words import own_spans, own_text

MAILS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "mails.yaml").read_text())

LINES = [line for mail in MAILS for line in mail["text"].split("\n")]
LINES += ["", "", "> quoted", "--", "PS: one more", "Thanks,", "Best regards,", "Anna Meyer", "wrote:", "  ", "____"]
MIXED = st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=30).map("\n".join)
PLAIN = st.lists(
    st.sampled_from(["The export fails again today.", "We need it until Friday.", "", "It is slow"]), max_size=20
)


@pytest.mark.parametrize("mail", MAILS, ids=[mail["name"] for mail in MAILS])
def test_the_golden_set(mail: dict[str, Any]) -> None:
    assert [mail["text"][start:end] for start, end in own_spans(mail["text"])] == mail["own"]


@given(MIXED | st.text())
def test_spans_are_ordered_disjoint_and_leave_nothing_out_unseen(text: str) -> None:
    spans = own_spans(text)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], text[start:end]]
        at = end
    assert "".join([*pieces, text[at:]]) == text
    assert all(text[start:end].strip() == text[start:end] for start, end in spans)


@given(MIXED | st.text())
def test_words_are_never_lost_altogether(text: str) -> None:
    assert bool(own_spans(text)) == bool(
        text.replace("\u200b", "").strip("\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff \n\t") and _has_word(text)
    )


def _has_word(text: str) -> bool:
    return any(not one.isspace() and one not in "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" for one in text)


@given(MIXED | st.text())
def test_stripping_twice_changes_nothing(text: str) -> None:
    once = own_text(text, own_spans(text))
    assert own_text(once, own_spans(once)) == once


@given(PLAIN.map("\n".join))
def test_a_message_without_quotes_is_kept_whole(text: str) -> None:
    assert own_text(text, own_spans(text)) == text.strip()


@pytest.mark.parametrize(
    "piece",
    [
        "\n",
        "> ",
        "On ",
        "a ",
        "On 3 Nov wrote:\n",
        "Thanks,\nBob\n",
        "--\n",
        "From: a\n",
        "_",
        "@",
        "1.",
        "PS\n",
        "Best\n",
    ],
)
def test_time_is_linear_on_hostile_mail(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    own_spans(text)
    assert time.process_time() - started < 2
