"""Asking for rows by many ids at once.

The ids travel as one text and are taken apart by the engine: a list handed to DuckDB's driver is looked at value by value
so slowly (0.3 ms each, measured) that looking rows up would cost more than loading them.
"""

from collections.abc import Iterable

AMONG = "in (select unnest(string_to_array(:wanted, chr(10))))"
"""Stands behind a text column in a query; bind `wanted` to `wanted(ids)`."""


def wanted(ids: Iterable[str]) -> str:
    """The text to bind; ids do not contain line breaks, and one that did would be found by nobody."""
    return "\n".join(ids)
