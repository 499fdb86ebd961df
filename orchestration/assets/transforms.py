"""The dbt project's models as assets, with the lineage of its manifest and its tests as asset checks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster_dbt import dbt_assets
from pydantic import Field

from analysis import ensure_enrichment_tables
from core import chaos
from core.installation import Installation
from core.naming import MARTS
from core.publishing import mark_building, mark_passed
from ingestion.app_state import APP_TABLES
from ingestion.hubspot.tables import ensure_raw_tables
from ingestion.loader import ensure_tables
from orchestration.translator import Translator
from transforms.continuing import KEPT_MODELS, Scored, ScoresAskedForAlone, asked_for, rebuild
from transforms.runner import NodeResult, TransformFailed, manifest_path

_UNIQUE_ID = "dagster_dbt/unique_id"


class TransformConfig(dg.Config):
    """What a person may ask of a build."""

    is_full: bool = Field(
        default=False,
        description="Build every ticket and score every day anew, instead of going on from what is there.",
    )


def make_dbt_models(manifest: Path) -> dg.AssetsDefinition:
    """The dbt assets of the project described by `manifest`."""

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), name="dbt_models")
    def dbt_models(
        context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation], config: TransformConfig
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Build and test the selected models in this process, so that a killed run leaves no dbt behind."""
        as_of_at = place.as_of_at()
        selected = _selected(context)
        try:
            asked_for(_names(selected))
        except ScoresAskedForAlone as refusal:
            raise dg.Failure(description=str(refusal), allow_retries=False) from refusal
        marts = {key for key in context.assets_def.keys if key.path[0] == MARTS}
        with place.warehouse.named_lock("transform"):
            if marts & context.selected_asset_keys:
                mark_building(place.warehouse, as_of_at=as_of_at, run_id=context.run.run_id)
            nodes, scored, failure = _build(context, place, selected, as_of_at, is_full=config.is_full)
            if failure is None and marts <= context.selected_asset_keys:
                mark_passed(place.warehouse, as_of_at=as_of_at, run_id=context.run.run_id)
            chaos.point("transform.after_build")
        yield from _events(context, nodes, selected, scored)
        if failure is not None:
            raise dg.Failure(description=str(failure)) from failure

    return dbt_models


def default_dbt_models() -> dg.AssetsDefinition:
    """The dbt assets of this project; parses it first where its manifest is out of date."""
    return make_dbt_models(manifest_path())


def _build(
    context: dg.AssetExecutionContext,
    place: Installation,
    selected: Mapping[str, dg.AssetKey],
    as_of_at: datetime,
    *,
    is_full: bool,
) -> tuple[Sequence[NodeResult], Scored | None, TransformFailed | None]:
    ensure_raw_tables(place.warehouse)
    ensure_tables(place.warehouse, APP_TABLES)
    ensure_enrichment_tables(place.warehouse)
    chaos.point("transform.before_build")

    def on_node(node: NodeResult) -> None:
        chaos.point("transform.during_build")
        if node.is_failed:
            context.log.warning(f"{node.name}: {node.status}. {node.message}")

    try:
        rebuilt = rebuild(
            place.warehouse,
            place.settings.stores.warehouse,
            models=_names(selected),
            as_of=as_of_at,
            is_full=is_full,
            target_dir=place.settings.stores.data_dir / "dbt",
            on_node=on_node,
        )
    except TransformFailed as failure:
        return failure.nodes, None, failure
    if rebuilt.scored:
        context.log.info(str(rebuilt.scored))
    return rebuilt.result.nodes, rebuilt.scored, None


def _names(selected: Mapping[str, dg.AssetKey]) -> list[str]:
    return [unique_id.split(".")[-1] for unique_id in selected]


def _selected(context: dg.AssetExecutionContext) -> dict[str, dg.AssetKey]:
    return {
        str(context.assets_def.metadata_by_key[key][_UNIQUE_ID]): key for key in sorted(context.selected_asset_keys)
    }


def _events(
    context: dg.AssetExecutionContext,
    nodes: Sequence[NodeResult],
    selected: Mapping[str, dg.AssetKey],
    scored: Scored | None,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    checks = {
        str((spec.metadata or {})[_UNIQUE_ID]): spec
        for spec in context.assets_def.check_specs
        if spec.key in context.selected_asset_check_keys
    }
    for node in nodes:
        if node.unique_id in selected and node.status == "success":
            yield dg.MaterializeResult(
                asset_key=selected[node.unique_id],
                metadata={
                    "dbt_seconds": round(node.execution_seconds, 3),
                    **(_of_days(scored) if scored and node.name in KEPT_MODELS else {}),
                },
            )
        elif node.unique_id in checks:
            spec = checks[node.unique_id]
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=node.status == "pass",
                severity=dg.AssetCheckSeverity.ERROR if spec.blocking else dg.AssetCheckSeverity.WARN,
                metadata={"failures": node.failures or 0, "message": node.message or ""},
            )


def _of_days(scored: Scored) -> dict[str, str | int]:
    """How much of what is kept was built, and why all of it where it was."""
    return {
        "scored": str(scored),
        "company_count": scored.company_count,
        "changed_company_count": scored.changed_company_count,
        "scored_day_count": scored.day_count,
        "ticket_count": scored.ticket_count,
        "changed_ticket_count": scored.changed_ticket_count,
    }
