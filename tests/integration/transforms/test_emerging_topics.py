"""Topics that emerge, against drawn tickets: chance raises few alerts, a busy week none, a burst one within three days."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.integration.transforms.conftest import BuiltWarehouse
from tests.support.planted_warehouse import AS_OF

DAYS, BURST_AT, TOPICS, TENANTS = 120, 100, 200, 10
LAST_DAY = AS_OF.date()
FIRST_DAY = LAST_DAY - timedelta(days=DAYS - 1)
BURST_ON = FIRST_DAY + timedelta(days=BURST_AT)
FALSE_DISCOVERY_RATE = 0.05


def drawn(kind: str, random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Tickets by topic and day: some topics come up daily, most now and then."""
    rates = random.gamma(0.7, 0.7, TOPICS)[:, None]
    counts = random.poisson(rates, (TOPICS, DAYS))
    if kind == "busy":
        counts[:, BURST_AT:] = random.poisson(3 * rates, (TOPICS, DAYS - BURST_AT))
    if kind == "burst":
        counts[0] = random.poisson(0.2, DAYS)
        counts[0, BURST_AT:] += random.poisson(6, DAYS - BURST_AT)
    return counts


@pytest.fixture(scope="module")
def simulated(duckdb_marts: BuiltWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ten tenants of each kind, and the models over their tickets."""
    random = np.random.default_rng(20261126)
    tickets: dict[str, list[Any]] = {"tenant_id": [], "topic": [], "day": []}
    for kind in ("as-ever", "busy", "burst"):
        for number in range(TENANTS):
            counts = drawn(kind, random)
            topic, day = np.nonzero(counts)
            times = counts[topic, day]
            tickets["tenant_id"] += [f"{kind}-{number}"] * int(times.sum())
            tickets["topic"].append(np.repeat(topic, times))
            tickets["day"].append(np.repeat(day, times))
    joined = {"tenant_id": tickets["tenant_id"]} | {name: np.concatenate(tickets[name]) for name in ("topic", "day")}
    with duckdb.connect() as connection:
        connection.register("drawn", pa.table(joined))
        connection.execute("create schema intermediate")
        connection.execute(
            f"""
            create table intermediate.int_topic_tickets as
            select
                tenant_id, 'topic ' || topic as topic, cast(null as text) as parent_topic,
                cast(row_number() over () as text) as ticket_id, cast(null as text) as company_id,
                cast(date '{FIRST_DAY}' + cast(day as integer) as date) as created_on,
                cast(date '{FIRST_DAY}' + cast(day as integer) as timestamp) as created_at,
                true as is_read, false as is_negative
            from drawn
            """
        )
        connection.execute("create view intermediate.int_tickets as from intermediate.int_topic_tickets")
        connection.execute(
            "create table intermediate.int_company_facts (tenant_id text, company_id text, known_mrr double)"
        )
        for model in ("int_topic_days", "int_topic_signals"):
            connection.execute(f"create table intermediate.{model} as {compiled(duckdb_marts, 'intermediate', model)}")
        yield connection


def compiled(built: BuiltWarehouse, layer: str, model: str) -> str:
    """What dbt made of a model, without the name of the database it was made for."""
    path = built.target_dir / "compiled" / "churnboard" / "models" / layer / f"{model}.sql"
    return re.sub(r'"\w+"\.("intermediate")', r"\1", path.read_text())


def alarmed_share(simulated: duckdb.DuckDBPyConnection, kind: str, since: date) -> float:
    """Of the tenants' days that could be tested, those on which anything would have opened an alert."""
    days = "select distinct tenant_id, day_on from intermediate.{} where tenant_id like ? and day_on >= ? and {}"
    tested = simulated.execute(
        days.format("int_topic_days", "baseline_day_count >= 28"), [f"{kind}-%", since]
    ).fetchall()
    alarmed = simulated.execute(days.format("int_topic_signals", "is_opening"), [f"{kind}-%", since]).fetchall()
    assert len(tested) > 150
    return len(alarmed) / len(tested)


def test_chance_alone_stays_below_the_false_discovery_rate(simulated: duckdb.DuckDBPyConnection) -> None:
    assert alarmed_share(simulated, "as-ever", FIRST_DAY) < FALSE_DISCOVERY_RATE


def test_a_week_in_which_everybody_writes_lets_no_topic_emerge(simulated: duckdb.DuckDBPyConnection) -> None:
    assert alarmed_share(simulated, "busy", BURST_ON) < FALSE_DISCOVERY_RATE


def test_a_burst_is_found_within_three_days(simulated: duckdb.DuckDBPyConnection) -> None:
    found = simulated.execute(
        "select tenant_id, min(day_on) from intermediate.int_topic_signals "
        "where is_opening and topic = 'topic 0' and day_on >= ? and tenant_id like 'burst-%' group by tenant_id",
        [BURST_ON],
    ).fetchall()
    assert len(found) == TENANTS
    assert max(day_on for _, day_on in found) <= BURST_ON + timedelta(days=2)


def test_the_same_alert_is_updated(simulated: duckdb.DuckDBPyConnection, duckdb_marts: BuiltWarehouse) -> None:
    """Built as of one day and of another, an alert keeps its id and first day, and what was seen later is added to it."""
    mart = compiled(duckdb_marts, "marts", "emerging_topics")
    as_of = f"cast('{LAST_DAY}' as date)"
    assert as_of in mart
    seen: list[dict[str, tuple[Any, ...]]] = []
    for day in (BURST_ON + timedelta(days=3), BURST_ON + timedelta(days=9), LAST_DAY):
        simulated.execute(
            "create or replace temp view until as from intermediate.int_topic_signals "
            f"where day_on <= date '{day}' and tenant_id like 'burst-%' and topic = 'topic 0' and day_on >= date '{BURST_ON}'"
        )
        alerts = simulated.execute(
            "select tenant_id, alert_id, first_seen_on, last_seen_on, ticket_count, is_active from ("
            + mart.replace(as_of, f"cast('{day}' as date)").replace('"intermediate"."int_topic_signals"', "until")
            + ")"
        ).fetchall()
        assert len(alerts) == TENANTS
        seen.append({row[0]: row[1:] for row in alerts})
    for tenant_id, (alert_id, first_seen_on, _, count, _) in seen[0].items():
        later, last = seen[1][tenant_id], seen[2][tenant_id]
        assert later[:2] == last[:2] == (alert_id, first_seen_on)
        assert count < later[2 + 1] < last[2 + 1]
        assert last[-1]
