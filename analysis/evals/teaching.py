"""What an analyzer is taught before it is asked: examples of each topic, out of the half of the rows that does not count."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from analysis.analyzer import TopicExample
from analysis.evals.evaluate import LabelledText


def taught(rows: Sequence[LabelledText], lessons: Sequence[LabelledText], example_count: int) -> list[LabelledText]:
    """`rows` with a taxonomy that has up to `example_count` examples of each label of `lessons`, none among the labels.

    Which ones is decided by a hash of their text; fewer examples are always among the more.
    """
    taken: list[TopicExample] = []
    counts = Counter[str]()
    for one in sorted(lessons, key=lambda row: hashlib.sha256(row.text.encode()).hexdigest()):
        if counts[one.label] < example_count:
            counts[one.label] += 1
            taken.append(TopicExample(one.text, one.topics))
    if not rows:
        return []
    # One object for all rows: an analyzer that learns from it does so once.
    taxonomy = replace(rows[0].taxonomy, examples=tuple(taken))
    return [replace(row, taxonomy=taxonomy) for row in rows]
