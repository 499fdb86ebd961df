"""The last step: what passed its tests and audits is put in front of readers."""

from collections.abc import Iterator

import dagster as dg

from core.installation import Installation
from core.naming import BI_ONLY_MARTS, MARTS, PUBLISHED_MARTS
from core.publishing import publish as publish_marts
from ingestion.hubspot.figures import tenants_read
from orchestration.budgets import note_standing
from orchestration.erasure import Eraser, what_remains


@dg.asset(
    deps=[dg.AssetKey([MARTS, mart]) for mart in (*PUBLISHED_MARTS, *BI_ONLY_MARTS)],
    group_name="publish",
    check_specs=[
        dg.AssetCheckSpec(name, asset="publish", blocking=False)
        for name in ("every_tenant_is_published", "nothing_erased_remains")
    ],
)
def publish(
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """One build per tenant, audited and copied into the serving tables; a tenant that fails an audit keeps its old build."""
    report = publish_marts(
        warehouse=place.warehouse,
        engine=place.app_database,
        # Of the others an empty board would look like health.
        tenant_ids=tenants_read(place.warehouse, [tenant.tenant_id for tenant in place.directory.tenants()]),
        data_dir=place.settings.stores.data_dir,
        max_drop_share=place.settings.transforms.publish_max_drop_share,
        builds_kept=place.settings.transforms.builds_kept,
        on_tenant=lambda outcome: context.log.info(
            f"{outcome.tenant_id}: {'published' if outcome.is_published else 'held back'}, {dict(outcome.row_counts)}"
        ),
    )
    # Who was erased while a build was under way is in the marts that build was made from.
    for done in Eraser(place).carry_out([tenant.tenant_id for tenant in place.directory.tenants()]):
        context.log.info(str(done))
    for outcome in report.outcomes:
        note_standing(place, outcome.tenant_id, is_estimating=False)
    remains = what_remains(place)
    held_back = {str(outcome.tenant_id): outcome.failures for outcome in report.held_back}
    for tenant_id, failures in held_back.items():
        context.log.error(f"{tenant_id} stays on its old build: {'; '.join(failures)}")
    yield dg.MaterializeResult(
        metadata={
            "build_id": report.build_id,
            "as_of_at": report.as_of_at.isoformat(),
            "tenants": len(report.outcomes),
            "cards": sum(outcome.row_counts.get("churn_risk_cards", 0) for outcome in report.outcomes),
            "bi_file": str(report.bi_file) if report.bi_file else "views in schema bi",
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_tenant_is_published",
                passed=not held_back,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"held_back": dg.MetadataValue.json(held_back)},
            ),
            dg.AssetCheckResult(
                check_name="nothing_erased_remains",
                passed=not remains,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"remains": dg.MetadataValue.json(remains)},
            ),
        ],
    )
