"""Each planted situation leads to the card it should, on DuckDB; equality of the engines is tested beside this."""

import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from analysis.evals.precision import wilson_lower_bound
from core.vocabulary import (
    Confidence,
    MrrSource,
    ReadingScope,
    Resolution,
    Sentiment,
    SentimentTrend,
    Severity,
    Target,
    TriggerType,
)
from tests.integration.transforms.conftest import MARTS, BuiltWarehouse
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import table_rows

CARDS = {
    ("acme", "101", "frustrated", date(2026, 11, 18), "critical", True),
    ("acme", "102", "frustrated", date(2026, 11, 15), "low", True),
    ("acme", "102", "significant_support", date(2026, 11, 17), "critical", True),
    ("acme", "103", "frustrated", date(2026, 10, 16), "low", False),
    ("acme", "103", "silently_struggling", date(2026, 11, 15), "high", True),
    ("acme", "104", "silently_struggling", date(2026, 10, 30), "low", True),
    ("acme", "106", "frustrated", date(2026, 9, 10), "low", False),
    ("acme", "107", "frustrated", date(2026, 9, 1), "low", False),
    ("acme", "107", "frustrated", date(2026, 11, 19), "low", True),
    ("globex", "101", "frustrated", date(2026, 11, 18), "medium", True),
    ("globex", "103", "silently_struggling", date(2026, 10, 10), "low", True),
    ("initech", "101", "significant_support", date(2026, 11, 18), "low", True),
    ("initech", "102", "silently_struggling", date(2026, 11, 16), "medium", True),
    ("initech", "106", "frustrated", date(2026, 11, 18), "medium", True),
    ("initech", "107", "frustrated", date(2026, 10, 11), "medium", False),
    ("initech", "108", "frustrated", date(2026, 10, 11), "medium", False),
    ("hooli", "101", "tenant_rule", date(2026, 11, 14), "high", True),
    ("hooli", "104", "frustrated", date(2026, 10, 11), "low", False),
    ("hooli", "104", "tenant_rule", date(2026, 10, 21), "low", False),
    ("messy", "3", "significant_support", date(2026, 11, 18), "medium", True),
}


def test_exactly_the_planted_cards_are_dealt(duckdb_marts: BuiltWarehouse) -> None:
    dealt = {
        (c["tenant_id"], c["company_id"], c["trigger_type"], c["opened_on"], c["severity"], c["is_active"])
        for c in duckdb_marts.rows("churn_risk_cards")
    }
    assert dealt == CARDS


def test_a_card_can_be_asked_why(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="acme", company_id="101")
    assert card["why"] == (
        "1 ticket in the 21 days to 2026-11-18 reads as unhappy: 1 very negative, 1 with stated intent to leave (score 9)."
    )
    assert (card["score"], card["ticket_id"], card["contact_name"]) == (9, "1001", "Ada Byron")
    assert (card["mrr"], card["mrr_source"], card["currency"], card["priority"]) == (
        4000,
        "mapped_property",
        "EUR",
        600,
    )
    assert (card["owner_name"], card["rule_version"], card["prompt_version"]) == ("Grace Hopper", "1.0", "sentiment-3")
    assert card["as_of_at"] == AS_OF
    assert card["is_notify"] is True
    parts = json.loads(str(card["components"]))
    assert (parts["score"], parts["explicit_intent_count"], parts["renewal_in_days"]) == (9, 1, 43)
    (quote,) = duckdb_marts.mart("card_evidence", tenant_id="acme", card_id=card["card_id"])
    assert (quote["quote"], quote["ticket_id"], quote["quote_start"]) == ("we are cancelling", "1001", 7)
    assert quote["context"] == "Grüße, we are cancelling, and so on."
    assert quote["reading_scope"] == ReadingScope.OPENING_MESSAGE
    assert (quote["context_start"], quote["context_end"]) == (7, 24)
    assert (quote["confidence"], quote["measured_answer"]) == (Confidence.MEDIUM, "explicit")
    assert (quote["right_count"], quote["answered_count"]) == (84, 92)
    assert (quote["call_key"], quote["cost_usd"], quote["run_id"]) == ("sentiment:h1001", 0.0006, "run-1")


