"""The SQL linter, as `make lint` calls it, renders what our models use and objects to what they do not do."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

CLEAN = """\
select
    tenant_id,
    {{ json_field('properties', "'mrr'") }} as mrr,
    {{ as_of_on() }} as as_of_on

from {{ ref('stg_hubspot__companies') }}
"""
UNTIDY = "SELECT a.tenant_id , count(*) over () N from {{ ref('companies') }} a\n"


def linted(sql: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "sqlfluff", "lint", "--nocolor", "-"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return ran.returncode, ran.stdout


def test_macros_of_the_project_and_of_dbt_are_rendered() -> None:
    assert linted(CLEAN)[0] == 0, linted(CLEAN)[1]


def test_another_style_is_objected_to() -> None:
    status, said = linted(UNTIDY)
    assert status == 1
    for rule in ("capitalisation.keywords", "layout.spacing", "aliasing.table", "aliasing.column"):
        assert rule in said, said
    assert "TMP" not in said
