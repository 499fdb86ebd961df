"""Roles of BI programs on Postgres: each is signed in as, and asked for what it may and may not have."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

import core.appdb
from churnboard import app
from core.appdb import bi, open_app_database
from core.appdb.bi.views import ForeignSchema
from core.appdb.engine import migrate
from core.appdb.tables import PUBLISHED, tenant
from core.naming import BI_MARTS, KEPT_FROM_BI
from core.publishing import publish
from core.tenants import tenant_id
from core.warehouse import Column, TableSpec, connect
from tests.support.databases import throw_away_database
from tests.support.marts import AS_OF, fill_marts, mart_spec, small_marts

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex-2")


@pytest.fixture(scope="module")
def published_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Application database and warehouse in one Postgres database, both tenants published, an older build of acme kept."""
    with throw_away_database() as url:
        _publish_twice(url, tmp_path_factory.mktemp("published"))
        yield url


@pytest.fixture
def owner(published_url: str) -> Iterator[Engine]:
    """A copy of its own for each test: roles leave grants and views behind."""
    with throw_away_database(copied_from=published_url) as url:
        engine = open_app_database(url)
        yield engine
        engine.dispose()


def _publish_twice(url: str, data_dir: Path) -> None:
    engine = open_app_database(url)
    with engine.begin() as connection:
        for name in (ACME, GLOBEX):
            connection.execute(insert(tenant), {"tenant_id": name, "name": name, "cell": name, "created_at": AS_OF})
    warehouse = connect(url)
    for schema, table in (("raw_hubspot", "tickets"), ("enrichment", "message_texts")):
        spec = TableSpec(schema, table, (Column("tenant_id"), Column("text")), key=("tenant_id",))
        warehouse.merge([(spec, [{"tenant_id": ACME, "text": "secret"}])])
    for marker in ("old", "new"):
        for name in (ACME, GLOBEX):
            fill_marts(warehouse, small_marts(name, marker=marker))
        score = {"company_id": "1", "trigger_type": "frustrated", "scored_on": AS_OF.date(), "score": 1.0}
        cost = {"metric_on": AS_OF.date(), "task": "topics", "analyzer": "embedded", "model": "m", "call_count": 1}
        counted = [("trigger_scores_daily", score), ("llm_costs_daily", cost | {"input_tokens": 5_000_000_000})]
        warehouse.merge([(mart_spec(mart), [row | {"tenant_id": ACME}]) for mart, row in counted])
        publish(
            warehouse=warehouse,
            engine=engine,
            tenant_ids=(ACME, GLOBEX),
            data_dir=data_dir,
            max_drop_share=0.5,
            builds_kept=2,
        )
    engine.dispose()


@pytest.fixture
def role(owner: Engine) -> Iterator[str]:
    """A name for a role, dropped afterwards: roles outlive a database."""
    name = f"bi_test_{uuid.uuid4().hex[:10]}"
    yield name
    with owner.begin() as connection:
        if connection.scalar(text("select 1 from pg_roles where rolname = :name"), {"name": name}):
            connection.execute(text(f"drop owned by {name}; drop role {name}"))


def signed_in(owner: Engine, role: str, password: str | None = None) -> Engine:
    return create_engine(make_url(owner.url).set(username=role, password=password))


def tenants_seen(engine: Engine, relation: str) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text(f"select tenant_id from {relation}")))


def refused(engine: Engine, sql: str) -> str:
    with engine.connect() as connection:
        # What the role sets for itself is not what keeps it from writing.
        connection.execute(text("set default_transaction_read_only = off"))
        connection.commit()
        with pytest.raises(DBAPIError) as error:
            connection.execute(text(sql))
    return str(error.value.orig)


