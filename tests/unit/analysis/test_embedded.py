"""What the embedded analyzer makes of support language."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.embedded import EmbeddedAnalyzer
from analysis.embedded.head import load_head
from analysis.embedded.patterns import compiled, lowered
from analysis.embedded.rules import load_rules
from analysis.embedded.sentences import sentences
from analysis.quotes import locate
from analysis.text import opening_text
from core.vocabulary import AnalysisTask, Sentiment

ANALYZER = EmbeddedAnalyzer()


def level(text: str) -> int:
    return ANALYZER.judge(text).sentiment.level


@pytest.mark.parametrize(
    "text",
    [
        "The job was killed with a fatal error and the import failed. How do I abort the dead process?",
        "Login issue\n\nHi team,\n\nSSO fails with error 500. Could you have a look?\n\nThanks in advance,\nJoy Grieve",
        "Critical alert missing\n\nThe alert for blocked jobs did not fire. Steps to reproduce attached. Best regards",
        "ERROR 2026-11-01 terrible crash horrible\nTraceback (most recent call last)\nWhat does this log line mean?",
        "Is a half day of sick leave possible?",
        "No rush, just wondering whether it would be great to have dark mode one day.",
    ],
)
def test_technical_and_polite_words_are_not_feelings(text: str) -> None:
    assert level(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "This is the third time I contact you about the same bug and nobody has replied.",
        "We have been waiting for three weeks and there is still no answer.",
        "I am disappointed. Your support team is not helpful.",
        "We like the product, but the export is unreliable and it takes far too long.",
        "THIS IS USELESS!!!",
        "Great, it crashed again and again \U0001f621\U0001f621\U0001f621",
    ],
)
def test_complaints_are_negative(text: str) -> None:
    assert level(text) < 0


@pytest.mark.parametrize(
    "text",
    [
        "We have lost all trust in you. This is completely unacceptable and I want to speak to your manager.",
        "Absolutely disgusting service, the worst support ever, we are furious.",
    ],
)
def test_anger_and_lost_trust_are_very_negative(text: str) -> None:
    assert level(text) == -2


@pytest.mark.parametrize(
    "text",
    [
        "Thank you so much, it works perfectly now!",
        "I could not fault it. Nothing to improve.",
        "Your team is very friendly and went above and beyond.",
    ],
)
def test_praise_is_positive(text: str) -> None:
    assert level(text) > 0


@pytest.mark.parametrize(
    "text",
    [
        "Please cancel our subscription at the end of the month.",
        "We want to terminate the contract. This is our written notice of termination.",
        "How do I close my account?",
        "We have decided not to renew.",
        "We will not be renewing next year. Thank you for everything.",
        "We are switching to another vendor in March.",
        "If this is not solved by Monday we will cancel our contract.",
    ],
)
def test_leaving_in_so_many_words_is_explicit(text: str) -> None:
    assert ANALYZER.judge(text).churn_intent == "explicit"


@pytest.mark.parametrize(
    "text",
    [
        "We are looking at alternatives at the moment.",
        "To be honest I am not sure we will renew.",
        "Our procurement asked us to evaluate other vendors before the renewal.",
        "How can we export all our data before our contract ends?",
        "It is getting hard to justify the cost.",
        "What is the notice period?",
        "What happens if we cancel our subscription?",
        "Our group is moving to one common system next year.",
        "Unless the export improves we might look elsewhere.",
        "Half the team has gone back to spreadsheets.",
    ],
)
def test_leaving_between_the_lines_is_implied(text: str) -> None:
    assert ANALYZER.judge(text).churn_intent == "implied"


@pytest.mark.parametrize(
    "text",
    [
        "How do I cancel a scheduled report?",
        "Please cancel the meeting on Friday.",
        "We do not want to cancel our subscription, we only need an invoice.",
        "Please delete the test account of a former employee.",
        "We cancelled our old tool and moved to you, and we are happy.",
        "Our customers cancel their subscription in your portal and the webhook is late.",
        "How do I renew the SSL certificate?",
        "Can I switch to another plan?",
        "I cannot switch to another view.",
        "The sync job was terminated after 30 minutes.",
        "We are looking forward to renewing.",
    ],
)
def test_false_friends_are_not_leaving(text: str) -> None:
    assert ANALYZER.judge(text).churn_intent == "none"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Nobody has replied to my ticket, your support team is ignoring us.", "support"),
        ("The invoice is wrong, we were overcharged and need a refund.", "billing"),
        ("The dashboard does not load and the API returns errors.", "product"),
        ("Salesforce is down and their outage breaks our process, not your fault.", "external"),
        ("xyzzy", "product"),
    ],
)
def test_the_target_is_what_it_is_mainly_about(text: str, target: str) -> None:
    assert ANALYZER.judge(text).target == target


def test_the_quote_is_the_sentence_that_decided() -> None:
    answer = ANALYZER.judge(
        "Export\n\nHi all. The CSV is empty. This is completely unacceptable. We are evaluating other vendors. Bye."
    )
    assert answer.quotes[0] == "We are evaluating other vendors."
    assert "This is completely unacceptable." in answer.quotes
    assert ANALYZER.judge("Hi. Where do I find the export button in settings?").quotes == (
        "Where do I find the export button in settings?",
    )


def test_a_survey_question_decides_what_a_bare_wish_means() -> None:
    assert level("What could we do better?\n\nMore staff at weekends") < 0
    assert level("What was good?\n\nThe staff at weekends") > 0


@given(st.text(max_size=400))
def test_any_text_is_judged_the_same_twice_with_quotes_that_stand_in_it(text: str) -> None:
    read = opening_text(None, text)
    if read is None:
        return
    answer = ANALYZER.judge(read.text)
    assert answer == ANALYZER.judge(read.text)
    assert answer.sentiment in Sentiment
    assert all(quote in read.text for quote in answer.quotes)


@given(st.text(max_size=300))
def test_sentences_are_in_order_apart_and_without_blank_ends(text: str) -> None:
    spans = sentences(text)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    covered = "".join(text[start:end] for start, end in spans)
    assert re.sub(r"\s", "", covered) == re.sub(r"\s", "", text)


@given(st.text(max_size=200))
def test_lowering_keeps_every_offset(text: str) -> None:
    assert len(lowered(text)) == len(text)


WORDS = st.sampled_from(
    [
        "we will",
        "not",
        "renew",
        "cancel",
        "our",
        "contract",
        "unacceptable",
        "still no",
        "reply",
        "looking at",
        "alternatives",
    ]
)


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_a_pattern_finds_the_same_with_and_without_its_anchors(text: str) -> None:
    rules = load_rules()
    phrases = [phrase.pattern for phrase in rules.phrases]
    resolved = [*rules.solved, *rules.unsolved, *rules.problem]
    for pattern in [*phrases, *rules.explicit, *rules.implied, *rules.never_leaving, *resolved]:
        found = [match.span() for match in pattern.expression.finditer(text) if match.group()]
        assert list(pattern.spans(text)) == found


def test_anchors_are_read_off_the_pattern() -> None:
    assert compiled("(?:cancel|terminate) our contract").anchors == (" our contract",)
    assert compiled("renew(?:al)?").anchors == ("renew",)
    assert compiled("(?:foo|barbaz)").anchors == ("barbaz", "foo")
    assert compiled(r"\w+").anchors == ()


@pytest.mark.parametrize(
    ("text", "resolution"),
    [
        ("Export fails\n\nThe export stops with an error.", "unsolved"),
        ("Re: Export\n\nThat fixed it, thank you.", "solved"),
        ("Re: Export\n\nEverything is working again now. You can close the ticket.", "solved"),
        ("Re: Export\n\nIt worked for a day, now it is still failing.", "unsolved"),
        ("Re: Export\n\nYou said it is fixed. It is still not working.", "unsolved"),
        ("Re: Export\n\nStill failing at noon. Update: works now!", "solved"),
        ("Re: Export\n\nI will tell you if it works now.", "unclear"),
        ("Question\n\nHow do I add a colleague?", "no_problem"),
        ("Service\n\nYour support is useless.", "unsolved"),
    ],
)
def test_whether_the_problem_looks_solved_is_what_was_said_last(text: str, resolution: str) -> None:
    assert ANALYZER.judge(text).resolution == resolution


def test_the_quote_of_a_feeling_without_strong_words_is_the_sentence_that_leans_that_way() -> None:
    answer = ANALYZER.judge(
        "How could we improve?\n\nThe corridor is long. More staff needed, not enough nurses on the ward."
    )
    assert answer.sentiment.level < 0
    assert any("nurses" in quote for quote in answer.quotes)


def test_the_identity_names_rules_and_weights() -> None:
    sentiment, topics = (ANALYZER.identity(task) for task in (AnalysisTask.SENTIMENT, AnalysisTask.TOPICS))
    assert load_rules().version in sentiment.prompt_version
    assert load_head().version in sentiment.prompt_version
    assert sentiment.model != topics.model
    assert load_head().version not in topics.prompt_version


def test_a_run_on_text_is_quoted_around_what_decided() -> None:
    text = "word " * 400 + "we will cancel our subscription " + "word " * 400
    answer = ANALYZER.judge(text.strip())
    assert "cancel our subscription" in answer.quotes[0]
    assert len(answer.quotes[0]) <= 300
    assert locate(text, answer.quotes[0]) is not None
