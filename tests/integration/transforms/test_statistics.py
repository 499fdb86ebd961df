"""The statistics that are written in SQL, against exact values and against chance itself."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from transforms import runner

Evaluate = Callable[[str, str, Iterable[Sequence[float]]], list[tuple[Any, ...]]]
"""Expressions over columns, the columns, their values; rows of values and results, in the order of the values."""

WEEK_OF_EIGHT = "7.0 / 56"


def macros(file: str) -> Any:
    """The macros of a file that asks nothing of dbt."""
    text = (runner.PROJECT_DIR / "macros" / file).read_text()
    return Environment(autoescape=False).from_string(text).module


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    def statement(expressions: str, columns: str, values: Iterable[Sequence[float]]) -> str:
        rows = ", ".join(
            "(" + ", ".join(f"cast({number!r} as double precision)" for number in (at, *row)) + ")"
            for at, row in enumerate(values)
        )
        return f"select {columns}, {expressions} from (values {rows}) as given (place, {columns}) order by place"

    def on_duckdb(*given: Any) -> list[tuple[Any, ...]]:
        return duckdb.sql(statement(*given)).fetchall()

    def on_postgres(*given: Any) -> list[tuple[Any, ...]]:
        server = os.environ.get("TEST_POSTGRES_URL")
        if not server:
            pytest.skip("TEST_POSTGRES_URL is not set: no Postgres to test against")
        import psycopg2

        with psycopg2.connect(server) as connection, connection.cursor() as cursor:
            cursor.execute(statement(*given))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        connection.close()
        return found

    return on_duckdb if request.param == "duckdb" else on_postgres


def test_the_normal_tail_is_right_to_its_far_end(evaluate: Evaluate) -> None:
    tail = macros("normal.sql").normal_upper_tail("z")
    found = evaluate(tail, "z", [(step / 8,) for step in range(-300, 289)])
    assert all(p == pytest.approx(math.erfc(z / math.sqrt(2)) / 2, rel=1.2e-7) for z, p in found)
    [(_, beyond)] = evaluate(tail, "z", [(1e6,)])
    assert 0 <= beyond < 1e-280


def test_a_count_is_outside_the_band_when_the_test_says_so(evaluate: Evaluate) -> None:
    poisson = macros("poisson.sql")
    expressions = ", ".join(
        [
            poisson.poisson_band_lower("y", WEEK_OF_EIGHT),
            poisson.poisson_band_upper("y", WEEK_OF_EIGHT),
            poisson.poisson_z("x", "y", WEEK_OF_EIGHT),
        ]
    )
    found = evaluate(expressions, "x, y", [(x, y) for y in (0, 1, 3, 8, 40, 400) for x in range(80)])
    assert [(x < lower or x > upper) == (abs(z) > 1.959964) for x, _, lower, upper, z in found] == [True] * len(found)


@pytest.mark.parametrize("rate", [0.5, 1, 2, 4, 8, 16, 32])
def test_chance_seldom_leaves_the_poisson_band(rate: float, evaluate: Evaluate) -> None:
    """Exactly summed over every week and every eight weeks before it: nothing is drawn."""

    def chance(count: int, mean: float) -> float:
        return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))

    poisson = macros("poisson.sql")
    ends = [poisson.poisson_band_lower("y", WEEK_OF_EIGHT), poisson.poisson_band_upper("y", WEEK_OF_EIGHT)]
    baselines = range(int(8 * rate + 10 * math.sqrt(8 * rate) + 10))
    weeks = range(int(rate + 10 * math.sqrt(rate) + 10))
    outside = sum(
        chance(int(y), 8 * rate) * sum(chance(x, rate) for x in weeks if x < lower or x > upper)
        for y, lower, upper in evaluate(", ".join(ends), "y", [(y,) for y in baselines])
    )
    # Whole numbers cannot be outside exactly one time in twenty.
    assert 0.01 < outside < 0.065


def test_both_ends_of_the_wilson_interval_mirror_each_other(evaluate: Evaluate) -> None:
    wilson = macros("wilson.sql")
    ends = f"{wilson.wilson_lower_bound('hits', 'total')}, {wilson.wilson_upper_bound('hits', 'total')}"
    found = evaluate(ends, "hits, total", [(hits, total) for total in (1, 7, 40) for hits in range(total + 1)])
    held = {(hits, total): (lower, upper) for hits, total, lower, upper in found}
    for (hits, total), (lower, upper) in held.items():
        assert lower <= hits / total <= upper
        assert upper == pytest.approx(1 - held[total - hits, total][0])
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I: 81 of 263.
    [(_, _, lower, upper)] = evaluate(ends, "hits, total", [(81, 263)])
    assert (round(lower, 4), round(upper, 4)) == (0.2553, 0.3662)
