"""What stands in company properties, as loaded: for a person who decides which property means what."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from core.warehouse import Warehouse
from ingestion.hubspot.tables import OBJECT_TABLES

_BATCH, _SHOWN = 5_000, 3


@dataclass
class Sample:
    """One property over all live companies of a tenant.

    Attributes:
        values: The first different values met, three at most.
        company_count: Companies that have a value.
    """

    values: list[str] = field(default_factory=list)
    company_count: int = 0


@dataclass(frozen=True)
class Samples:
    """Several properties, and how many companies there are."""

    by_property: dict[str, Sample]
    company_count: int


def read_samples(warehouse: Warehouse, tenant_id: str, properties: Sequence[str]) -> Samples:
    """Look at every live company of the tenant once; nothing is found where nothing was loaded yet."""
    companies = OBJECT_TABLES["companies"].spec
    samples = {name: Sample() for name in properties}
    count = 0
    if warehouse.has_table(companies.schema, companies.name):
        batches = warehouse.batches(
            f"select properties from {companies.qualified} where tenant_id = :tenant_id and not archived order by id",
            _BATCH,
            tenant_id=tenant_id,
        )
        for batch in batches:
            count += len(batch)
            for row in batch:
                _note(samples, row["properties"])
    return Samples(samples, count)


def _note(samples: dict[str, Sample], properties: str | None) -> None:
    held = orjson.loads(properties) if properties else {}
    for name, sample in samples.items():
        value = held.get(name)
        if value in {None, ""}:
            continue
        sample.company_count += 1
        if len(sample.values) < _SHOWN and str(value) not in sample.values:
            sample.values.append(str(value))
