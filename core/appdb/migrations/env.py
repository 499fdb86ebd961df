"""Runs migrations on the engine handed over by `core.appdb.engine.migrate`; there is no ini file and no second URL."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from core.appdb.tables import metadata

# Any constant: two processes that start together must agree on it, nothing else uses it.
_ADVISORY_LOCK = 5_218_306_911


def run(connection: Connection) -> None:
    """Bring the schema to head in one transaction, while no other process does the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    context.run_migrations()


engine: Engine = context.config.attributes["engine"]
with engine.connect().execution_options(is_writing=True) as migrating, migrating.begin():
    run(migrating)
