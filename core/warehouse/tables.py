"""Tables we own in the warehouse, described once for both engines."""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """The types we use, by a name both engines' DDL is derived from."""

    TEXT = "text"
    INTEGER = "bigint"
    FLOAT = "double precision"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp with time zone"
    DATE = "date"


@dataclass(frozen=True)
class Column:
    """One column."""

    name: str
    type: ColumnType = ColumnType.TEXT
    is_nullable: bool = True


@dataclass(frozen=True)
class TableSpec:
    """One table: where it is, what is in it, what makes a row unique."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Primary key; `tenant_id` comes first."""

    replace_by: tuple[str, ...] = ()
    """Columns naming the set a merge replaces as a whole (a ticket's topics); empty: the key, row by row."""

    @property
    def qualified(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def scope(self) -> tuple[str, ...]:
        """The columns by which a merge deletes before it inserts."""
        return self.replace_by or self.key

    def ddl(self) -> str:
        """`create table if not exists …`, the same text on both engines."""
        columns = ", ".join(
            f"{column.name} {column.type}{'' if column.is_nullable and column.name not in self.key else ' not null'}"
            for column in self.columns
        )
        return f"create table if not exists {self.qualified} ({columns}, primary key ({', '.join(self.key)}))"