FORBIDDEN = [
    "select * from raw_hubspot.tickets",
    "select * from enrichment.message_texts",
    "select * from marts.companies",
    "select * from public.published_companies",
    "select * from public.published_build",
    "select * from published_for_bi.trigger_scores_daily",
    "select * from public.tenant",
    "select * from public.connection",
    "select * from public.card_event",
    "insert into public.published_source_health (tenant_id) values ('acme')",
    "update public.published_build set build_id = 'x'",
    "delete from public.card_event",
    "create view {schema}.mine as select 1",
    "create table public.mine (id int)",
    "create schema mine",
    "set role churnboard_api",
]


@pytest.mark.parametrize("of_tenant", [None, ACME], ids=["every tenant", "one tenant"])
def test_a_reader_sees_every_mart_and_is_refused_all_else(owner: Engine, role: str, of_tenant: str | None) -> None:
    reader = bi.grant(owner, role, tenant_id=of_tenant)
    assert bi.grant(owner, role, tenant_id=of_tenant) == reader
    engine = signed_in(owner, role)
    with engine.connect() as connection:
        for mart in BI_MARTS:
            # Without a schema: the role's search path leads to its views.
            connection.execute(text(f"select * from {mart}"))
    expected = {ACME} if of_tenant else {ACME, GLOBEX}
    assert tenants_seen(engine, "companies") == expected
    assert tenants_seen(engine, "trigger_scores_daily") == {ACME}
    with engine.connect() as connection:
        assert set(connection.scalars(text("select why from churn_risk_cards"))) == {"Because new."}
        assert connection.scalar(text("select max(input_tokens) from llm_costs_daily")) == 5_000_000_000
        assert connection.scalar(text("show default_transaction_read_only")) == "on"
    for sql in FORBIDDEN:
        assert "permission denied" in refused(engine, sql.format(schema=reader.schema)), sql
    for mart in KEPT_FROM_BI:
        assert "does not exist" in refused(engine, f"select * from {reader.schema}.{mart}")
        assert "permission denied" in refused(engine, f"select * from public.published_{mart}")
    for sql in (
        "update {schema}.companies set mrr = 0",
        "delete from {schema}.companies",
        "drop view {schema}.companies",
    ):
        assert re.search("cannot|must be owner", refused(engine, sql.format(schema=reader.schema))), sql
    if of_tenant:
        assert "permission denied" in refused(engine, "select * from bi.companies")
    engine.dispose()


def test_what_was_granted_last_holds_and_can_be_taken_back(owner: Engine, role: str) -> None:
    bi.grant(owner, role)
    bi.grant(owner, role, tenant_id=GLOBEX)
    assert [reader for reader in bi.readers(owner) if reader.role == role] == [bi.BiReader(role, "bi_globex_2", GLOBEX)]
    engine = signed_in(owner, role)
    assert tenants_seen(engine, "companies") == {GLOBEX}
    assert "permission denied" in refused(engine, "select * from bi.companies")
    bi.revoke(owner, role)
    assert "permission denied" in refused(engine, "select * from bi_globex_2.companies")
    engine.dispose()
    with pytest.raises(bi.UnfitRole, match="reads no published builds"):
        bi.revoke(owner, role)


def test_a_reader_outlives_migrations_that_make_views_and_tables_anew(owner: Engine, role: str) -> None:
    bi.grant(owner, role, tenant_id=ACME)
    config = Config()
    config.set_main_option("script_location", str(Path(core.appdb.__file__).with_name("migrations")))
    config.attributes["engine"] = owner
    command.downgrade(config, "0010")
    migrate(owner)
    engine = signed_in(owner, role)
    assert tenants_seen(engine, "card_evidence") == {ACME}
    with engine.connect() as connection:
        for mart, table in PUBLISHED.items():
            if mart in KEPT_FROM_BI:
                continue
            assert set(connection.execute(text(f"select * from {mart}")).keys()) == set(table.columns.keys())
    assert tenants_seen(owner, "bi.companies") == {ACME, GLOBEX}
    engine.dispose()