def test_a_reading_of_a_kind_that_was_not_measured_has_no_confidence(duckdb_marts: BuiltWarehouse) -> None:
    others = [row for row in duckdb_marts.rows("card_evidence") if row["measured_answer"] != "explicit"]
    assert others
    assert {(row["confidence"], row["answered_count"]) for row in others} == {(Confidence.UNKNOWN, 0)}
    assert {row["measured_answer"] for row in others} <= {"implied", *Sentiment}


@pytest.mark.parametrize("engine", ["duckdb_marts", "postgres_marts"])
def test_both_engines_compute_the_bound_that_an_evaluation_prints(engine: str, request: pytest.FixtureRequest) -> None:
    built: BuiltWarehouse = request.getfixturevalue(engine)
    bounds = {
        (row["right_count"], row["answered_count"]): row["lower_bound_score"]
        for row in table_rows(built.url, "intermediate.int_confidence")
    }
    assert bounds.pop((0, 0)) is None
    assert bounds == {counted: pytest.approx(wilson_lower_bound(*counted)) for counted in bounds} != {}


def test_a_flood_is_told_in_numbers_the_customer_can_count(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="acme", company_id="102", trigger_type="significant_support")
    assert card["why"] == (
        "Up to 2026-11-20: 9 tickets in 14 days, usually 0.9 (z 3.8); 8 tickets in 7 days; "
        "8 tickets about export in 30 days; 1 ticket unresolved for more than 5 business days."
    )
    parts = json.loads(str(card["components"]))
    assert (parts["absolute"], parts["relative"], parts["repeat"]) == (1, 2, 1)
    assert parts["unknown"] == ["messages_in_one_ticket_5d", "messages_30d"]


def test_silence_is_told_with_what_is_not_known(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="acme", company_id="103", trigger_type="silently_struggling")
    assert card["ticket_id"] is None
    assert card["why"] == (
        "On 2026-11-19: no word in 30 days after 12 tickets in the 90 days before; 1 unhappy ticket in 90 days."
    ), "companies were last read 40 hours ago, so the last day is not judged"
    parts = json.loads(str(card["components"]))
    assert parts["last_login_on"] is None
    assert parts["unknown"] == ["last_login", "onboarding_step", "usage_30d", "closed_without_customer_answer"]


def test_a_rule_of_the_tenants_own_is_told_with_what_it_fired_on_and_what_nobody_knows(
    duckdb_marts: BuiltWarehouse,
) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="hooli", company_id="101")
    assert card["why"] == 'Rule "Big & "waiting"" on 2026-11-20: MRR 5000; 1 open ticket.'
    assert (card["score"], card["is_notify"], card["ticket_id"], card["rule_version"]) == (1, True, None, "1.0")
    assert json.loads(str(card["components"]))["rules"] == {
        "big": {
            "name": 'Big & "waiting"',
            "version": 1,
            "severity": "high",
            "facts": {"mrr": 5000, "open_ticket_count": 1},
            "unknown": ["usage_30d"],
        }
    }


def test_a_rule_that_is_switched_off_ends_its_card_and_does_not_take_it_back(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="hooli", company_id="104", trigger_type="tenant_rule")
    assert (card["last_signal_on"], card["closed_on"]) == (date(2026, 11, 7), date(2026, 11, 10))
    assert card["why"] == 'Rule "A rule" on 2026-11-07: 1 unhappy ticket in 90 days.'


def test_messages_count_where_they_are_known(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="initech", company_id="101")
    assert card["why"] == "Up to 2026-11-20: 10 messages in one ticket in 5 days."
    assert (card["ticket_id"], card["is_notify"]) == ("1001", False)
    parts = json.loads(str(card["components"]))
    assert (parts["absolute"], parts["ticket_message_count_5d"], parts["message_count_30d"]) == (1, 10, 10)
    assert parts["unknown"] == []


def test_silence_after_a_question_is_told_apart_from_silence(duckdb_marts: BuiltWarehouse) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="initech", company_id="102")
    assert card["why"] == (
        "On 2026-11-20: no word in 30 days after 12 tickets in the 90 days before; "
        "1 ticket closed without an answer to our question."
    )
    parts = json.loads(str(card["components"]))
    assert (parts["went_quiet"], parts["after_pain"], parts["unanswered_count_90d"]) == (1, 1, 1)
    assert parts["unknown"] == ["last_login", "onboarding_step", "usage_30d", "renewal"]
    answered = duckdb_marts.mart("trigger_scores_daily", tenant_id="initech", company_id="103")
    assert {row["score"] for row in answered} == {1}
    assert duckdb_marts.mart("trigger_scores_daily", tenant_id="initech", company_id="104") == []


