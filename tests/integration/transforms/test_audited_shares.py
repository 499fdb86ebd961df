"""Audited shares against drawn tickets whose truth is known: right on average, and in their interval as often as they say."""

import re
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from analysis.auditing import in_turn
from tests.integration.transforms.conftest import BuiltWarehouse

TENANTS, TICKETS, DRAWN = 150, 600, 60
MONTH = date(2026, 10, 1)


def misread(
    truth: np.ndarray[Any, Any], random: np.random.Generator, missed: float, mistaken: float
) -> np.ndarray[Any, Any]:
    """What a reader with these two error rates makes of it."""
    chance = random.random(len(truth))
    return np.where(truth, chance >= missed, chance < mistaken)


@pytest.fixture(scope="module")
def audited(duckdb_marts: BuiltWarehouse) -> list[dict[str, Any]]:
    """The mart's rows for many tenants, each with the true share beside it."""
    random = np.random.default_rng(20261126)
    tickets: list[dict[str, Any]] = []
    audits: list[dict[str, Any]] = []
    truths: dict[tuple[str, str], float] = {}
    for number in range(TENANTS):
        tenant_id = f"t{number}"
        is_unhappy, is_export = random.random(TICKETS) < 0.25, random.random(TICKETS) < 0.2
        read_unhappy = misread(is_unhappy, random, missed=0.38, mistaken=0.04)
        read_export = misread(is_export, random, missed=0.25, mistaken=0.02)
        truths |= {(tenant_id, "negative_share"): is_unhappy.mean(), (tenant_id, "topic_share"): is_export.mean()}
        for at in range(TICKETS):
            topic = "export" if read_export[at] else "none"
            tickets.append(
                {"tenant_id": tenant_id, "ticket_id": str(at), "topic": topic, "is_negative": bool(read_unhappy[at])}
            )
        for stratum, chosen in (("negative", read_unhappy), ("not_negative", ~read_unhappy)):
            ids = [str(at) for at in np.flatnonzero(chosen)]
            for ticket_id in in_turn(tenant_id, ids)[:DRAWN]:
                at = int(ticket_id)
                audits.append(
                    {
                        "tenant_id": tenant_id,
                        "ticket_id": ticket_id,
                        "stratum": stratum,
                        "stratum_ticket_count": len(ids),
                        "topics": '["export"]' if is_export[at] else '["none"]',
                        "sentiment": "negative" if is_unhappy[at] else "neutral",
                    }
                )
    with duckdb.connect() as connection:
        for schema in ("intermediate", "staging"):
            connection.execute(f"create schema {schema}")
        connection.register("tickets", pa.Table.from_pylist(tickets))
        connection.register("audits", pa.Table.from_pylist(audits))
        for statement in (
            "create table intermediate.int_tickets as select *, 0 as level from tickets",
            "create table intermediate.int_ticket_topics as select *, null::text as corrected_by from tickets",
            f"create table intermediate.int_topic_tickets as select *, true as is_read, date '{MONTH}' as created_on from tickets",
            "create table staging.stg_app__topics (tenant_id text, topic text, parent_topic text, current_topic text)",
            f"create table staging.stg_app__audit_tickets as select *, date '{MONTH}' as month_on from audits",
            f"create table intermediate.int_audit_pairs as {compiled(duckdb_marts, 'intermediate', 'int_audit_pairs')}",
        ):
            connection.execute(statement)
        rows = connection.execute(compiled(duckdb_marts, "marts", "audited_shares")).to_arrow_table().to_pylist()
    return [
        row | {"true_share": truths[row["tenant_id"], row["measure"]]}
        for row in rows
        if row["topic"] in {"export", "all"}
    ]


def compiled(built: BuiltWarehouse, layer: str, model: str) -> str:
    """What dbt made of a model, without the name of the database it was made for."""
    path = built.target_dir / "compiled" / "churnboard" / "models" / layer / f"{model}.sql"
    return re.sub(r'"\w+"\.("intermediate"|"staging")', r"\1", path.read_text())


@pytest.mark.parametrize("measure", ["negative_share", "topic_share"])
def test_an_audit_puts_the_share_right_and_knows_how_well(audited: list[dict[str, Any]], measure: str) -> None:
    rows = [row for row in audited if row["measure"] == measure]
    assert len(rows) == TENANTS
    errors = {
        name: np.mean([row[name] - row["true_share"] for row in rows]) for name in ("counted_share", "debiased_share")
    }
    assert errors["counted_share"] < -0.03, "what is counted is far too little"
    assert abs(errors["debiased_share"]) < 0.006
    inside = np.mean([row["debiased_share_lower"] <= row["true_share"] <= row["debiased_share_upper"] for row in rows])
    assert 0.91 <= inside <= 1
    width = np.mean([row["debiased_share_upper"] - row["debiased_share_lower"] for row in rows])
    assert width < 0.2, "an interval that holds everything says nothing"
