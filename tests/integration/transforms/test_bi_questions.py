"""The SQL of docs/bi.md, taken off the page and run where BI runs it: on the published file, and as a granted role on the views."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from core.naming import BI_MARTS

PAGE = Path(__file__).parents[3] / "docs" / "bi.md"
MARTS = set(BI_MARTS)
ASKED = re.findall(r"^### (\d+)\. (.+?)\n(.*?)(?=^### |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
QUESTIONS = {f"{number}. {title}": re.findall(r"```sql\n(.*?)```", body, re.DOTALL) for number, title, body in ASKED}
# What depends on when the test runs.
CLOCK = {"hours_ago"}


def on_file(file: Path, sql: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def on_views(engine: Engine, sql: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(sql.replace("%", "%%")).mappings()]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row as both engines can say it."""

    def value(held: Any) -> Any:
        if isinstance(held, datetime):
            return held.astimezone(UTC)
        return round(float(held), 6) if isinstance(held, int | float | Decimal) and not isinstance(held, bool) else held

    return {name: value(held) for name, held in row.items() if name not in CLOCK}


def test_ten_questions_are_asked() -> None:
    assert [int(question.split(".")[0]) for question in QUESTIONS] == list(range(1, 11))
    assert {question: len(blocks) for question, blocks in QUESTIONS.items() if len(blocks) != 1} == {}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_alike_on_file_and_views(question: str, file: Path, reader: Engine) -> None:
    [sql] = QUESTIONS[question]
    here, there = on_file(file, sql), on_views(reader, sql)
    assert here, "the planted data set must have an answer"
    assert "tenant_id" in here[0]
    assert [plain(row) for row in here] == [plain(row) for row in there]


def test_the_questions_find_what_was_planted(file: Path) -> None:
    answers = {question.split(".")[0]: on_file(file, sql) for question, [sql] in QUESTIONS.items()}
    of_acme = {number: [row for row in rows if row["tenant_id"] == "acme"] for number, rows in answers.items()}
    assert (of_acme["1"][0]["company_name"], of_acme["1"][0]["mrr"]) == ("Absent", 9000)
    assert of_acme["2"][0]["topic"] in {"billing", "data"}
    assert {row["company_name"] for row in of_acme["3"] if row["change"] == "opened"} >= {"Angry", "Relapsed"}
    assert {row["company_name"] for row in of_acme["6"]} >= {"Absent"}
    assert [(row["company_name"], row["days_left"]) for row in of_acme["7"]][:1] == [("Angry", 41)]
    assert {row["stream"] for row in of_acme["10"] if not row["is_fresh"]} >= {"companies", "contacts"}


def test_every_mart_is_on_file_and_in_the_views(file: Path, reader: Engine) -> None:
    """As a BI tool sees them: by reflection through SQLAlchemy, as the role it signs in with."""
    on_disk = create_engine(f"duckdb:///{file}", connect_args={"read_only": True})
    described, disk = inspect(reader), inspect(on_disk)
    assert described.default_schema_name == "bi"
    assert set(described.get_view_names()) == MARTS
    assert set(disk.get_table_names(schema="main")) == MARTS
    for mart in MARTS:
        columns = {column["name"]: _kind(column["type"]) for column in described.get_columns(mart)}
        assert columns.pop("build_id") is str
        assert columns == {column["name"]: _kind(column["type"]) for column in disk.get_columns(mart, schema="main")}, (
            mart
        )
    with on_disk.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(text("delete from companies"))
    on_disk.dispose()


def _kind(column: TypeEngine[Any]) -> type:
    """What a BI tool takes a column for: numbers, words, days, moments, flags."""
    kind = column.python_type
    return float if kind in {int, float, Decimal} else kind


def test_psql_as_the_page_says(reader: Engine) -> None:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("psql is not installed")
    url = reader.url
    place = f"host={url.host} port={url.port or 5432} dbname={url.database} user={url.username}"
    said = subprocess.run(
        [psql, place, "-At", "-c", "select count(*) from companies"], capture_output=True, text=True, check=True
    )
    assert int(said.stdout) == len(on_views(reader, "select 1 from companies"))
