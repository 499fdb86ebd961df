"""The application database on both engines."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

import core.appdb
from core.appdb import metadata, open_app_database
from core.appdb.engine import UnknownDatabase, migrate, open_engine
from core.appdb.mappings import FieldMappings
from core.appdb.tables import PUBLISHED, tenant
from core.appdb.triggers import TriggerSettings
from core.fields import FieldMapping
from core.naming import KEPT_FROM_BI
from core.tenants import tenant_id
from core.vocabulary import MappedField, TriggerType


def row(**values: object) -> dict[str, object]:
    base = {"tenant_id": "acme", "name": "Acme", "cell": "acme", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return base | values


def test_migrations_build_exactly_the_tables(app_database: Engine) -> None:
    with app_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_bi_sees_every_column_that_is_published(postgres_url: str) -> None:
    engine = open_app_database(postgres_url)
    with engine.connect() as connection:
        found = connection.execute(
            text("select table_name, column_name from information_schema.columns where table_schema = 'bi'")
        ).all()
    shown: dict[str, set[str]] = {}
    for view, column in found:
        shown.setdefault(view, set()).add(column)
    assert shown == {
        mart: {column.name for column in table.columns} for mart, table in PUBLISHED.items() if mart not in KEPT_FROM_BI
    }
    engine.dispose()


def move(step: Callable[[Config, str], None], engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(core.appdb.__file__).with_name("migrations")))
    config.attributes["engine"] = engine
    step(config, revision)


def test_mappings_that_stood_in_the_tenant_become_first_versions_and_come_back(app_database_url: str) -> None:
    engine = open_engine(app_database_url)
    move(command.upgrade, engine, "0002")
    old = {"plan_tier": "pro", "currency": "EUR", "mrr_property": "arr", "new_stage_ids": '["0/1"]'}
    old |= {"renewal_property": None, "waiting_stage_ids": "null"}
    columns = row(**old)
    names = ", ".join(columns)
    with engine.begin() as connection:
        values = text(f"insert into tenant ({names}) values ({', '.join(f':{name}' for name in columns)})")
        connection.execute(values, columns)
    migrate(engine)
    kept = {one.mapping.field: one.mapping for one in FieldMappings(engine).history("acme")}
    assert set(kept) == {"mrr", "new_stages"}
    assert (kept[MappedField.MRR].property_name, kept[MappedField.MRR].unit) == ("arr", "month")
    assert kept[MappedField.NEW_STAGES].stage_ids == ("0/1",)
    move(command.downgrade, engine, "0002")
    with engine.connect() as connection:
        [back] = connection.execute(text("select mrr_property, renewal_property from tenant")).all()
    assert tuple(back) == ("arr", None)
    migrate(engine)
    engine.dispose()


def test_the_list_of_fields_grows_and_shrinks_around_what_is_mapped(app_database_url: str) -> None:
    engine = open_app_database(app_database_url)
    with engine.begin() as connection:
        connection.execute(insert(tenant), row())
    kept = FieldMapping(field=MappedField.USAGE, property_name="uses")
    for one in (kept, FieldMapping(field=MappedField.CHURN, property_name="lost_on")):
        FieldMappings(engine).set(tenant_id("acme"), one, author="ada")
    unlisted = (
        "insert into field_mapping (tenant_id, field, version, unit, valid_from_at, author) "
        "values ('acme', {}, 9, {}, '2026-11-01 00:00:00+00:00', 'ada')"
    )

    def refuses(field: str, unit: str) -> None:
        with engine.begin() as connection, pytest.raises(IntegrityError):
            connection.execute(text(unlisted.format(field, unit)))

    refuses("'shoe_size'", "null")
    refuses("'mrr'", "'week'")
    move(command.downgrade, engine, "0011")
    assert FieldMappings(engine).current(tenant_id("acme")) == {MappedField.USAGE: kept}
    refuses("'churn'", "null")
    refuses("'mrr'", "'week'")
    migrate(engine)
    engine.dispose()


def test_values_of_triggers_from_before_there_were_authors_survive_both_ways(app_database_url: str) -> None:
    engine = open_engine(app_database_url)
    move(command.upgrade, engine, "0011")
    columns = "tenant_id, trigger_type, name, version, value, valid_from_at"
    with engine.begin() as connection:
        connection.execute(insert(tenant), row())
        for name, version in (("t_on", 1), ("t_on", 2), ("t_off", 1)):
            connection.execute(
                text(f"insert into trigger_param ({columns}) values ('acme', 'frustrated', :name, :version, 2, :at)"),
                {"name": name, "version": version, "at": datetime(2026, 1, version, tzinfo=UTC)},
            )
    migrate(engine)
    triggers = TriggerSettings(engine)
    assert [(one.name, one.version, one.author) for one in triggers.values_set("acme")] == [
        ("t_off", 1, "settings"),
        ("t_on", 1, "settings"),
        ("t_on", 2, "settings"),
    ]
    triggers.set("acme", TriggerType.FRUSTRATED, "t_off", None, author="ada")
    triggers.set("acme", TriggerType.FRUSTRATED, "t_on", 3, author="ada")
    move(command.downgrade, engine, "0011")
    with engine.connect() as connection:
        kept = connection.execute(text("select name, version, value from trigger_param order by name, version")).all()
    assert [tuple(one) for one in kept] == [("t_on", 1, 2), ("t_on", 2, 2), ("t_on", 3, 3)], (
        "what was taken back is gone"
    )
    migrate(engine)
    engine.dispose()


def test_processes_that_start_together_migrate_once(app_database_url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as processes:
        for started in [processes.submit(migrate_here, app_database_url) for _ in range(3)]:
            started.result()


def migrate_here(url: str) -> None:
    open_app_database(url).dispose()


def test_moments_come_back_in_utc_and_naive_ones_never_get_in(app_database: Engine) -> None:
    berlin = datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    with app_database.begin() as connection:
        connection.execute(insert(tenant), row(created_at=berlin))
        assert connection.scalar(select(tenant.c.created_at)) == datetime(2026, 11, 1, 11, tzinfo=UTC)
    with app_database.begin() as connection, pytest.raises(StatementError, match="no offset"):
        connection.execute(insert(tenant), row(tenant_id="b", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the case


def test_enumerations_are_closed_in_the_database_too(app_database: Engine) -> None:
    with app_database.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(tenant), row(plan_tier="gold"))


def test_a_foreign_database_url_is_refused_with_a_sentence() -> None:
    with pytest.raises(UnknownDatabase, match="mysql"):
        open_engine("mysql://root@localhost/x")


def test_a_writer_waits_for_a_writer_instead_of_failing(tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")

    def add(number: int) -> None:
        with engine.connect().execution_options(is_writing=True) as connection, connection.begin():
            count = len(connection.execute(select(tenant.c.tenant_id)).all())
            connection.execute(insert(tenant), row(tenant_id=f"t{number}", name=str(count)))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert sorted(connection.scalars(select(tenant.c.name))) == [str(n) for n in range(8)]