def test_a_calm_ticket_whose_third_message_is_angry_has_a_card_that_quotes_that_message(
    duckdb_marts: BuiltWarehouse,
) -> None:
    card = duckdb_marts.one("churn_risk_cards", tenant_id="initech", company_id="106")
    assert (
        card["why"]
        == "1 ticket in the 21 days to 2026-11-18 reads as unhappy: 1 very negative, 1 that turned bad (score 4)."
    )
    parts = json.loads(str(card["components"]))
    assert (parts["strongest_ticket_id"], parts["strongest_message_id"]) == ("6000", "emails/63")
    assert parts["unknown"] == ["calibrated_probability"]
    (quote,) = duckdb_marts.mart("card_evidence", tenant_id="initech", card_id=card["card_id"])
    assert (quote["message_id"], quote["quote"], quote["quote_start"]) == ("emails/63", "This is a disgrace", 0)
    assert quote["message_sent_at"] == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    assert quote["ticket_created_at"] == datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
    assert (quote["reading_scope"], quote["resolution"]) == (ReadingScope.THREAD, Resolution.UNSOLVED)
    assert quote["context"] == "This is a disgrace and we have had enough."
    day = duckdb_marts.one("sentiment_daily", tenant_id="initech", metric_on=date(2026, 11, 11))
    assert (day["ticket_count"], day["very_negative_count"]) == (1, 1), "a ticket counts once, as its strongest message"


def test_a_message_on_an_old_ticket_is_the_last_contact(duckdb_marts: BuiltWarehouse) -> None:
    writing = duckdb_marts.one("companies", tenant_id="initech", company_id="104")
    assert writing["last_contact_at"] == datetime(2026, 11, 15, 9, 0, tzinfo=UTC)


def test_a_returning_complaint_points_at_the_card_before(duckdb_marts: BuiltWarehouse) -> None:
    first, second = sorted(
        duckdb_marts.mart("churn_risk_cards", tenant_id="acme", company_id="107"),
        key=lambda card: str(card["opened_on"]),
    )
    assert (first["episode"], first["previous_card_id"], first["closed_on"]) == (1, None, date(2026, 9, 18))
    assert (second["episode"], second["previous_card_id"]) == (2, first["card_id"])


def test_a_recovered_company_looks_resolved_and_a_relapsed_one_does_not(duckdb_marts: BuiltWarehouse) -> None:
    resolved = {
        (card["tenant_id"], card["company_id"])
        for card in duckdb_marts.rows("churn_risk_cards")
        if card["looks_resolved"]
    }
    assert resolved == {("acme", "106"), ("initech", "107")}


def test_card_ids_are_the_name_based_uuids_of_who_and_since_when(duckdb_marts: BuiltWarehouse) -> None:
    namespace = uuid.UUID(bytes=b"churnboard cards")
    for card in duckdb_marts.rows("churn_risk_cards"):
        name = "|".join(str(card[part]) for part in ("tenant_id", "company_id", "trigger_type", "opened_on"))
        assert card["card_id"] == str(uuid.uuid3(namespace, name))


def test_what_is_not_a_number_is_assumed_and_said_to_be(duckdb_marts: BuiltWarehouse) -> None:
    calm = duckdb_marts.one("companies", tenant_id="acme", company_id="105")
    assert (calm["mrr"], calm["mrr_source"]) == (1000, MrrSource.TENANT_MEDIAN_ASSUMED)
    same_id = duckdb_marts.one("companies", tenant_id="globex", company_id="101")
    assert (same_id["mrr"], same_id["mrr_source"], same_id["currency"]) == (None, MrrSource.UNKNOWN, None)
    assert duckdb_marts.one("churn_risk_cards", tenant_id="globex", company_id="101")["priority"] is None


def test_a_tenants_own_threshold_keeps_its_board_quiet(duckdb_marts: BuiltWarehouse) -> None:
    assert duckdb_marts.mart("churn_risk_cards", tenant_id="globex", company_id="102") == []
    assert duckdb_marts.one("churn_risk_cards", tenant_id="globex", company_id="101")["rule_version"] == "1.4"


