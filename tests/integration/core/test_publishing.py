"""Write, audit, publish, on both engines: readers get whole builds, failing tenants keep their old one."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine, insert, select, text

from core.appdb import open_app_database
from core.appdb.bi import copies
from core.appdb.builds import BuildStore, NoOlderBuild
from core.appdb.tables import published_build, published_churn_risk_cards, tenant
from core.naming import BI_MARTS
from core.publishing import MartsNotReady, PublishReport, mark_building, publish
from core.publishing.bi_file import current_bi_file
from core.tenants import TenantId, tenant_id
from core.warehouse import Warehouse, connect
from tests.support.marts import AS_OF, card, company, evidence, fill_marts, small_marts

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")


@pytest.fixture
def engine(warehouse_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An application database on the warehouse's engine, with two tenants."""
    url = warehouse_url if warehouse_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'app.db'}"
    engine = open_app_database(url)
    with engine.begin() as connection:
        for name in (ACME, GLOBEX):
            values = {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF}
            connection.execute(insert(tenant), values)
    yield engine
    engine.dispose()


def run(warehouse: Warehouse, engine: Engine, data_dir: Path, *tenants: TenantId) -> PublishReport:
    return publish(
        warehouse=warehouse,
        engine=engine,
        tenant_ids=tenants or (ACME, GLOBEX),
        data_dir=data_dir,
        max_drop_share=0.5,
        builds_kept=2,
    )


def served(engine: Engine, name: TenantId) -> list[str]:
    cards = published_churn_risk_cards
    query = (
        select(cards.c.why)
        .join(
            published_build,
            (published_build.c.tenant_id == cards.c.tenant_id) & (published_build.c.build_id == cards.c.build_id),
        )
        .where(cards.c.tenant_id == name)
    )
    with engine.connect() as connection:
        return sorted(connection.scalars(query))


