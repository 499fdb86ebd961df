"""Searches that ask for nothing but ranges of whole numbers, recognised, so that a store can answer them from its ids.

Walking a portal by modified date and id is such a search. Takes a request body that was found to be in order; pure.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Ranges = Mapping[str, "Range"]


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from ``low`` to ``high``, both included."""

    low: float = -math.inf
    high: float = math.inf

    def __and__(self, other: "Range") -> "Range":
        """What lies in both."""
        return Range(max(self.low, other.low), min(self.high, other.high))


_RANGES: dict[str, Callable[[float, float], Range]] = {
    "LT": lambda value, _high: Range(high=math.ceil(value) - 1),
    "LTE": lambda value, _high: Range(high=math.floor(value)),
    "GT": lambda value, _high: Range(low=math.floor(value) + 1),
    "GTE": lambda value, _high: Range(low=math.ceil(value)),
    "EQ": lambda value, _high: Range(value, value),
    "BETWEEN": lambda value, high: Range(math.ceil(value), math.floor(high)),
}


def ranges_by_id(body: Mapping[str, Any]) -> dict[str, Range] | None:
    """The ranges a search asks for, by property, where that is all and its order is by ascending id; None otherwise."""
    groups, sorts = body.get("filterGroups") or [], body.get("sorts") or []
    if body.get("query") or len(groups) > 1 or not _is_by_id(sorts):
        return None
    found: dict[str, Range] = {}
    for one in (groups[0].get("filters") or []) if groups else ():
        make = _RANGES.get(one["operator"])
        if make is None:
            return None
        try:
            wanted = make(float(one["value"]), float(one.get("highValue") or 0))
        except (TypeError, ValueError):
            return None
        found[one["propertyName"]] = found.get(one["propertyName"], Range()) & wanted
    return found


def _is_by_id(sorts: Any) -> bool:
    if len(sorts) != 1:
        return False
    first = sorts[0]
    if isinstance(first, dict):
        is_ascending = not str(first.get("direction", "")).upper().startswith("DESC")
        return first.get("propertyName") == "hs_object_id" and is_ascending
    return bool(first == "hs_object_id")
