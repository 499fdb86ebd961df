"""Corrections as cases for both readings."""

from analysis.measures import Share
from analysis.shadow.compare import DIMENSIONS, UNREAD, topic_labels
from analysis.shadow.corrected import Corrected, passed
from analysis.shadow.pairs import Read
from core.vocabulary import AnalysisTask

S, T = AnalysisTask.SENTIMENT, AnalysisTask.TOPICS


def tone(sentiment: str, churn_intent: str = "none") -> Read:
    labels = {"sentiment": sentiment, "churn_intent": churn_intent, "target": "product", "resolution": "unclear"}
    return Read(labels, "key")


def topics(*names: str) -> Read:
    return Read(topic_labels(names), "key")


def test_a_correction_is_held_against_the_opening_of_its_ticket() -> None:
    compared = {
        ("1", "opening"): (tone("neutral"), tone("negative", "implied")),
        ("1", "emails/7"): (tone("negative"), tone("neutral")),
        ("2", "opening"): (tone("negative"), Read(dict.fromkeys(DIMENSIONS[S], UNREAD), "key")),
    }
    cases = [
        Corrected("1", "sentiment", ("negative",)),
        Corrected("1", "churn_intent", ("none",)),
        Corrected("2", "sentiment", ("negative",)),
        Corrected("9", "sentiment", ("negative",)),
    ]
    assert passed(S, cases, compared) == (Share(2, 3), Share(1, 3))
    assert passed(S, cases[3:], compared) is None


def test_topics_are_right_as_a_set() -> None:
    compared = {
        ("1", ""): (topics("Exports"), topics("Login", "Exports")),
        ("2", ""): (topics(), topics("Login")),
    }
    cases = [Corrected("1", "all_topics", ("Exports", "Login")), Corrected("2", "all_topics", ())]
    assert passed(T, cases, compared) == (Share(1, 2), Share(1, 2))
