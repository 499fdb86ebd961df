"""How a build behaves as a whole: again, over nothing, when it fails, and what it tells while it runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.integration.transforms.conftest import MARTS, BuiltWarehouse
from tests.support.planted_warehouse import AS_OF
from tests.support.warehouse_fixtures import SourceRow, fill, reading, sync_cursor, table_rows, ticket
from transforms import runner


def test_a_rebuild_gives_the_same_rows(duckdb_marts: BuiltWarehouse) -> None:
    before = {mart: duckdb_marts.rows(mart) for mart in MARTS}
    seen: list[runner.NodeResult] = []
    result = runner.build(
        duckdb_marts.url, as_of=AS_OF.isoformat(), target_dir=duckdb_marts.target_dir, threads=1, on_node=seen.append
    )
    assert {mart: duckdb_marts.rows(mart) for mart in MARTS} == before
    assert tuple(seen) == result.nodes
    assert result.of_type("unit_test") == ()


def test_every_kind_of_node_is_reported(duckdb_marts: BuiltWarehouse, postgres_marts: BuiltWarehouse) -> None:
    for result in (duckdb_marts.result, postgres_marts.result):
        assert {node.resource_type for node in result.nodes} == {"model", "seed", "test", "unit_test"}
        assert {node.status for node in result.nodes} == {"success", "pass"}
        (companies,) = (node for node in result.of_type("model") if node.name == "companies")
        assert (companies.unique_id, companies.schema, companies.relation) == (
            "model.churnboard.companies",
            "marts",
            "companies",
        )
        assert companies.failures is None
        assert companies.execution_seconds > 0
        assert result.log_path.read_text()
    (companies,) = (node for node in postgres_marts.result.of_type("model") if node.name == "companies")
    assert companies.rows_affected == len(postgres_marts.rows("companies"))


def test_the_file_is_free_after_a_build(duckdb_marts: BuiltWarehouse) -> None:
    path = duckdb_marts.url.removeprefix("duckdb:///")
    with duckdb.connect(path, config={"access_mode": "READ_ONLY"}) as connection:
        assert connection.execute("select count(*) from marts.companies").fetchall() != [(0,)]


def test_empty_sources_give_empty_marts_and_no_as_of_means_now(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path / 'empty.duckdb'}"
    now = datetime.now(UTC)
    recent, old = now - timedelta(hours=35), now - timedelta(hours=37)
    fill(url, [sync_cursor(synced_at=recent), sync_cursor(synced_at=old, stream="owners")])
    runner.build(url, target_dir=tmp_path / "target")
    fresh = {row["stream"]: row["is_fresh"] for row in table_rows(url, "marts.source_health")}
    assert fresh == {"tickets": True, "owners": False}
    rest = set(MARTS) - {"source_health"}
    assert {mart: table_rows(url, f"marts.{mart}") for mart in rest} == {mart: [] for mart in rest}


def test_a_failure_is_a_sentence_and_stops_what_depends_on_it(tmp_path: Path, duckdb_marts: BuiltWarehouse) -> None:
    url = f"duckdb:///{tmp_path / 'broken.duckdb'}"
    twice: list[SourceRow] = [ticket(id="1", createdate=AS_OF)] * 2
    fill(url, [*twice, reading(ticket_id="1", sentiment="negative")])
    with pytest.raises(runner.TransformFailed) as failure:
        runner.build(url, as_of=AS_OF, target_dir=duckdb_marts.target_dir)
    message = str(failure.value)
    assert message.startswith("The transformation failed at ")
    assert "tickets_tenant_id__id: Got 1 result, configured to fail if != 0." in message
    assert str(duckdb_marts.target_dir / "logs" / "dbt.log") in message
    states = {node.name: node.status for node in failure.value.nodes}
    assert states["churn_risk_cards"] == "skipped"
    assert states["source_health"] == "success"


def test_an_unreachable_warehouse_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("dbt.adapters.postgres")
    with pytest.raises(runner.TransformFailed, match=r"could not run: .* The log is .*dbt\.log\.") as failure:
        runner.build("postgresql://nobody:s3cret@127.0.0.1:1/none", select="source_health", target_dir=tmp_path)
    assert "s3cret" not in str(failure.value)
    assert "s3cret" not in "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
