"""Labelled texts from a folder of JSON lines: which sets there are, and what their labels mean.

The folder is not part of the product: it is named by `CHURNBOARD_DATA_DIR` and holds `tickets.jsonl`, `sentiment.jsonl` and
`intent.jsonl`. The rules of the embedded analyzer were made while looking at one half of these rows, and its weights trained on it,
so by default only the other half counts; which half a row is in is decided by its id alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from analysis.analyzer import SentimentAnswer, Taxonomy, Topic
from analysis.evals.evaluate import LEAVING, STAYING, LabelledText, intent, level
from analysis.text import opening_text
from core.errors import Terminal
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask, EvaluationSubject

_Row = Mapping[str, Any]
_T = TypeVar("_T")
_TICKETS = "tickets.jsonl"


class Half(Enum):
    """Which rows of a file."""

    UNSEEN = "those that nothing was made with"
    SEEN = "those that rules and weights were made with, and examples are taken from"
    BOTH = "all"


class LabelledTextsMissing(Terminal):
    """The folder, or one of its files, is not there or not as it should be."""


@dataclass(frozen=True)
class LabelledSet:
    """One set of labelled texts.

    Attributes:
        name: How it is called on the command line.
        file: Its file in the folder.
        has: Whether a row of the file belongs to it.
        label: The label of a row that does.
    """

    name: str
    subject: EvaluationSubject
    file: str
    has: Callable[[_Row], bool]
    label: Callable[[_Row], str]
    task: AnalysisTask = AnalysisTask.SENTIMENT
    read: Callable[[SentimentAnswer], str] = field(default=level)


def _from(source: str) -> Callable[[_Row], bool]:
    return lambda row: str(row["id"]).startswith(f"{source}-")


LABELLED_SETS = (
    LabelledSet(
        "comments",
        EvaluationSubject.SENTIMENT,
        _TICKETS,
        lambda row: bool(row["label_sentiment"]),
        lambda row: str(row["label_sentiment"]),
    ),
    LabelledSet(
        "sentences",
        EvaluationSubject.SENTIMENT,
        "sentiment.jsonl",
        lambda _: True,
        lambda row: str(row["label_sentiment"]),
    ),
    LabelledSet(
        "comments",
        EvaluationSubject.TOPICS,
        _TICKETS,
        _from("nhs"),
        lambda row: str(row["label_topic"] or NO_TOPIC),
        AnalysisTask.TOPICS,
    ),
    LabelledSet(
        "complaints",
        EvaluationSubject.TOPICS,
        _TICKETS,
        _from("cfpb"),
        lambda row: str(row["label_topic"]),
        AnalysisTask.TOPICS,
    ),
    LabelledSet(
        "questions",
        EvaluationSubject.INTENT,
        "intent.jsonl",
        lambda _: True,
        lambda row: LEAVING if row["label_churn_intent"] else STAYING,
        read=intent,
    ),
)
"""All of them; the first of a subject is the one meant where none is named."""


def labelled_sets(subject: EvaluationSubject) -> list[LabelledSet]:
    """The sets for one subject."""
    return [one for one in LABELLED_SETS if one.subject is subject]


def load_labelled(
    wanted: LabelledSet, folder: Path, *, half: Half = Half.UNSEEN, most: int | None = None
) -> list[LabelledText]:
    """The rows of a set; for topics with the set's own labels as the taxonomy.

    Args:
        wanted: Which set.
        folder: Where its file is.
        half: Which rows.
        most: No more than so many, taken evenly from the whole file; None: all.

    Raises:
        LabelledTextsMissing: The file is not there, or not as it should be.
    """
    with _saying_what_is_wrong(folder / wanted.file):
        rows = [row for row in _rows(folder / wanted.file) if wanted.has(row)]
        labels = sorted({wanted.label(row) for row in rows} - {NO_TOPIC})
        is_sorted = wanted.task is AnalysisTask.TOPICS
        taxonomy = Taxonomy(tuple(Topic(label) for label in labels) if is_sorted else ())
        chosen = [row for row in rows if half is Half.BOTH or is_unseen(str(row["id"])) == (half is Half.UNSEEN)]
        texts = [
            (
                opening_text(row.get("subject"), row["content"]),
                wanted.label(row),
                _topics(row, labels) if is_sorted else (),
            )
            for row in _evenly(chosen, most)
        ]
    return [LabelledText(text.text, label, taxonomy, topics) for text, label, topics in texts if text is not None]


def load_texts(folder: Path, *, most: int | None = None) -> list[str]:
    """The tickets of the folder without their labels, no more than `most`, taken evenly.

    Raises:
        LabelledTextsMissing: As `load_labelled`.
    """
    file = folder / _TICKETS
    with _saying_what_is_wrong(file):
        texts = [opening_text(row.get("subject"), row["content"]) for row in _rows(file)]
    return _evenly([text.text for text in texts if text is not None], most)


def is_unseen(row_id: str) -> bool:
    """Whether a row is in the half that nothing was made with."""
    return int(hashlib.sha256(row_id.encode()).hexdigest(), 16) % 2 == 1


@contextmanager
def _saying_what_is_wrong(file: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise LabelledTextsMissing(
            f"{file} is not a file of labelled texts ({type(error).__name__}: {error}): each line is a JSON object "
            f"with id, content and labels."
        ) from error


def _evenly(rows: list[_T], most: int | None) -> list[_T]:
    if most is None or most >= len(rows):
        return rows
    return [rows[place * len(rows) // most] for place in range(most)]


def _topics(row: _Row, labels: Sequence[str]) -> tuple[str, ...]:
    """The topics of the set that people saw in a row, the one it is mainly about first."""
    seen = (row["label_topic"], *(row.get("label_topics") or ()))
    return tuple(dict.fromkeys(topic for topic in seen if topic in labels))


def _rows(file: Path) -> Iterator[_Row]:
    if not file.is_file():
        raise LabelledTextsMissing(
            f"There is no {file}: set CHURNBOARD_DATA_DIR to the folder of labelled texts, or give it as --data."
        )
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
