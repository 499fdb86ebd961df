"""CSV: what RFC 4180 says, and nothing a spreadsheet would run."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.forms import cell, csv_lines

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.dates(), st.lists(st.text(), max_size=3))


@given(rows=st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=20))
def test_what_is_written_is_read_back_cell_by_cell(rows: list[dict[str, object]]) -> None:
    written = b"".join(csv_lines(["a", "b"], rows)).decode()
    read = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert read == [["a", "b"], *([cell(row["a"]), cell(row["b"])] for row in rows)]
    assert not written.startswith("\ufeff")


@given(text=st.text())
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell(text).removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-3, "-3"),
        (-0.25, "-0.25"),
        (1e-7, "1e-07"),
        (None, ""),
        (True, "true"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 6, 30, tzinfo=UTC), "2026-03-01T06:30:00Z"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("-1+2", "'-1+2"),
        (["billing", "Öl"], '["billing", "Öl"]'),
    ],
)
def test_numbers_stay_numbers_and_formulas_become_text(value: object, written: str) -> None:
    assert cell(value) == written


def test_lines_end_as_the_standard_says_and_long_series_come_in_pieces() -> None:
    pieces = list(csv_lines(["n"], ({"n": number} for number in range(1200))))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 1201
