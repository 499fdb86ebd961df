"""The code location as production loads it: what is in it, and that lineage is true from raw to published."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from core.naming import BI_ONLY_MARTS, PUBLISHED_MARTS
from orchestration.definitions import definitions

ROOT = Path(__file__).parents[3]
GRAPH = definitions.resolve_asset_graph()


def upstream(key: dg.AssetKey) -> set[dg.AssetKey]:
    found: set[dg.AssetKey] = set()
    frontier = {key}
    while frontier:
        frontier = {parent for one in frontier for parent in GRAPH.get(one).parent_keys} - found
        found |= frontier
    return found


def test_the_workspace_loads_this_module() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    assert workspace["load_from"][0]["python_module"]["module_name"] == "orchestration.definitions"


def test_lineage_reaches_from_hubspot_and_the_model_to_the_published_card() -> None:
    behind = {"/".join(key.path) for key in upstream(dg.AssetKey("publish"))}
    assert {f"marts/{mart}" for mart in (*PUBLISHED_MARTS, *BI_ONLY_MARTS)} <= behind
    assert {
        "raw_hubspot/tickets",
        "raw_hubspot/companies",
        "raw_hubspot/ticket_companies",
        "raw_app/tenants",
        "enrichment/message_sentiment",
        "enrichment/ticket_topics",
        "staging/stg_hubspot__tickets",
        "marts/churn_risk_cards",
    } <= behind


def test_readings_come_from_staging_and_never_from_marts() -> None:
    behind = {key.path[0] for key in upstream(dg.AssetKey(["enrichment", "message_sentiment"]))}
    assert behind == {"staging", "raw_hubspot", "raw_app"}


def test_nothing_is_built_on_a_shadow() -> None:
    for table in ("shadow_sentiment", "shadow_topics"):
        key = dg.AssetKey(["enrichment", table])
        assert GRAPH.get(key).partitions_def.partition_dimension_names == ["cell", "month"]
        assert not GRAPH.get(key).child_keys


def test_nothing_in_the_graph_is_loaded_by_nobody() -> None:
    assert [key for key in GRAPH.get_all_asset_keys() if not GRAPH.get(key).is_materializable] == []


@pytest.mark.parametrize(
    ("job", "groups"),
    [
        ("ingest", {"raw_hubspot", "raw_app", "staging"}),
        ("enrich", {"enrichment"}),
        ("shadow", {"shadow"}),
        ("transform", {"intermediate", "marts", "publish"}),
        ("rescore", {"intermediate", "marts", "publish"}),
    ],
)
def test_each_job_does_its_part_in_one_process(job: str, groups: set[str]) -> None:
    resolved = definitions.resolve_job_def(job)
    keys = resolved.asset_layer.selected_asset_keys
    assert {GRAPH.get(key).group_name for key in keys} == groups
    assert resolved.executor_def.name == "in_process"


def test_there_is_a_job_for_everything_a_daily_schedule_and_running_sensors() -> None:
    assert definitions.resolve_job_def("everything").name == "everything"
    schedule = definitions.resolve_schedule_def("daily")
    assert (schedule.job_name, schedule.cron_schedule) == ("ingest", "0 3 * * *")
    digests = definitions.resolve_schedule_def("daily_digests")
    assert (digests.job_name, digests.cron_schedule) == ("notify", "5 7 * * *")
    for sensor in ("read_after_load", "publish_after_change", "refetch_on_hint", "collect_batches"):
        assert definitions.resolve_sensor_def(sensor).default_status is dg.DefaultSensorStatus.RUNNING
    refetch = definitions.resolve_job_def("refetch")
    assert (refetch.executor_def.name, refetch.partitions_def.name) == ("in_process", "cell")


def test_ingestion_is_cut_by_cell_and_reading_by_cell_and_month() -> None:
    assert GRAPH.get(dg.AssetKey(["raw_hubspot", "tickets"])).partitions_def.name == "cell"
    dimensions = GRAPH.get(dg.AssetKey(["enrichment", "message_sentiment"])).partitions_def.partition_dimension_names
    assert dimensions == ["cell", "month"]


def test_the_instance_allows_one_run_per_cell() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "local" / "dagster.yaml").read_text())
    limits = {limit["key"]: limit for limit in config["concurrency"]["runs"]["tag_concurrency_limits"]}
    for key in ("churnboard/cell", "dagster/partition", "dagster/partition/cell"):
        assert limits[key]["limit"] == 1
        assert limits[key]["value"] == {"applyLimitPerUniqueValue": True}
    assert config["telemetry"] == {"enabled": False}
