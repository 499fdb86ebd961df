"""Runs migrations on the engine handed over by `core.appdb.engine.migrate`; there is no ini file and no second URL."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from core.appdb.bi import views as bi_views
from core.appdb.tables import metadata

# Any constant: two processes that start together must agree on it, nothing else uses it.
_ADVISORY_LOCK = 5_218_306_911


def run(connection: Connection) -> None:
    """Bring the schema where it is asked for in one transaction, while no other process does the same."""
    is_postgres = connection.dialect.name == "postgresql"
    if is_postgres:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=not is_postgres)
    head = context.get_head_revision()
    is_asked_for_head = context.get_revision_argument() == head
    is_moving = not is_asked_for_head or context.get_context().get_current_heads() != (head,)
    if is_postgres and is_moving:
        bi_views.set_aside(connection)
    context.run_migrations()
    if is_postgres and is_moving and is_asked_for_head:
        bi_views.put_in_place(connection)


engine: Engine = context.config.attributes["engine"]
with engine.connect().execution_options(is_writing=True) as migrating, migrating.begin():
    run(migrating)
