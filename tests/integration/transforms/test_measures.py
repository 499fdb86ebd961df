"""What the planted data set says about alerts, departures, load, readings and data, on DuckDB."""

from datetime import date

from core.vocabulary import HiddenReason
from tests.integration.transforms.conftest import BuiltWarehouse
from tests.support.planted_warehouse import FIRST_CARD, days_ago, planted_rows


def test_an_outcome_is_the_last_one_a_person_gave(duckdb_marts: BuiltWarehouse) -> None:
    outcome = duckdb_marts.one("card_outcomes")
    assert (outcome["card_id"], outcome["trigger_type"], outcome["opened_severity"]) == (
        FIRST_CARD,
        "frustrated",
        "low",
    )
    assert (outcome["outcome"], outcome["is_counted"], outcome["is_right"]) == ("saved", True, True)
    assert (outcome["saved_mrr"], outcome["lost_mrr"], outcome["currency"]) == (500, None, "EUR")
    assert (outcome["opened_on"], outcome["days_to_first_touch"], outcome["lead_days"]) == (date(2026, 9, 1), 5, None)
    assert outcome["prompt_version"] == "sentiment-3"


def test_a_figure_from_too_few_cases_is_hidden_and_says_so(duckdb_marts: BuiltWarehouse) -> None:
    told = duckdb_marts.one("alert_precision", tenant_id="acme", trigger_type="frustrated", period="all")
    cards = duckdb_marts.mart("churn_risk_cards", tenant_id="acme", trigger_type="frustrated")
    assert (told["card_count"], told["completed_count"], told["counted_count"], told["right_count"]) == (
        len(cards),
        1,
        1,
        1,
    )
    assert (told["precision_score"], told["lower_bound_score"], told["upper_bound_score"]) == (None, None, None)
    assert told["hidden_reason"] == HiddenReason.TOO_FEW
    by_month = duckdb_marts.mart("alert_precision", tenant_id="acme", trigger_type="frustrated")
    assert sum(row["card_count"] for row in by_month if row["period"] != "all") == len(cards)  # type: ignore[misc]


def test_who_left_is_held_against_the_cards_before(duckdb_marts: BuiltWarehouse) -> None:
    quarter = duckdb_marts.one("churn_recall", tenant_id="acme", period="2026-Q4")
    assert (quarter["churned_company_count"], quarter["covered_company_count"], quarter["churned_mrr"]) == (1, 1, 600)
    assert (quarter["company_recall_score"], quarter["hidden_reason"]) == (None, HiddenReason.TOO_FEW)
    reasons = {row["tenant_id"]: row["hidden_reason"] for row in duckdb_marts.mart("churn_recall", period="all")}
    assert reasons == {
        "acme": HiddenReason.TOO_FEW,
        "globex": HiddenReason.TOO_FEW,
        "hooli": HiddenReason.CHURN_NOT_MAPPED,
        "initech": HiddenReason.CHURN_NOT_MAPPED,
        "messy": HiddenReason.CHURN_NOT_MAPPED,
    }


def test_a_card_that_came_back_within_the_week_flapped(duckdb_marts: BuiltWarehouse) -> None:
    weeks = duckdb_marts.mart("card_load_weekly", tenant_id="acme")
    assert {row["owner_id"] for row in weeks} == {"7"}
    by_week = {row["week_on"]: row for row in weeks}
    first_done = days_ago(75).date()
    (flapped,) = [row for row in weeks if row["flapped_count"]]
    assert flapped["week_on"] <= first_done < date.fromordinal(flapped["week_on"].toordinal() + 7)  # type: ignore[operator, attr-defined]
    assert (flapped["completed_count"], flapped["flap_score"], flapped["is_flap_on_target"]) == (1, 1, False)
    now = by_week[date(2026, 11, 16)]
    active = duckdb_marts.mart("churn_risk_cards", tenant_id="acme", is_active=True)
    assert (now["open_count"], now["is_over"]) == (len(active), False)


def test_readings_are_counted_and_what_nobody_measured_is_unknown(duckdb_marts: BuiltWarehouse) -> None:
    days = duckdb_marts.mart("enrichment_quality", tenant_id="acme", task="sentiment")
    read = [row for row in planted_rows() if row.table == "enrichment.message_sentiment"]
    assert sum(row["read_count"] for row in days) == sum(row.values["tenant_id"] == "acme" for row in read)  # type: ignore[misc]
    assert {row["kappa_score"] for row in days} == {None}
    assert {row["canary_count"] for row in days} == {None}


def test_tickets_of_no_company_and_records_that_are_missing_are_counted(duckdb_marts: BuiltWarehouse) -> None:
    messy = duckdb_marts.one("data_quality", tenant_id="messy")
    assert messy["unassociated_ticket_count"] < messy["ticket_count"]  # type: ignore[operator]
    acme = duckdb_marts.one("data_quality", tenant_id="acme")
    assert (acme["counted_stream_count"], acme["reconciliation_gap_count"]) == (1, 1)
    assert acme["unreadable_stream_count"] == 1