def test_what_somebody_built_on_a_view_stays(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("create schema reports; create view reports.mine as select * from bi.companies"))
    bi.grant(owner, role := f"bi_test_{uuid.uuid4().hex[:10]}")
    assert tenants_seen(owner, "reports.mine") == {ACME, GLOBEX}
    with owner.begin() as connection:
        connection.execute(text(f"drop owned by {role}; drop role {role}"))


def test_a_password_is_set_and_never_said(
    owner: Engine, role: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("APP_DATABASE_URL", owner.url.render_as_string(hide_password=False))
    monkeypatch.setenv("BI_ROLE_PASSWORD", "correct horse battery")
    result = CliRunner().invoke(app, ["bi", "grant", "--role", role, "--tenant", ACME])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert said == f"{role} reads schema bi_acme, the rows of tenant acme, and signs in with that password."
    assert "horse" not in caplog.text
    stored = "select rolpassword from pg_authid where rolname = :role"
    with owner.connect() as connection:
        first = connection.scalar(text(stored), {"role": role})
    assert first.startswith("SCRAM-SHA-256$")
    monkeypatch.delenv("BI_ROLE_PASSWORD")
    asked = CliRunner().invoke(app, ["bi", "grant", "--role", role, "--password"], input="tapioca\ntapioca\n")
    assert asked.exit_code == 0, asked.output
    assert "tapioca" not in asked.output
    with owner.connect() as connection:
        second = connection.scalar(text(stored), {"role": role})
    assert second != first
    assert CliRunner().invoke(app, ["bi", "grant", "--role", role]).exit_code == 0
    with owner.connect() as connection:
        assert connection.scalar(text(stored), {"role": role}) == second
    listed = CliRunner().invoke(app, ["bi", "readers"])
    assert role in listed.output
    assert CliRunner().invoke(app, ["bi", "revoke", "--role", role]).exit_code == 0


@pytest.mark.parametrize(
    ("preparation", "reason"),
    [
        ("create role {role} superuser", "is a superuser"),
        ("create role {role} createdb", "may make roles or databases"),
        ("create role {role} in role churnboard_api", "is a member of churnboard_api"),
        ("create role {role}; grant select on tenant to {role}", "may read or change tenant"),
        ("create role {role}; grant select (text) on raw_hubspot.tickets to {role}", "may read or change raw_hubspot"),
        ("create role {role}; grant create on schema public to {role}", "may make things in schema public"),
    ],
)
def test_a_role_that_can_do_more_is_refused_and_left_as_it_was(
    owner: Engine, role: str, preparation: str, reason: str
) -> None:
    with owner.begin() as connection:
        connection.execute(text(preparation.format(role=role)))
    with pytest.raises(bi.UnfitRole, match=reason):
        bi.grant(owner, role)
    assert role not in {reader.role for reader in bi.readers(owner)}


@pytest.mark.parametrize("name", ["Quoted", "a b", "pg_reader", "churnboard_api", 'x"; drop table tenant; --', ""])
def test_names_that_are_no_role_of_bi_are_refused(owner: Engine, name: str) -> None:
    with pytest.raises(bi.UnfitRole, match="no name for a role"):
        bi.grant(owner, name)


def test_a_schema_that_is_not_ours_is_left_alone(owner: Engine, role: str) -> None:
    with owner.begin() as connection:
        connection.execute(text("create schema bi_acme; create schema bi_reports"))
    with pytest.raises(ForeignSchema, match="bi_acme"):
        bi.grant(owner, role, tenant_id=ACME)
    bi.grant(owner, role)
    with owner.connect() as connection:
        made = connection.scalar(
            text("select count(*) from information_schema.views where table_schema in ('bi_acme', 'bi_reports')")
        )
    assert made == 0


def test_sqlite_has_no_roles(tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    with pytest.raises(bi.NoBiRoles, match="data/published/CURRENT"):
        bi.grant(engine, "analyst")
    engine.dispose()
