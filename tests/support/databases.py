"""Postgres databases that live as long as a block."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

THROWN_AWAY = "churnboard_test_"
"""What the names of databases begin with that live as long as a block."""


@contextmanager
def throw_away_database(*, copied_from: str | None = None) -> Iterator[str]:
    """The URL of a new database, dropped afterwards; skips the test where there is no server to make it on.

    Args:
        copied_from: The URL of a database nobody is connected to; without it, the new one is empty.
    """
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("TEST_POSTGRES_URL is not set: no Postgres to test against")
    name = new_name()
    template = f" template {make_url(copied_from).database}" if copied_from else ""
    on_server(f"create database {name}{template}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        on_server(f"drop database {name} with (force)")


def new_name() -> str:
    """Of a database that is dropped again."""
    return f"{THROWN_AWAY}{uuid.uuid4().hex[:12]}"


def on_server(*statements: str) -> None:
    """Make or drop databases, each on its own: neither may stand in a transaction."""
    admin = create_engine(os.environ["TEST_POSTGRES_URL"], isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
