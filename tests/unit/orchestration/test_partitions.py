from datetime import date

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tenants import Cell
from orchestration.partitions import CELL_MONTHS, cells_and_months, month_key, range_tags, register_cells

DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 10, 31))


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def test_registering_makes_the_partitions_exactly_the_cells(instance: dg.DagsterInstance) -> None:
    register_cells(instance, [Cell("acme"), Cell("globex")])
    register_cells(instance, [Cell("globex"), Cell("initech")])
    assert set(instance.get_dynamic_partitions("cell")) == {"globex", "initech"}


@settings(max_examples=20)
@given(first=DAYS, last=DAYS)
def test_a_range_of_days_is_the_months_it_touches_of_that_cell_alone(first: date, last: date) -> None:
    first, last = sorted((first, last))
    instance = dg.DagsterInstance.ephemeral()
    register_cells(instance, [Cell("acme"), Cell("globex")])
    tags = range_tags(Cell("globex"), first, last)
    keys = CELL_MONTHS.get_partition_keys_in_range(
        dg.PartitionKeyRange(tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"]),
        dynamic_partitions_store=instance,
    )
    [(cell, months)] = cells_and_months(keys).items()
    assert cell == "globex"
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    assert len(months) == count
    assert (months[0], months[-1]) == (first.replace(day=1), last.replace(day=1))
    assert all(month_key(month).endswith("-01") for month in months)
