"""Two readings against each other: every figure by hand, and the laws they keep."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzer import SentimentAnswer, TopicsAnswer
from analysis.measures import Share, kappa
from analysis.shadow.compare import DIMENSIONS, UNREAD, LabelMatrix, labels_of, matrices
from core.vocabulary import AnalysisTask, ChurnIntent, Resolution, Sentiment, Target

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS
LEVELS = {one.value: one.level for one in Sentiment}


def said(sentiment: str, churn_intent: str = "none") -> SentimentAnswer:
    return SentimentAnswer(
        quotes=(),
        sentiment=Sentiment(sentiment),
        churn_intent=ChurnIntent(churn_intent),
        target=Target.PRODUCT,
        resolution=Resolution.UNCLEAR,
    )


def compared(task: AnalysisTask, *pairs: tuple[object, object]) -> dict[str, LabelMatrix]:
    labelled = [(labels_of(one, task), labels_of(other, task)) for one, other in pairs]  # type: ignore[arg-type]
    return {one.dimension: one for one in matrices(task, labelled)}


def test_the_matrix_counts_what_became_of_each_label() -> None:
    found = compared(
        S,
        (said("neutral"), said("negative")),
        (said("neutral"), said("negative", "implied")),
        (said("negative"), said("negative")),
        (said("positive"), said("positive")),
        (said("neutral"), None),
        (None, said("neutral")),
    )
    tone = found["sentiment"]
    assert tone.counts == {
        ("neutral", "negative"): 2,
        ("negative", "negative"): 1,
        ("positive", "positive"): 1,
        ("neutral", UNREAD): 1,
        (UNREAD, "neutral"): 1,
    }
    assert tone.labels == ["negative", "neutral", "positive", UNREAD]
    assert (tone.agreement, tone.changed) == (Share(2, 4), Share(2, 4))
    # Observed: two errors of one level. By chance: firsts n 2, neg 1, pos 1; seconds neg 3, pos 1.
    # sum firsts x seconds x d^2 = 2*3*1 + 2*1*1 + 1*3*0 + 1*1*4 + 1*3*4 + 0 = 24; 1 - 2 * 4 / 24.
    assert tone.kappa == pytest.approx(1 - 8 / 24)
    assert found["churn_intent"].counts == {
        ("none", "none"): 3,
        ("none", "implied"): 1,
        ("none", UNREAD): 1,
        (UNREAD, "none"): 1,
    }
    assert found["target"].kappa is None, "one label only: chance would agree always"
    assert found["target"].agreement == Share(4, 4)


def test_topics_are_compared_by_the_first_and_by_the_whole_set() -> None:
    found = compared(
        T,
        (TopicsAnswer(topics=("Exports", "Login")), TopicsAnswer(topics=("Login", "Exports"))),
        (TopicsAnswer(topics=("Exports",)), TopicsAnswer(topics=("Exports", "Login"))),
        (TopicsAnswer(topics=()), TopicsAnswer(topics=("Login",))),
    )
    assert found["topic"].counts == {("Exports", "Login"): 1, ("Exports", "Exports"): 1, ("none", "Login"): 1}
    assert found["all_topics"].counts == {
        ("Exports, Login", "Exports, Login"): 1,
        ("Exports", "Exports, Login"): 1,
        ("none", "Login"): 1,
    }


@pytest.mark.parametrize(
    ("changed", "flips", "is_noise"),
    [
        (3, None, True),
        (4, None, False),
        (4, Share(5, 100), True),
        (6, Share(5, 100), False),
        (3, Share(0, 100), True),
    ],
)
def test_less_than_three_points_or_than_identical_runs_differ_is_noise(
    changed: int, flips: Share | None, is_noise: bool
) -> None:
    counts = {("neutral", "neutral"): 100 - changed, ("neutral", "negative"): changed}
    assert LabelMatrix("sentiment", counts).is_noise(flips) is is_noise


@pytest.mark.parametrize(
    ("share", "interval"),
    [
        # Newcombe (1998), table of worked examples: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        (Share(81, 263), (0.2553, 0.3662)),
        (Share(15, 148), (0.0624, 0.1605)),
        (Share(0, 20), (0.0, 0.1611)),
        (Share(1, 29), (0.0061, 0.1718)),
        (Share(0, 0), (0.0, 1.0)),
    ],
)
def test_wilson_gives_the_intervals_of_the_literature(share: Share, interval: tuple[float, float]) -> None:
    assert share.interval == pytest.approx(interval, abs=5e-5)


def test_kappa_gives_the_value_of_the_literature() -> None:
    # Cohen's classic: both yes 20, both no 15, 5 and 10 apart; kappa 0.4.
    counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert kappa(counts) == pytest.approx(0.4)


TABLES = st.dictionaries(
    st.tuples(st.sampled_from(list(LEVELS)), st.sampled_from(list(LEVELS))), st.integers(1, 50), min_size=1
)


@given(TABLES)
def test_agreement_knows_no_direction_and_never_leaves_its_range(counts: dict[tuple[str, str], int]) -> None:
    turned = {(other, one): count for (one, other), count in counts.items()}
    for levels in (None, LEVELS):
        value, back = kappa(counts, levels), kappa(turned, levels)
        assert (value is None) == (back is None)
        if value is not None and back is not None:
            assert value == pytest.approx(back)
            assert value <= 1
    matrix = LabelMatrix("sentiment", counts)
    assert matrix.agreement.hits + matrix.changed.hits == sum(counts.values())


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_share_and_narrows_with_more(hits: int, more: int) -> None:
    share = Share(hits, hits + more)
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1
    wide = Share(10 * hits, 10 * (hits + more)).interval
    assert wide[1] - wide[0] < high - low


@given(st.lists(st.tuples(st.sampled_from(list(LEVELS)), st.sampled_from(list(LEVELS)))))
def test_every_pair_is_counted_once_in_every_dimension(pairs: list[tuple[str, str]]) -> None:
    found = compared(S, *[(said(one), said(other)) for one, other in pairs])
    assert set(found) == set(DIMENSIONS[S])
    assert {sum(matrix.counts.values()) for matrix in found.values()} == {len(pairs)}
    assert found["sentiment"].counts == Counter(pairs)
