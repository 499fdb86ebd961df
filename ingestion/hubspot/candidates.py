"""What a portal has that fields could be mapped to, with what stands in it: proposals for a person who decides.

Only numbers and dates are looked at, and stages counted: no value here says anything of a person.
"""

from collections.abc import Mapping

from core.appdb.imports import FieldCandidate
from core.fields import STAGE
from core.vocabulary import MappedField
from core.warehouse import Warehouse
from ingestion.hubspot.mappable import Definition, Mappable, fits
from ingestion.hubspot.samples import read_samples
from ingestion.hubspot.tables import OBJECT_TABLES

_LONGEST = 40
_INTERNAL = "hs_"
"""How HubSpot's own bookkeeping is named; what a sales team fills in is not."""


def field_candidates(warehouse: Warehouse, tenant_id: str, found: Mappable) -> list[FieldCandidate]:
    """Company properties of a fitting type, and ticket stages, each with what was loaded of it.

    Of HubSpot's own properties only those that somebody fills in: every portal has two hundred that nobody does.
    """
    fitting = {one.name: fits(one) for one in found.properties.values() if not one.is_archived and fits(one)}
    samples = read_samples(warehouse, tenant_id, list(fitting))
    properties = [
        FieldCandidate(
            name=name,
            label=found.properties[name].label,
            type=found.properties[name].type,
            fits=_scores(found.properties[name], scores),
            sample_values=[value[:_LONGEST] for value in samples.by_property[name].values],
            filled_count=samples.by_property[name].company_count,
            record_count=samples.company_count,
        )
        for name, scores in sorted(fitting.items())
        if _is_worth_showing(found.properties[name], samples.by_property[name].company_count)
    ]
    return properties + _stages(warehouse, tenant_id, found)


def _is_worth_showing(definition: Definition, filled_count: int) -> bool:
    is_ours = definition.name.startswith(_INTERNAL) or not filled_count
    return not (definition.is_hubspot_defined and is_ours)


def _scores(definition: Definition, scores: Mapping[MappedField, int]) -> dict[MappedField, int]:
    # HubSpot's own are about the sale and the company: they fit by type, and are nobody's first guess.
    return dict.fromkeys(scores, 0) if definition.is_hubspot_defined else dict(scores)


def _stages(warehouse: Warehouse, tenant_id: str, found: Mappable) -> list[FieldCandidate]:
    tickets = OBJECT_TABLES["tickets"].spec
    rows = (
        warehouse.rows(
            f"select hs_pipeline, hs_pipeline_stage, count(*) as ticket_count from {tickets.qualified} "
            "where tenant_id = :tenant_id and not archived group by hs_pipeline, hs_pipeline_stage",
            tenant_id=tenant_id,
        )
        if warehouse.has_table(tickets.schema, tickets.name)
        else []
    )
    counts = {f"{row['hs_pipeline']}/{row['hs_pipeline_stage']}": int(row["ticket_count"]) for row in rows}
    return [
        FieldCandidate(
            name=stage_id,
            label=label,
            type=STAGE,
            fits=dict.fromkeys((field for field in MappedField if field.is_stages), 0),
            filled_count=counts.get(stage_id, 0),
            record_count=sum(counts.values()),
        )
        for stage_id, label in found.stages.items()
    ]
