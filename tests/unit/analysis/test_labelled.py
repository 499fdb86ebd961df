"""Which labelled rows count, and what is said where there are none."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analysis.analyzer import Taxonomy, Topic
from analysis.evals import LABELLED_SETS, Half, LabelledText, is_unseen, labelled_sets, load_labelled, taught
from analysis.evals.labelled import LabelledTextsMissing
from core.topics import NO_TOPIC
from core.vocabulary import EvaluationSubject

SENTENCES = next(one for one in LABELLED_SETS if one.name == "sentences")
[QUESTIONS] = labelled_sets(EvaluationSubject.INTENT)
COMPLAINTS = next(one for one in LABELLED_SETS if one.name == "complaints")


def write(folder: Path, file: str, rows: list[dict[str, Any]]) -> None:
    (folder / file).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"id": f"r-{one}", "content": f"text {one}", "label_sentiment": "neutral"} for one in range(40)]
    write(tmp_path, "sentiment.jsonl", [*rows, {"id": "r-none", "content": " ", "label_sentiment": "neutral"}])
    return tmp_path


def test_only_the_half_nothing_was_made_with_counts_unless_all_is_asked_for(folder: Path) -> None:
    half, whole = load_labelled(SENTENCES, folder), load_labelled(SENTENCES, folder, half=Half.BOTH)
    assert [row.text for row in whole] == [f"text {one}" for one in range(40)]
    assert [row.text for row in half] == [f"text {one}" for one in range(40) if is_unseen(f"r-{one}")]
    assert 10 < len(half) < 30


def test_the_halves_are_apart_and_together_all(folder: Path) -> None:
    unseen, seen, both = ({row.text for row in load_labelled(SENTENCES, folder, half=half)} for half in Half)
    assert not unseen & seen
    assert unseen | seen == both


def test_examples_are_as_many_as_asked_for_and_the_fewer_among_the_more() -> None:
    lessons = [LabelledText(f"{topic} {one}", topic, topics=(topic,)) for topic in ("a", "b") for one in range(9)]
    lessons.append(LabelledText("odd", NO_TOPIC))
    rows = [LabelledText("x", "a", Taxonomy((Topic("a"), Topic("b"))))] * 2
    three, nine = (taught(rows, lessons, count) for count in (3, 9))
    assert Counter(one.topics for one in three[0].taxonomy.examples) == {("a",): 3, ("b",): 3, (): 1}
    assert set(three[0].taxonomy.examples) < set(nine[0].taxonomy.examples)
    assert three[0].taxonomy is three[1].taxonomy
    assert three == taught(rows, lessons[::-1], 3)
    assert taught([], lessons, 3) == []


def test_fewer_rows_are_taken_evenly(folder: Path) -> None:
    some = load_labelled(SENTENCES, folder, half=Half.BOTH, most=4)
    assert [row.text for row in some] == ["text 0", "text 10", "text 20", "text 30"]
    assert len(load_labelled(SENTENCES, folder, half=Half.BOTH, most=500)) == 40


def test_topics_come_with_all_labels_of_the_set_as_their_taxonomy(tmp_path: Path) -> None:
    rows = [
        {"id": f"{source}-{one}", "content": "x", "label_topic": topic}
        for source, one, topic in (("cfpb", 1, "Fees"), ("cfpb", 2, "Fraud"), ("nhs", 3, "Food"))
    ]
    write(tmp_path, "tickets.jsonl", rows)
    found = load_labelled(COMPLAINTS, tmp_path, half=Half.BOTH)
    assert [row.label for row in found] == ["Fees", "Fraud"]
    assert {tuple(topic.name for topic in row.taxonomy.topics) for row in found} == {("Fees", "Fraud")}


def test_leaving_is_told_from_staying(tmp_path: Path) -> None:
    write(
        tmp_path,
        "intent.jsonl",
        [{"id": f"i-{one}", "content": "x", "label_churn_intent": one} for one in (0, 1)],
    )
    assert [row.label for row in load_labelled(QUESTIONS, tmp_path, half=Half.BOTH)] == ["staying", "leaving"]


@pytest.mark.parametrize("content", ["not json\n", '{"id": "1"}\n', "[]\n"])
def test_a_file_of_something_else_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "sentiment.jsonl").write_text(content)
    with pytest.raises(LabelledTextsMissing, match=r"sentiment\.jsonl is not a file of labelled texts"):
        load_labelled(SENTENCES, tmp_path, half=Half.BOTH)


def test_a_missing_file_is_named_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(LabelledTextsMissing, match="set CHURNBOARD_DATA_DIR"):
        load_labelled(SENTENCES, tmp_path)
