"""What a candidate reads beside the pinned reading, by cell and month of the ticket. Nothing is built on these assets."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from analysis.report import EnrichmentReport
from analysis.shadow.candidate import NothingToCompare
from core.installation import Installation
from core.months import first_after
from core.naming import ENRICHMENT
from core.vocabulary import AnalysisTask
from orchestration.assets.enrichment import READING_DEPS, Every, reading_metadata
from orchestration.jobs import SHADOW
from orchestration.loading import sentences
from orchestration.partitions import CELL_MONTHS, cells_and_months
from orchestration.shadow import make_shadow

_TABLES = {AnalysisTask.SENTIMENT: "shadow_sentiment", AnalysisTask.TOPICS: "shadow_topics"}


class ShadowConfig(dg.Config):
    """Who is tried out."""

    task: str = Field(pattern="^(sentiment|topics)$", description="What is asked: sentiment or topics.")
    version: str = Field(default="", description="Version of the prompt; empty: the pinned one.")
    model: str = Field(
        default="", description="Model as the model server spells it, or `embedded`; empty: the one set."
    )
    tenant: str = Field(default="", description="Only this tenant of the cell; empty: all of them.")
    most: int = Field(default=0, ge=0, description="No more messages of a tenant than so many; 0: all.")
    is_twice: bool = Field(
        default=False, description="Ask about some messages a second time, to see how answers differ by chance."
    )


@dg.multi_asset(
    name="shadow_readings",
    partitions_def=CELL_MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    specs=[
        dg.AssetSpec([ENRICHMENT, table], group_name=SHADOW, kinds={"llm"}, deps=READING_DEPS, skippable=True)
        for table in _TABLES.values()
    ],
)
def shadow_readings(
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation], config: ShadowConfig
) -> Iterator[dg.MaterializeResult[None]]:
    """These months read once more by a candidate, beside what is pinned; `churnboard prompts report` says what would change."""
    reports: list[EnrichmentReport] = []
    failed: dict[str, str] = {}
    ids: dict[str, str] = {}
    task = AnalysisTask(config.task)
    for of, months in cells_and_months(context.partition_keys).items():
        for tenant in place.directory.tenants(of):
            if config.tenant not in {"", tenant.tenant_id}:
                continue
            try:
                shadow = make_shadow(
                    place,
                    tenant,
                    task,
                    version=config.version,
                    model=config.model,
                    months=(months[0], first_after(months[-1])),
                    most=config.most or None,
                )
            except NothingToCompare as error:
                failed[tenant.tenant_id] = str(error)
                continue
            run = shadow.run(
                place.settings.analysis,
                run_id=context.run.run_id,
                is_twice=config.is_twice,
                on_progress=Every(100, context),
            )
            ids[tenant.tenant_id] = run.shadow_id
            reports += run.reports
    if failed and not reports:
        raise dg.Failure(description=sentences(failed))
    for tenant_id, why in failed.items():
        context.log.warning(f"{tenant_id}: {why}")
    yield dg.MaterializeResult(
        asset_key=[ENRICHMENT, _TABLES[task]],
        metadata=reading_metadata(reports) | {"shadows": dg.MetadataValue.json(ids)},
    )
