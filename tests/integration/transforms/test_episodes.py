"""The window functions that cut scores into episodes, against the rule told day by day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.transforms.conftest import BuiltWarehouse
from tests.support.planted_warehouse import AS_OF

BELOW, HOLDING, OPENING = range(3)
LAST_DAY = AS_OF.date()


@dataclass
class Episode:
    """One episode as a person with a calendar would write it down."""

    opened_on: date
    last_signal_on: date
    closed_on: date | None = None


def told_day_by_day(course: list[int]) -> list[Episode]:
    """A signal is on from an opening day until three days in a row are below; less than 15 days apart is one episode."""
    first = LAST_DAY - timedelta(days=len(course) - 1)
    episodes: list[Episode] = []
    is_on, below = False, 0
    for offset, state in enumerate(course):
        day = first + timedelta(days=offset)
        if not is_on and state == OPENING:
            is_on = True
            if episodes and (day - episodes[-1].last_signal_on).days <= 14:
                episodes[-1].closed_on = None
            else:
                episodes.append(Episode(day, day))
        below = below + 1 if state == BELOW else 0
        if is_on and state != BELOW:
            episodes[-1].last_signal_on = day
        if is_on and below == 3:
            is_on = False
            episodes[-1].closed_on = day
    return episodes


@pytest.fixture(scope="session")
def compiled(duckdb_marts: BuiltWarehouse) -> dict[str, str]:
    folder = duckdb_marts.target_dir / "compiled" / "churnboard" / "models" / "intermediate"
    # Without the name of the database it was compiled for.
    return {
        name: re.sub(r'"\w+"\.("intermediate")', r"\1", (folder / f"{name}.sql").read_text())
        for name in ("int_signal_days", "int_episodes")
    }


# Days that hold or open, and gaps around the lengths at which the rule changes its mind.
stretches = st.lists(st.sampled_from([HOLDING, OPENING, OPENING]), min_size=1, max_size=3)
gaps = st.sampled_from([1, 2, 3, 12, 13, 14]).map(lambda length: [BELOW] * length)
parts = st.lists(st.tuples(stretches, gaps).map(lambda part: part[0] + part[1]), min_size=1, max_size=8)
courses = st.tuples(parts, st.integers(0, 4)).map(lambda drawn: [*chain.from_iterable(drawn[0])][: -drawn[1] or None])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several=st.lists(courses, min_size=4, max_size=12))
def test_episodes_are_what_the_rule_tells_day_by_day(several: list[list[int]], compiled: dict[str, str]) -> None:
    rows = [
        ("acme", f"{company:02}", "frustrated", LAST_DAY - timedelta(days=len(course) - 1 - offset), state)
        for company, course in enumerate(several)
        for offset, state in enumerate(course)
        if state != BELOW or offset % 2
    ]
    with duckdb.connect() as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create view intermediate.int_silence_sources as select '' tenant_id, localtimestamp trusted_until_at"
        )
        connection.execute(
            "create table days (tenant_id text, company_id text, trigger_type text, scored_on date, state int)"
        )
        columns = zip(*rows, ("other", "0", "frustrated", LAST_DAY, BELOW), strict=True)
        connection.execute(
            "insert into days select unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)",
            [list(column) for column in columns],
        )
        connection.execute(
            "create view intermediate.int_trigger_scores_daily as "
            f"select *, state = {OPENING} as is_opening, state >= {HOLDING} as is_holding from days"
        )
        connection.execute(f"create view intermediate.int_signal_days as {compiled['int_signal_days']}")
        built = connection.execute(
            "select company_id, opened_on, last_signal_on, closed_on, is_active, episode, card_id, previous_card_id "
            f"from ({compiled['int_episodes']}) order by company_id, opened_on"
        ).fetchall()

    expected = [
        (
            f"{company:02}",
            episode.opened_on,
            episode.last_signal_on,
            episode.closed_on,
            episode.closed_on is None,
            number,
        )
        for company, course in enumerate(several)
        for number, episode in enumerate(told_day_by_day(course), start=1)
    ]
    assert [row[:6] for row in built] == expected
    card_of = {(row[0], row[5]): row[6] for row in built}
    assert len(set(card_of.values())) == len(built)
    assert all(row[7] == card_of.get((row[0], row[5] - 1)) for row in built)
