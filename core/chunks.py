"""Long lists in pieces: no database takes any number of parameters."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in their order, `size` at a time; the last piece may be shorter."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
