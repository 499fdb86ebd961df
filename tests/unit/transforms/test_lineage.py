"""What is built again after a parameter changed: every model that reads it, and none that reads others only."""

import pytest

from core.params import params
from transforms.lineage import Lineage
from transforms.runner import manifest_path

OF_CARDS_ONLY = {"prior_churned", "prior_kept"}
"""Read by what stands on cards beside the score."""


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    return Lineage(manifest_path())


def test_cards_are_made_of_everything_that_scores_and_of_no_mart(lineage: Lineage) -> None:
    made_of = lineage.upstream("int_cards")
    assert {
        "int_cards",
        "int_episodes",
        "int_company_days",
        "stg_hubspot__tickets",
        "trigger_param_defaults",
    } <= made_of
    assert "churn_risk_cards" not in made_of
    assert "churn_risk_cards" in lineage.downstream("int_cards")


@pytest.mark.parametrize(("trigger_type", "name"), list(params()))
def test_every_parameter_has_a_model_that_reads_it(lineage: Lineage, trigger_type: str, name: str) -> None:
    target = "churn_risk_cards" if name in OF_CARDS_ONLY else "int_cards"
    touched = lineage.touched_by([(trigger_type, name)], target=target)
    assert {"int_trigger_params", target} <= touched


def test_a_parameter_of_one_trigger_leaves_the_others_alone(lineage: Lineage) -> None:
    touched = lineage.touched_by([("significant_support", "z_min")], target="int_cards")
    assert "int_significant_support_daily" in touched
    assert not {"int_frustrated_daily", "int_silently_struggling_daily", "int_company_days", "int_tickets"} & touched


def test_what_a_model_shares_with_others_is_built_again_for_all_of_them(lineage: Lineage) -> None:
    touched = lineage.touched_by([("significant_support", "unresolved_business_days")], target="int_cards")
    assert {"int_company_days", "int_silently_struggling_daily", "int_significant_support_daily"} <= touched


def test_changes_of_several_add_up(lineage: Lineage) -> None:
    one, other = ("frustrated", "t_on"), ("silently_struggling", "lull_ratio")
    both = lineage.touched_by([one, other], target="int_cards")
    assert both == lineage.touched_by([one], target="int_cards") | lineage.touched_by([other], target="int_cards")
