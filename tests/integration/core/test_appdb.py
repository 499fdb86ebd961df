"""The application database on both engines."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from core.appdb import metadata, open_app_database
from core.appdb.engine import UnknownDatabase, open_engine
from core.appdb.tables import tenant


def row(**values: object) -> dict[str, object]:
    base = {"tenant_id": "acme", "name": "Acme", "cell": "acme", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return base | values


def test_migrations_build_exactly_the_tables(app_database: Engine) -> None:
    with app_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


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
