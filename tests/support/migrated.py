"""The newest schema of the application database, made once a process by the real migrations, then copied.

Migrating takes half a second on SQLite and several on Postgres, and two thousand tests begin with it.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core.appdb import engine as engines
from tests.support.databases import THROWN_AWAY, new_name, on_server


@contextmanager
def migrated_by_copying(folder: Path) -> Iterator[None]:
    """Until the block ends, whoever migrates an empty database is given a copy; what holds anything is migrated as ever."""
    really, templates = engines.migrate, _Templates(folder, engines.migrate)

    def migrate(engine: Engine) -> None:
        if not templates.copied_to(engine):
            really(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "migrate", migrate)
        yield
    templates.drop()


class _Templates:
    def __init__(self, folder: Path, migrate: Callable[[Engine], None]) -> None:
        self._file = folder / "template.db"
        self._migrate = migrate
        self._name: str | None = None
        self._copying = threading.Lock()

    def copied_to(self, engine: Engine) -> bool:
        """Whether it was empty, and is a copy now."""
        with self._copying:
            if engine.dialect.name == "sqlite":
                return self._copied_file(engine)
            return (engine.url.database or "").startswith(THROWN_AWAY) and self._copied_database(engine)

    def drop(self) -> None:
        """Leave nothing on the server."""
        if self._name is not None:
            on_server(f"drop database {self._name} with (force)")

    def _copied_file(self, engine: Engine) -> bool:
        path = Path(engine.url.database or "")
        if path.exists() and path.stat().st_size:
            return False
        if not self._file.exists():
            draft = engines.open_engine(f"sqlite:///{self._file.with_suffix('.draft')}")
            self._migrate(draft)
            draft.dispose()
            self._file.with_suffix(".draft").rename(self._file)
        engine.dispose()
        shutil.copyfile(self._file, path)
        return True

    def _copied_database(self, engine: Engine) -> bool:
        with engine.connect() as connection:
            found = inspect(connection)
            if found.get_schema_names() != ["information_schema", "public"] or found.get_table_names():
                return False
        engine.dispose()
        if self._name is None:
            self._name = new_name()
            on_server(f"create database {self._name}")
            self._migrate(create_engine(engine.url.set(database=self._name), poolclass=NullPool))
        try:
            on_server(f"drop database {engine.url.database}")
        except OperationalError:
            # Somebody else is connected to it.
            return False
        on_server(f"create database {engine.url.database} template {self._name}")
        return True