def test_silence_neither_opens_nor_ends_while_nothing_is_synced(duckdb_marts: BuiltWarehouse) -> None:
    assert duckdb_marts.one("source_health", tenant_id="globex", stream="tickets")["is_fresh"] is False
    assert duckdb_marts.one("churn_risk_cards", tenant_id="globex", company_id="103")["is_active"] is True
    for unheard in ("104", "105"):
        assert duckdb_marts.mart("trigger_scores_daily", tenant_id="globex", company_id=unheard) == []


def test_sources_tell_how_they_are(duckdb_marts: BuiltWarehouse) -> None:
    told = {row["stream"]: row for row in duckdb_marts.mart("source_health", tenant_id="acme")}
    assert {stream: (row["status"], row["lag_seconds"], row["is_fresh"]) for stream, row in told.items()} == {
        "tickets": ("synced", 7_200, True),
        "companies": ("synced", 144_000, False),
        "owners": ("failed", None, False),
        "contacts": ("missing_scope", None, False),
    }
    assert {stream for stream, row in told.items() if row["is_backfilling"]} == {"owners"}
    assert {stream: row["is_complete"] for stream, row in told.items() if row["is_complete"] is not None} == {
        "companies": False
    }
    assert told["contacts"]["error_message"] == "Grant crm.objects.contacts.read."
    assert told["contacts"]["attempted_at"] == AS_OF - timedelta(hours=2)


def test_broken_records_survive_and_count_where_they_should(duckdb_marts: BuiltWarehouse) -> None:
    days = duckdb_marts.mart("sentiment_daily", tenant_id="messy")
    # Nine of eleven: one is in the recycling bin, one lies in the future.
    assert sum(int(str(day["ticket_count"])) for day in days) == 9
    assert sum(int(str(day["unread_count"])) for day in days) == 7
    companies = {row["company_id"]: row for row in duckdb_marts.mart("companies", tenant_id="messy")}
    assert set(companies) == {"3", "20"}
    assert companies["3"]["ticket_count_90d"] == 3
    assert companies["3"]["open_ticket_count"] == 1
    assert companies["20"]["ticket_count_90d"] == 1
    assert companies["20"]["owner_name"] is None
    assert duckdb_marts.mart("churn_risk_cards", tenant_id="messy", trigger_type="frustrated") == []


def test_days_add_up_to_the_tickets_there_are(duckdb_marts: BuiltWarehouse) -> None:
    written = sum(row.table == "raw_hubspot.tickets" and row.values["tenant_id"] != "messy" for row in planted_rows())
    days = [row for row in duckdb_marts.rows("sentiment_daily") if row["tenant_id"] != "messy"]
    assert sum(int(str(day["ticket_count"])) for day in days) == written


def test_topics_count_companies_and_known_money_once(duckdb_marts: BuiltWarehouse) -> None:
    day = duckdb_marts.one("topic_metrics_daily", tenant_id="acme", metric_on=date(2026, 11, 17), topic="export")
    # Two tickets of a company that pays 800 and one of a company whose figure is only assumed.
    assert (day["ticket_count"], day["company_count"], day["mrr_touched"]) == (3, 2, 800)


def test_a_ticket_counts_once_for_the_topic_above_its_topics(duckdb_marts: BuiltWarehouse) -> None:
    days = duckdb_marts.mart("topic_metrics_daily", tenant_id="acme", metric_on=date(2026, 11, 17))
    counted = {day["topic"]: (day["parent_topic"], day["ticket_count"], day["mrr_touched"]) for day in days}
    # Of the three tickets of that day about exports, one is about reports too.
    assert counted == {"data": (None, 3, 800), "export": ("data", 3, 800), "reports": ("data", 1, 800)}


