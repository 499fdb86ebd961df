"""A mapping whose values are made when they are asked for, so that a million of them need no room.

Knows nothing of HubSpot. What is made is not kept: whoever changes a value puts it back, and from then on it is kept.
"""

from collections.abc import Callable, Iterator, KeysView
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Made(dict[int, V], Generic[V]):
    """Values by number: those kept here, and for every other number what ``make`` makes of it.

    Args:
        make: Gives the value of a number; None where there is none.
    """

    def __init__(self, make: Callable[[int], V | None]) -> None:
        super().__init__()
        self._make = make
        self._gone: set[int] = set()

    def __missing__(self, key: int) -> V:
        """Make the value.

        Raises:
            KeyError: There is none, or it was deleted.
        """
        made = None if key in self._gone else self._make(key)
        if made is None:
            raise KeyError(key)
        return made

    def get(self, key: int, default: Any = None) -> Any:
        """The value, kept or made."""
        try:
            return self[key]
        except KeyError:
            return default

    def setdefault(self, key: int, default: V) -> V:
        """The value, which is kept from now on."""
        if not super().__contains__(key):
            self[key] = self.get(key, default)
        return self[key]

    def __delitem__(self, key: int) -> None:
        """Let there be no value, however it came about."""
        super().pop(key, None)
        self._gone.add(key)

    def kept(self) -> KeysView[int]:
        """Numbers whose values were put here."""
        return self.keys()

    def departed(self) -> Iterator[int]:
        """Numbers whose values were made once and are no more."""
        return iter(self._gone - self.keys())
