"""What must hold before traffic is sent here: the database answers, its schema is ours, and on Postgres nothing is open to all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

import core.appdb
from core.appdb.tasks import TaskQueue
from core.logging import get_logger

_log = get_logger(__name__)


def waiting_tasks(engine: Engine) -> Callable[[], tuple[int, timedelta]]:
    """Tells how many tasks of all tenants nobody has begun, and how long the first has waited: counts, and never a row."""
    return TaskQueue(engine).waiting


_OPEN_RELATIONS = text(
    """
    select relation.oid::regclass::text
    from pg_class as relation
    join pg_namespace as space on space.oid = relation.relnamespace
    where space.nspname not in ('pg_catalog', 'information_schema') and space.nspname not like 'pg\\_%'
      and relation.relkind in ('r', 'p', 'v', 'm', 'f')
      and has_table_privilege('churnboard_api', relation.oid, 'select')
      and case
            when relation.relkind in ('r', 'p') then not relation.relrowsecurity
            when relation.relkind = 'v' then not coalesce('security_invoker=true' = any(relation.reloptions), false)
            else true
          end
    order by 1
    """
)
"""Relations the API's role may read without row-level security standing in between."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """How one check came out."""

    name: str
    is_ok: bool
    detail: str


class Readiness:
    """Runs the checks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        migrations = Path(core.appdb.__file__).with_name("migrations")
        self._head = ScriptDirectory(str(migrations)).get_current_head()

    def checks(self) -> list[Check]:
        """Every check that applies; once the database does not answer, that is the only one."""
        try:
            with self._engine.connect() as connection:
                return [
                    Check(name="database", is_ok=True, detail="The application database answers."),
                    *(check(connection) for check in self._checks()),
                ]
        except SQLAlchemyError as error:
            # The driver's message names host and user; it belongs in the log, not in an answer to a stranger.
            _log.warning("serve.not_ready", reason=str(error))
            detail = "The application database does not answer: look at APP_DATABASE_URL and at the server it names."
            return [Check(name="database", is_ok=False, detail=detail)]

    def _checks(self) -> list[Callable[[Connection], Check]]:
        if self._engine.dialect.name == "postgresql":
            return [self._schema, self._row_level_security]
        return [self._schema]

    def _schema(self, connection: Connection) -> Check:
        found = MigrationContext.configure(connection).get_current_revision()
        if found == self._head:
            return Check(name="schema", is_ok=True, detail=f"The schema is at version {found}.")
        detail = (
            f"The schema is at version {found or 'none'}, this program needs {self._head}: run the migrations first."
        )
        return Check(name="schema", is_ok=False, detail=detail)

    @staticmethod
    def _row_level_security(connection: Connection) -> Check:
        role = connection.scalar(text("select 1 from pg_roles where rolname = 'churnboard_api'"))
        open_to_all = connection.scalars(_OPEN_RELATIONS).all() if role else []
        if role and not open_to_all:
            detail = "Every relation the API may read is under row-level security."
            return Check(name="row_level_security", is_ok=True, detail=detail)
        detail = (
            f"{len(open_to_all)} relations can be read without row-level security: revoke them from churnboard_api."
            if role
            else "The role churnboard_api does not exist: run the migrations first."
        )
        _log.error("serve.row_level_security", open_relations=list(open_to_all))
        return Check(name="row_level_security", is_ok=False, detail=detail)
