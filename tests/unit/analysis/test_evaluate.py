"""The measures are those of the field."""

import pytest

from analysis.analyzer import Identity, Reading, SentimentAnswer, Taxonomy, Topic, TopicsAnswer, UnreadableAnswer, Usage
from analysis.evals import LabelledText, asking, coarser, evaluate, three_classes
from analysis.evals.evaluate import LEAVING, STAYING, intent
from core.vocabulary import AnalysisTask, AnalyzerKind, ChurnIntent, Resolution, Sentiment, Target


class Parrot:
    """Answers with what the text says before the colon."""

    def identity(self, task: AnalysisTask, prompt_version: str = "") -> Identity:  # noqa: ARG002 - the interface
        return Identity(AnalyzerKind.EMBEDDED, "parrot", task.value, "")

    async def sentiment(self, text: str) -> Reading[SentimentAnswer]:
        said = text.partition(":")[0]
        if said == "mumble":
            raise UnreadableAnswer("no answer")
        answer = SentimentAnswer(
            quotes=(),
            sentiment=Sentiment(said),
            churn_intent=ChurnIntent.NONE,
            target=Target.PRODUCT,
            resolution=Resolution.UNCLEAR,
        )
        return Reading(answer, Usage())

    async def topics(self, text: str, taxonomy: object) -> Reading[TopicsAnswer]:  # noqa: ARG002 - the interface
        said = text.partition(":")[0]
        return Reading(TopicsAnswer(topics=tuple(said.split("|")) if said else ()), Usage(cost_usd=0.25))

    async def close(self) -> None:
        """Nothing is open."""


def rows(*pairs: tuple[str, str]) -> list[LabelledText]:
    return [LabelledText(f"{said}: text", label) for label, said in pairs]


def test_perfect_answers_are_perfect() -> None:
    found = evaluate(
        AnalysisTask.SENTIMENT, rows(*((level.value, level.value) for level in Sentiment)), asking(Parrot())
    )
    assert (found.accuracy, found.macro_f1, found.kappa) == (1.0, 1.0, 1.0)
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_figures_are_counted_by_hand() -> None:
    found = evaluate(
        AnalysisTask.SENTIMENT,
        rows(
            ("negative", "very_negative"),
            ("negative", "neutral"),
            ("neutral", "neutral"),
            ("neutral", "negative"),
            ("positive", "positive"),
            ("positive", "mumble"),
        ),
        asking(Parrot()),
    )
    assert found.accuracy == pytest.approx(2 / 6)
    assert found.f1("neutral") == pytest.approx(0.5)
    assert found.f1("positive") == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((0 + 0.5 + 2 / 3) / 3)
    assert (found.precision, found.recall) == (0.5, 0.5)
    # Read pairs: (-1,-2) (-1,0) (0,0) (0,-1) (1,1): observed 3, expected 28 / 5 over all pairs of labels and answers.
    expected = sum((a - b) ** 2 for a in (-1, -1, 0, 0, 1) for b in (-2, 0, 0, -1, 1)) / 5
    assert found.kappa == pytest.approx(1 - 3 / expected)
    assert found.confusion["positive", "unread"] == 1


def test_answers_all_of_one_kind_have_no_kappa() -> None:
    assert evaluate(AnalysisTask.SENTIMENT, rows(("neutral", "neutral")), asking(Parrot())).kappa is None


def test_topics_and_other_readings_are_compared_as_they_are() -> None:
    taxonomy = Taxonomy((Topic("Login"),))
    found = evaluate(
        AnalysisTask.TOPICS,
        [LabelledText("Login: x", "Login", taxonomy), LabelledText(": y", "none", taxonomy)],
        asking(Parrot()),
    )
    assert (found.accuracy, found.kappa, found.recall) == (1.0, None, None)
    three = evaluate(
        AnalysisTask.SENTIMENT,
        rows(("negative", "very_negative")),
        asking(Parrot()),
        read=lambda answer: three_classes(answer.sentiment.value),
    )
    assert three.accuracy == 1.0


def test_a_label_among_the_first_three_is_counted_apart_and_costs_are_added_up() -> None:
    texts = ("a: x", "b|a: x", "b|c|a: x", "b|c|d|a: x")
    found = evaluate(AnalysisTask.TOPICS, [LabelledText(text, "a") for text in texts], asking(Parrot()))
    assert (found.accuracy, found.best_three_accuracy) == (0.25, 0.75)
    assert (found.usage.cost_usd, found.cost_usd_per_1000) == (1.0, 250.0)


def test_who_leaves_is_found_by_intent() -> None:
    said = {"a": ChurnIntent.EXPLICIT, "b": ChurnIntent.NONE, "c": ChurnIntent.IMPLIED}
    answers = [
        SentimentAnswer(
            quotes=(),
            sentiment=Sentiment.NEUTRAL,
            churn_intent=one,
            target=Target.PRODUCT,
            resolution=Resolution.UNCLEAR,
        )
        for one in said.values()
    ]
    rows_of = [LabelledText("", label) for label in (LEAVING, LEAVING, STAYING)]
    found = evaluate(AnalysisTask.SENTIMENT, rows_of, lambda _: [(one, Usage()) for one in answers], read=intent)
    assert (found.precision, found.recall, found.kappa) == (0.5, 0.5, None)


def test_fewer_labels_are_counted_from_the_same_answers() -> None:
    fine = evaluate(
        AnalysisTask.SENTIMENT, rows(("negative", "very_negative"), ("positive", "mumble")), asking(Parrot())
    )
    found = coarser(fine, three_classes)
    assert (fine.accuracy, found.accuracy) == (0.0, 0.5)
    assert (found.count, found.unread_count) == (2, 1)