def test_a_published_build_is_what_the_marts_hold(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    fill_marts(warehouse, small_marts(ACME, marker="it hurts"))
    report = run(warehouse, engine, tmp_path, ACME)
    assert report.held_back == []
    assert served(engine, ACME) == ["Because it hurts."] * 3
    current = BuildStore(engine).current(ACME)
    assert current is not None
    assert (current.build_id, current.as_of_at) == (report.build_id, AS_OF)
    assert current.row_counts["card_evidence"] == 3
    assert all(verdict["is_passed"] for verdict in current.audits)


def test_marts_that_did_not_pass_are_never_published(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(MartsNotReady, match="no build yet"):
        run(warehouse, engine, tmp_path)
    fill_marts(warehouse, small_marts(ACME))
    mark_building(warehouse, as_of_at=AS_OF, run_id="run-7")
    with pytest.raises(MartsNotReady, match="run-7 left them unfinished"):
        run(warehouse, engine, tmp_path)


@pytest.mark.parametrize(
    ("breakage", "audit"),
    [
        ({"companies": [company(ACME, "9")]}, "cards_belong_to_companies"),
        ({"card_evidence": [evidence(ACME, "no-such-card")]}, "evidence_belongs_to_cards"),
        ({"card_evidence": [evidence(ACME, "card-1", quote="never said")]}, "quotes_stand_in_their_context"),
        (
            {"churn_risk_cards": [card(ACME, "1"), card(ACME, "2", as_of_at=datetime(2026, 1, 1, tzinfo=UTC))]},
            "cards_share_one_moment",
        ),
        ({"companies": [company(ACME, "1")], "churn_risk_cards": [], "card_evidence": []}, "companies_did_not_shrink"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_tenant_that_fails_an_audit_stays_on_its_old_build_and_the_others_do_not(
    warehouse: Warehouse, engine: Engine, tmp_path: Path, breakage: dict, audit: str
) -> None:
    fill_marts(warehouse, small_marts(ACME, marker="old"))
    fill_marts(warehouse, small_marts(GLOBEX, marker="old"))
    first = run(warehouse, engine, tmp_path)
    fill_marts(warehouse, small_marts(ACME, marker="new") | breakage)
    fill_marts(warehouse, small_marts(GLOBEX, marker="new"))
    report = run(warehouse, engine, tmp_path)
    [held] = report.held_back
    assert held.tenant_id == ACME
    assert audit in {failure.split(":")[0] for failure in held.failures}
    assert set(served(engine, ACME)) == {"Because old."}
    assert set(served(engine, GLOBEX)) == {"Because new."}
    current = BuildStore(engine).current(ACME)
    assert current is not None
    assert current.build_id == first.build_id


def test_the_newest_builds_are_kept_and_one_can_go_back(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    store = BuildStore(engine)
    for marker in ("one", "two", "three"):
        fill_marts(warehouse, small_marts(ACME, marker=marker))
        run(warehouse, engine, tmp_path, ACME)
    assert len(store.builds(ACME)) == 2
    store.rollback(ACME, published_at=datetime.now(UTC))
    assert set(served(engine, ACME)) == {"Because two."}
    with pytest.raises(NoOlderBuild, match="no build older"):
        store.rollback(ACME, published_at=datetime.now(UTC))


@pytest.mark.parametrize("publishes", [12, pytest.param(50, marks=pytest.mark.slow)])
def test_a_reader_during_publishes_never_sees_a_torn_or_missing_build(
    warehouse: Warehouse, engine: Engine, tmp_path: Path, publishes: int
) -> None:
    fill_marts(warehouse, small_marts(ACME, companies=20, marker="0"))
    run(warehouse, engine, tmp_path, ACME)
    is_over = threading.Event()
    seen: list[set[str]] = []
    errors: list[Exception] = []

    def read() -> None:
        while not is_over.wait(0.005):
            try:
                seen.append(read_in_two_statements(engine))
            except Exception as error:  # noqa: BLE001 - a reader must not fail either
                errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, publishes + 1):
        fill_marts(warehouse, small_marts(ACME, companies=20, marker=str(number)))
        run(warehouse, engine, tmp_path, ACME)
    is_over.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert {len(markers) for markers in seen} == {1}
    assert len({markers.copy().pop() for markers in seen}) > 2


def read_in_two_statements(engine: Engine) -> set[str]:
    """Pointer, then rows, in one transaction, as the API reads."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("set transaction isolation level repeatable read read only"))
        pointed = select(published_build.c.build_id).where(published_build.c.tenant_id == ACME)
        build_id = connection.scalar(pointed)
        cards = published_churn_risk_cards
        whys = connection.scalars(
            select(cards.c.why).where(cards.c.tenant_id == ACME, cards.c.build_id == build_id)
        ).all()
        assert len(whys) == 20, f"{len(whys)} cards in build {build_id}"
        return set(whys)


def test_bi_gets_one_file_per_build_and_a_pointer(tmp_path: Path) -> None:
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    with engine.begin() as connection:
        for name in (ACME, GLOBEX):
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF})
    fill_marts(warehouse, small_marts(ACME, marker="old"))
    fill_marts(warehouse, small_marts(GLOBEX, marker="old"))
    run(warehouse, engine, tmp_path)
    open_old = duckdb.connect(str(current_bi_file(tmp_path / "published")), read_only=True)
    fill_marts(warehouse, small_marts(ACME, marker="new") | {"companies": [company(ACME, "9")]})
    fill_marts(warehouse, small_marts(GLOBEX, marker="new"))
    for _ in range(3):
        run(warehouse, engine, tmp_path)
    whys = "select tenant_id, any_value(why) from churn_risk_cards group by 1 order by 1"
    assert open_old.execute(whys).fetchall() == [("acme", "Because old."), ("globex", "Because old.")]
    with duckdb.connect(str(current_bi_file(tmp_path / "published")), read_only=True) as current:
        assert current.execute(whys).fetchall() == [("acme", "Because old."), ("globex", "Because new.")]
    assert len(list((tmp_path / "published").glob("marts-*"))) == 2


def test_bi_on_postgres_reads_views_that_follow_the_pointer(postgres_url: str, tmp_path: Path) -> None:
    warehouse, engine = connect(postgres_url), open_app_database(postgres_url)
    with engine.begin() as connection:
        connection.execute(insert(tenant), {"tenant_id": ACME, "name": ACME, "cell": ACME, "created_at": AS_OF})
    for marker in ("old", "new"):
        fill_marts(warehouse, small_marts(ACME, marker=marker))
        run(warehouse, engine, tmp_path, ACME)
    rows = warehouse.rows("select distinct why from bi.churn_risk_cards")
    assert rows == [{"why": "Because new."}]
    engine.dispose()


def test_a_file_of_an_older_release_hands_over_what_it_has(tmp_path: Path) -> None:
    warehouse = connect(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    with engine.begin() as connection:
        for name in (ACME, GLOBEX):
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF})
    for name in (ACME, GLOBEX):
        fill_marts(warehouse, small_marts(name, marker="old"))
    run(warehouse, engine, tmp_path)
    folder = tmp_path / "published"
    with duckdb.connect(str(current_bi_file(folder))) as older:
        older.execute("drop table card_load_weekly; alter table companies drop column domain")
        older.execute("alter table companies add column industry text")
    fill_marts(warehouse, small_marts(ACME, marker="new"))
    run(warehouse, engine, tmp_path, ACME)
    with duckdb.connect(str(current_bi_file(folder)), read_only=True) as current:
        assert {name for (name,) in current.execute("show tables").fetchall()} == set(BI_MARTS)
        held = current.execute("select tenant_id, count(*), min(company_name) from companies group by 1 order by 1")
        assert held.fetchall() == [("acme", 3, "Company 1"), ("globex", 3, "Company 1")]
        assert "industry" not in [name for name, *_ in current.execute("describe companies").fetchall()]


def test_what_only_bi_reads_follows_its_mart_when_that_changes(postgres_url: str, tmp_path: Path) -> None:
    warehouse, engine = connect(postgres_url), open_app_database(postgres_url)
    day = {"company_id": "1", "trigger_type": "frustrated", "scored_on": AS_OF.date()}
    with engine.begin() as connection:
        for name in (ACME, GLOBEX):
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF})
    for name in (ACME, GLOBEX):
        scores = [day | {"tenant_id": name, "score": 1.5}]
        fill_marts(warehouse, small_marts(name) | {"trigger_scores_daily": scores})
    run(warehouse, engine, tmp_path)
    assert warehouse.rows("select tenant_id, score from bi.trigger_scores_daily order by 1") == [
        {"tenant_id": "acme", "score": 1.5},
        {"tenant_id": "globex", "score": 1.5},
    ]
    # A release later the mart has a column more and one less; globex fails its audit and stays on its old build.
    warehouse.execute("alter table marts.trigger_scores_daily drop column components")
    warehouse.execute("alter table marts.trigger_scores_daily add column unit text")
    warehouse.execute("update marts.trigger_scores_daily set unit = 'points', score = 2")
    warehouse.execute("delete from marts.companies where tenant_id = 'globex'")
    report = run(warehouse, engine, tmp_path)
    assert [held.tenant_id for held in report.held_back] == [GLOBEX]
    rows = warehouse.rows("select tenant_id, score, unit from bi.trigger_scores_daily order by 1")
    assert [tuple(row.values()) for row in rows] == [("acme", 2.0, "points"), ("globex", 1.5, None)]
    # Builds that are collected take their rows along.
    for _ in range(2):
        run(warehouse, engine, tmp_path, ACME)
    held = warehouse.rows("select count(*) as n from published_for_bi.trigger_scores_daily where tenant_id = 'acme'")
    assert held == [{"n": 2}]
    # A mart that the API serves is shown from its serving table, also while there is a copy.
    copies.make_room(engine, {"companies": {"tenant_id": "text", "company_id": "text"}})
    assert {row["tenant_id"] for row in warehouse.rows("select tenant_id from bi.companies")} == {"acme", "globex"}
    # A mart that is gone leaves nothing behind.
    copies.make_room(engine, {})
    assert not warehouse.has_table("bi", "trigger_scores_daily")
    assert not warehouse.has_table("published_for_bi", "trigger_scores_daily")
    with pytest.raises(copies.UnknownColumnType, match="Column tags of mart odd has type json"):
        copies.make_room(engine, {"odd": {"tenant_id": "text", "tags": "JSON"}})
    engine.dispose()
