"""How often answers are right, and what of it ships."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzer import Identity
from analysis.embedded import EmbeddedAnalyzer
from analysis.evals.precision import LabelPrecision, is_right, label_precision, wilson_lower_bound
from analysis.evals.runs import EvaluationRun
from analysis.evals.shipped import NotToBeShipped, keep_as_shipped, shipped_precision
from core.vocabulary import AnalysisTask, AnalyzerKind, ChurnIntent, EvaluationSubject, Sentiment

SENTIMENT, INTENT, TOPICS = EvaluationSubject.SENTIMENT, EvaluationSubject.INTENT, EvaluationSubject.TOPICS


@pytest.mark.parametrize(
    ("right", "count", "lower"), [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 0.7225), (84, 92, 0.8377), (8, 10, 0.4902)]
)
def test_the_lower_bound_is_the_published_one(right: int, count: int, lower: float) -> None:
    assert wilson_lower_bound(right, count) == pytest.approx(lower, abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_lower_bound_is_below_the_share_and_grows_with_the_sample(counted: tuple[int, int]) -> None:
    right, count = counted
    lower = wilson_lower_bound(right, count)
    assert 0 <= lower <= right / count + 1e-12
    assert lower <= wilson_lower_bound(right * 2, count * 2) + 1e-12


def test_a_level_is_right_where_it_points_the_same_way() -> None:
    assert is_right(SENTIMENT, "very_negative", "negative")
    assert not is_right(SENTIMENT, "neutral", "negative")
    assert is_right(INTENT, "leaving", "implied")
    assert is_right(INTENT, "staying", "none")
    assert not is_right(INTENT, "leaving", "none")


def test_each_answer_is_counted_apart() -> None:
    claims = Counter({("negative", "negative"): 3, ("very_negative", "negative"): 2, ("neutral", "negative"): 1})
    claims["neutral", "positive"] = 4
    assert label_precision(SENTIMENT, claims) == [
        LabelPrecision("negative", 6, 5),
        LabelPrecision("positive", 4, 0),
    ]
    assert label_precision(TOPICS, Counter({("a", "a"): 1})) == []


def run(
    prompt_version: str = "v1", labelled_set: str = "comments", kind: AnalyzerKind = AnalyzerKind.EMBEDDED
) -> EvaluationRun:
    return EvaluationRun(
        run_id="r",
        subject=SENTIMENT,
        labelled_set=labelled_set,
        identity=Identity(kind, "rules", prompt_version, "s"),
        found=(),
        evaluated_at=datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC),
        duration_seconds=1,
        precision=[LabelPrecision("negative", 6, 5)],
    )


def test_what_is_kept_ships_version_by_version(tmp_path: Path) -> None:
    file = tmp_path / "measured.yaml"
    file.write_text("measured: []")
    keep_as_shipped(run(), file)
    keep_as_shipped(run(labelled_set="sentences"), file)
    assert {(row["prompt_version"], row["labelled_set"]) for row in shipped_precision(file)} == {
        ("v1", "comments"),
        ("v1", "sentences"),
    }
    keep_as_shipped(run("v2"), file)
    [row] = shipped_precision(file)
    assert (row["prompt_version"], row["label"], row["answered_count"], row["right_count"]) == ("v2", "negative", 6, 5)
    assert row["evaluated_at"] == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert row["lower_bound_score"] == pytest.approx(wilson_lower_bound(5, 6))


def test_a_paid_model_does_not_ship_and_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "measured.yaml"
    file.write_text("measured: []")
    with pytest.raises(NotToBeShipped, match="ANALYZER=embedded"):
        keep_as_shipped(run(kind=AnalyzerKind.OPENAI_COMPATIBLE), file)
    assert shipped_precision(file) == []


def test_what_ships_was_measured_of_the_embedded_analyzer_as_it_is() -> None:
    identity = EmbeddedAnalyzer().identity(AnalysisTask.SENTIMENT)
    rows = shipped_precision()
    assert {(row["model"], row["prompt_version"], row["schema_hash"]) for row in rows} == {
        (identity.model, identity.prompt_version, identity.schema_hash)
    }, "measure again: churnboard evaluate … --keep-as-shipped, for each set of sentiment and for intent"
    assert {row["label"] for row in rows if row["subject"] is SENTIMENT} == set(Sentiment)
    assert {row["label"] for row in rows if row["subject"] is INTENT} <= set(ChurnIntent)