def test_tickets_that_were_not_sorted_show_and_every_share_is_of_all_tickets(duckdb_marts: BuiltWarehouse) -> None:
    days = duckdb_marts.mart("topic_metrics_daily", tenant_id="globex", metric_on=date(2026, 11, 18))
    # Two tickets, both read for tone, neither for topics.
    shown = [
        (day["topic"], day["ticket_count"], day["all_ticket_count"], day["ticket_share"], day["negative_share"])
        for day in days
    ]
    assert shown == [("unread", 2, 2, 1, 1)]
    written = sum(int(str(day["ticket_count"])) for day in duckdb_marts.mart("sentiment_daily", tenant_id="acme"))
    by_day = {
        day["metric_on"]: day["all_ticket_count"] for day in duckdb_marts.mart("topic_metrics_daily", tenant_id="acme")
    }
    assert sum(int(str(count)) for count in by_day.values()) == written


def test_what_suddenly_comes_up_is_an_alert_with_its_tickets(duckdb_marts: BuiltWarehouse) -> None:
    alerts = {row["topic"]: row for row in duckdb_marts.mart("emerging_topics", tenant_id="acme")}
    # Flooding's eight and Calm's one, about exports and so about data; one of them about reports too, which is not enough.
    assert set(alerts) == {"export", "data"}
    export = alerts["export"]
    assert (export["ticket_count"], export["negative_count"], export["company_count"], export["mrr_touched"]) == (
        9,
        1,
        2,
        800,
    )
    assert (export["expected_count"], export["is_active"], export["last_seen_on"]) == (0, True, AS_OF.date())
    examples = str(export["example_ticket_ids"]).split(",")
    assert (examples[:2], len(examples)) == (["1040", "1030"], 5)


def test_a_trend_is_of_weeks_that_are_over(duckdb_marts: BuiltWarehouse) -> None:
    weeks = duckdb_marts.mart("topic_trends_weekly", tenant_id="initech", topic="unread")
    assert max(row["week_on"] for row in weeks) == date(2026, 11, 9)  # type: ignore[type-var]
    assert {row["week_on"].isoweekday() for row in weeks} == {1}  # type: ignore[attr-defined]
    for week in weeks:
        [rolled] = duckdb_marts.mart(
            "topic_trends_daily",
            tenant_id="initech",
            topic="unread",
            metric_on=week["week_on"] + timedelta(days=6),  # type: ignore[operator]
        )
        assert {k: v for k, v in week.items() if k != "week_on"} == {
            k: v for k, v in rolled.items() if k != "metric_on"
        }
    assert max(row["metric_on"] for row in duckdb_marts.rows("topic_trends_daily")) == date(2026, 11, 19)  # type: ignore[type-var]


def test_cards_of_a_day_are_those_that_were_on(duckdb_marts: BuiltWarehouse) -> None:
    today = duckdb_marts.mart("risks_daily", tenant_id="acme", metric_on=AS_OF.date())
    counted = {(row["trigger_type"], row["severity"], row["topic"]): row["active_count"] for row in today}
    active = [card for card in duckdb_marts.mart("churn_risk_cards", tenant_id="acme") if card["is_active"]]
    assert sum(int(str(count)) for count in counted.values()) == len(active)
    assert counted["significant_support", "critical", "export"] == 1
    assert counted["frustrated", "critical", "billing"] == 1
    opened = sum(int(str(row["opened_count"])) for row in duckdb_marts.mart("risks_daily", tenant_id="acme"))
    assert opened == len(duckdb_marts.mart("churn_risk_cards", tenant_id="acme"))


def test_the_loudest_company_leads(duckdb_marts: BuiltWarehouse) -> None:
    month = {
        row["company_id"]: row for row in duckdb_marts.mart("company_leaderboard", tenant_id="acme", window_days=30)
    }
    companies = {row["company_id"]: row for row in duckdb_marts.mart("companies", tenant_id="acme")}
    assert set(month) == set(companies)
    assert (month["102"]["ticket_rank"], month["102"]["card_rank"], month["104"]["mrr_rank"]) == (1, 1, 1)
    for company_id, row in month.items():
        assert row["ticket_count"] == companies[company_id]["ticket_count_30d"]
        assert row["active_card_count"] == companies[company_id]["active_trigger_count"]
    for rank in ("ticket_rank", "negative_rank", "trend_rank", "mrr_rank", "card_rank"):
        assert sorted(int(str(row[rank])) for row in month.values()) == list(range(1, len(month) + 1))


