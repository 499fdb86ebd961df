"""Copies, on Postgres, of the marts that only BI reads.

The API has no use for them, so they are in no migration: each has a table in schema `published_for_bi` whose columns are the mart's
own. It is brought up to date when a build is published, rows are keyed by build like those of the serving tables, and go when
their build goes.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, MetaData, Table, text

from core.appdb.bi import views
from core.errors import Terminal

_KEY = ("tenant_id", "build_id")
_TYPES = {"bigint", "boolean", "date", "double precision", "integer", "text", "timestamp with time zone"}
_DUCKDB_SPELLING = {"varchar": "text", "double": "double precision"}


class UnknownColumnType(Terminal):
    """A mart has a column of a type that no contract uses."""


def make_room(engine: Engine, marts: Mapping[str, Mapping[str, str]]) -> None:
    """Give each of these marts a table with its columns, drop those of all others, and show them in the views.

    What stands in a column that stays is kept: a tenant whose audit fails keeps its old build.

    Args:
        engine: The application database on Postgres.
        marts: The type of each column, by mart and column, as the warehouse spells it.

    Raises:
        UnknownColumnType: There is none like it here.
    """
    wanted = {mart: _spelt(mart, columns) for mart, columns in marts.items()}
    with engine.begin() as connection:
        present = views.copies(connection)
        changed = [mart for mart in {**present, **wanted} if _without_key(present.get(mart)) != wanted.get(mart)]
        if not changed:
            return
        connection.execute(text(f"create schema if not exists {views.COPIES}"))
        for mart in changed:
            views.drop(connection, mart)
            _change(connection, mart, _without_key(present.get(mart)), wanted.get(mart))
        views.put_in_place(connection)


def table_of(connection: Connection, mart: str) -> Table:
    """The table a copy is in, as it is now."""
    return Table(mart, MetaData(schema=views.COPIES), autoload_with=connection, resolve_fks=False)


def _change(
    connection: Connection, mart: str, present: Mapping[str, str] | None, wanted: Mapping[str, str] | None
) -> None:
    name = f"{views.COPIES}.{mart}"
    if wanted is None:
        connection.execute(text(f"drop table {name}"))
        return
    if present is None:
        connection.execute(
            text(
                f"create table {name} (tenant_id varchar(40) not null, build_id varchar(40) not null, "
                "foreign key (tenant_id, build_id) references build (tenant_id, build_id) on delete cascade)"
            )
        )
        connection.execute(text(f"create index on {name} (tenant_id, build_id)"))
        present = {}
    gone = [column for column, kind in present.items() if wanted.get(column) != kind]
    new = {column: kind for column, kind in wanted.items() if present.get(column) != kind}
    for column in gone:
        connection.execute(text(f"alter table {name} drop column {column}"))
    for column, kind in new.items():
        connection.execute(text(f"alter table {name} add column {column} {kind}"))


def _spelt(mart: str, columns: Mapping[str, str]) -> dict[str, str]:
    spelt = {
        name: _DUCKDB_SPELLING.get(kind.lower(), kind.lower()) for name, kind in columns.items() if name not in _KEY
    }
    for name, kind in spelt.items():
        if kind not in _TYPES:
            raise UnknownColumnType(
                f"Column {name} of mart {mart} has type {kind}, which BI's copy cannot have. In the mart's contract, use one of "
                f"{', '.join(sorted(_TYPES))}."
            )
    return spelt


def _without_key(columns: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if columns is None else {name: kind for name, kind in columns.items() if name not in _KEY}
