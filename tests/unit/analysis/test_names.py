"""Tables about money and trust have the columns that docs/names.md says they have."""

import re
from pathlib import Path

import pytest

from analysis.canaries import CANARY_READINGS
from analysis.journal.table import LLM_CHARGE, LLM_SPEND, ChargeKind
from analysis.tables import DEFERRED_READINGS
from core.appdb.tables import llm_budget

PAGE = (Path(__file__).parents[3] / "docs" / "names.md").read_text()
TABLES = {
    "deferred_readings": list(DEFERRED_READINGS.names),
    "canary_readings": list(CANARY_READINGS.names),
    "llm_budget": [column.name for column in llm_budget.columns],
    "llm_charge": [column.name for column in LLM_CHARGE.columns],
    "llm_spend": [column.name for column in LLM_SPEND.columns],
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_documented_columns(table: str) -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{table}`")]
    _, key, columns = _cells(row)
    named = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", columns))
    assert {*key.split(", "), *named} == set(TABLES[table])
    assert [column for column in TABLES[table] if column in named] == named, "in this order"


def test_the_kinds_of_a_charge_are_documented() -> None:
    assert f"`kind` ({', '.join(ChargeKind)})" in PAGE


def _cells(row: str) -> tuple[str, str, str]:
    table, key, columns = (cell.strip() for cell in row.strip().strip("|").split("|"))
    return table, key, columns