def test_few_drawn_tickets_are_counted_and_prove_nothing(duckdb_marts: BuiltWarehouse) -> None:
    shares = {(row["measure"], row["topic"]): row for row in duckdb_marts.rows("audited_shares")}
    tone = shares["negative_share", "all"]
    assert (tone["audited_count"], tone["missed_count"], tone["mistaken_count"], tone["debiased_share"]) == (
        3,
        1,
        0,
        None,
    )
    wrongly = {topic: (row["missed_count"], row["mistaken_count"]) for (_, topic), row in shares.items()}
    assert (wrongly["export"], wrongly["reports"], wrongly["data"]) == ((0, 1), (1, 0), (0, 0))


def test_without_its_unhappiest_topic_the_tenant_reads_better(duckdb_marts: BuiltWarehouse) -> None:
    impact = {row["topic"]: row for row in duckdb_marts.mart("topic_impact", tenant_id="acme")}
    # Quiet's, Recovered's and Relapsed's complaints were not sorted.
    assert impact["unread"]["negative_rank"] == 1
    assert impact["unread"]["negative_share_impact"] == pytest.approx(
        impact["unread"]["all_negative_share"] - impact["unread"]["negative_share_without"]  # type: ignore[operator]
    )
    assert impact["billing"]["points"] == 9


def test_what_a_person_said_counts_under_the_name_the_topic_has_now(duckdb_marts: BuiltWarehouse) -> None:
    [corrected] = [row for row in table_rows(duckdb_marts.url, "intermediate.int_ticket_topics") if row["corrected_by"]]
    assert (corrected["ticket_id"], corrected["topic"], corrected["corrected_by"]) == ("1071", "billing", "ada")


def test_costs_count_calls(duckdb_marts: BuiltWarehouse) -> None:
    readings = sum(
        row.table == "enrichment.message_sentiment" and row.values["tenant_id"] == "acme" for row in planted_rows()
    )
    day = duckdb_marts.one("llm_costs_daily", tenant_id="acme", task="sentiment")
    assert (day["metric_on"], day["call_count"]) == (date(2026, 11, 20), readings)
    assert day["cost_usd"] == pytest.approx(readings * 0.0006)


def test_companies_name_their_active_triggers_alphabetically(duckdb_marts: BuiltWarehouse) -> None:
    flooding = duckdb_marts.one("companies", tenant_id="acme", company_id="102")
    assert (flooding["active_triggers"], flooding["active_trigger_count"]) == ("frustrated,significant_support", 2)
    assert flooding["sentiment_trend"] == SentimentTrend.STEADY
    assert flooding["last_contact_at"] == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert duckdb_marts.one("companies", tenant_id="acme", company_id="105")["active_triggers"] == ""


def test_published_words_are_the_vocabularys(duckdb_marts: BuiltWarehouse) -> None:
    for card in duckdb_marts.rows("churn_risk_cards"):
        assert card["severity"] in set(Severity)
        assert card["trigger_type"] in set(TriggerType)
        assert json.loads(str(card["components"]))["scored_on"] >= str(card["opened_on"])
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", str(card["why"]))
    assert {row["target"] for row in duckdb_marts.rows("card_evidence")} <= set(Target)


def test_no_row_crosses_a_tenant(duckdb_marts: BuiltWarehouse) -> None:
    theirs = {
        row.values["id"]
        for row in planted_rows()
        if row.table == "raw_hubspot.tickets" and row.values["tenant_id"] == "globex"
    }
    quotes = duckdb_marts.mart("card_evidence", tenant_id="globex")
    assert {row["ticket_id"] for row in quotes} <= theirs
    assert [row["quote"] for row in quotes] == ["awful"]


def test_both_engines_read_the_same_messages(duckdb_marts: BuiltWarehouse, postgres_marts: BuiltWarehouse) -> None:
    rows = table_rows(duckdb_marts.url, "intermediate.int_messages")
    # Twenty-five emails, of which one is archived, and a note.
    assert len(rows) == 25
    assert rows == table_rows(postgres_marts.url, "intermediate.int_messages")


@pytest.mark.parametrize("mart", MARTS)
def test_both_engines_build_the_same_rows(
    mart: str, duckdb_marts: BuiltWarehouse, postgres_marts: BuiltWarehouse
) -> None:
    rows = duckdb_marts.rows(mart)
    assert rows, "an empty mart compares nothing"
    assert rows == postgres_marts.rows(mart)
