"""HubSpot's search: a request body becomes a test over property values and an order; pure, no HTTP and no store.

The rules are the documented ones: filters in a group must all hold, one group is enough; strings compare without case;
``IN`` and ``NOT_IN`` on strings match only values given in lower case; enumerations compare with case; datetimes are
given in milliseconds since the epoch; a filter other than NOT_HAS_PROPERTY never matches a record without the property.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingestion.sandbox.catalogue import ObjectKind, PropertyDefinition, kind_of
from ingestion.sandbox.clock import parse_iso, to_millis
from ingestion.sandbox.refusals import invalid

MAX_PAGE = 200
MAX_GROUPS = 5
MAX_FILTERS_IN_GROUP = 6
MAX_FILTERS = 18
MAX_TEXT = 3_000

Properties = Mapping[str, str]
LinkLookup = Callable[[int, str], Iterable[int]]
"""Gives the ids linked to a record, by the linked object type's name."""
Test = Callable[[int, Properties, LinkLookup], bool]
Comparable = float | str

_WORD = re.compile(r"\w+")
_COMPARISONS = frozenset({"LT", "LTE", "GT", "GTE", "EQ", "NEQ", "BETWEEN"})
_MEMBERSHIPS = frozenset({"IN", "NOT_IN"})
_PRESENCES = frozenset({"HAS_PROPERTY", "NOT_HAS_PROPERTY"})
_TOKENS = frozenset({"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"})
_OPERATORS = _COMPARISONS | _MEMBERSHIPS | _PRESENCES | _TOKENS


@dataclass(frozen=True, slots=True)
class Query:
    """A search request, understood.

    Attributes:
        test: Whether a record (id, properties as indexed, link lookup) is found.
        offset: How many found records to skip.
        properties: Names asked for; None when none were.
    """

    test: Test
    sort_property: str
    is_descending: bool
    sort_key: Callable[[str | None], tuple[int, Comparable]]
    limit: int
    offset: int
    properties: list[str] | None


def parse(body: Any, kind: ObjectKind, definitions: Mapping[str, PropertyDefinition], *, wall: int) -> Query:
    """Understand a search body.

    Args:
        body: The decoded JSON.
        kind: The object type searched.
        definitions: The properties that exist, by name.
        wall: Offset plus limit beyond this is refused (10,000 on HubSpot).

    Raises:
        Refusal: 400, for everything HubSpot refuses.
    """
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: the request body must be an object.")
    limit = _integer(body.get("limit", 10), "limit")
    offset = _integer(body.get("after") or 0, "after")
    if not 1 <= limit <= MAX_PAGE:
        raise invalid(f"Invalid limit {limit}: a search page holds 1 to {MAX_PAGE} results.")
    if offset < 0 or offset + limit > wall:
        raise invalid(f"Invalid paging: offset {offset} plus limit {limit} goes beyond {wall} results.")
    groups = _groups(body.get("filterGroups") or [])
    text = body.get("query") or ""
    if len(text) + sum(_text_size(one) for group in groups for one in group) > MAX_TEXT:
        raise invalid(f"The filters and the query together may not exceed {MAX_TEXT} characters.")
    sort_property, is_descending = _sort(body.get("sorts") or [], definitions)
    tests = [[_filter(one, definitions) for one in group] for group in groups]
    properties = body.get("properties")
    return Query(
        test=_combined(tests, _text_test(str(text), kind)),
        sort_property=sort_property,
        is_descending=is_descending,
        sort_key=_sort_key(definitions.get(sort_property)),
        limit=limit,
        offset=offset,
        properties=[str(one) for one in properties] if properties else None,
    )


def _integer(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid {name} {value!r}: a whole number is expected.") from None


def _groups(raw: Any) -> list[list[dict[str, Any]]]:
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise invalid("Invalid filterGroups: a list of objects with filters is expected.")
    groups = [group.get("filters") or [] for group in raw]
    if len(groups) > MAX_GROUPS:
        raise invalid(f"Too many filter groups: {len(groups)}, at most {MAX_GROUPS}.")
    if any(len(group) > MAX_FILTERS_IN_GROUP for group in groups):
        raise invalid(f"Too many filters in a group, at most {MAX_FILTERS_IN_GROUP}.")
    if sum(len(group) for group in groups) > MAX_FILTERS:
        raise invalid(f"Too many filters, at most {MAX_FILTERS} in all groups together.")
    return [list(group) for group in groups]


def _text_size(one: Any) -> int:
    return len(str(one))


def _sort(raw: Any, definitions: Mapping[str, PropertyDefinition]) -> tuple[str, bool]:
    if not isinstance(raw, list):
        raise invalid("Invalid sorts: a list is expected.")
    if len(raw) > 1:
        raise invalid("Only one sort is allowed.")
    if not raw:
        return next(name for name in ("createdate", "hs_createdate") if name in definitions), False
    if isinstance(raw[0], dict):
        name = str(raw[0].get("propertyName", ""))
        is_descending = str(raw[0].get("direction", "ASCENDING")).upper().startswith("DESC")
    else:
        is_descending = str(raw[0]).startswith("-")
        name = str(raw[0]).removeprefix("-")
    if name not in definitions:
        raise invalid(f"There was a problem with the request: property {name!r} to sort by does not exist.")
    return name, is_descending


def _sort_key(definition: PropertyDefinition | None) -> Callable[[str | None], tuple[int, Comparable]]:
    read = _reader(definition)

    def key(value: str | None) -> tuple[int, Comparable]:
        seen = None if value is None else read(value)
        return (1, "") if seen is None else (0, seen)

    return key


def _reader(definition: PropertyDefinition | None) -> Callable[[str], Comparable | None]:
    kind = "string" if definition is None else definition.type
    if kind in {"datetime", "date"}:
        return _stored_moment
    if kind == "number":
        return _stored_number
    return str if kind == "enumeration" else str.lower


def _stored_moment(value: str) -> float | None:
    try:
        return float(to_millis(parse_iso(value)))
    except ValueError:
        return None


def _stored_number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _given_reader(definition: PropertyDefinition) -> Callable[[Any], Comparable]:
    """Reads the value a filter gives, which for dates is not written the way it is stored."""

    def moment(value: Any) -> float:
        if definition.type == "date" and isinstance(value, str) and "-" in value:
            day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
            return float(to_millis(day))
        return float(int(value))

    def read(value: Any) -> Comparable:
        try:
            if definition.type in {"datetime", "date"}:
                return moment(value)
            if definition.type == "number":
                return float(value)
        except (TypeError, ValueError):
            raise invalid(
                f"Invalid filter value {value!r} for property {definition.name!r} of type {definition.type}."
            ) from None
        if value is None:
            raise invalid(f"The filter on property {definition.name!r} needs a value.")
        return str(value) if definition.type == "enumeration" else str(value).lower()

    return read


def _filter(one: Any, definitions: Mapping[str, PropertyDefinition]) -> Test:
    if not isinstance(one, dict) or "propertyName" not in one or "operator" not in one:
        raise invalid("Invalid filter: propertyName and operator are required.")
    name, operator = str(one["propertyName"]), str(one["operator"])
    if operator not in _OPERATORS:
        raise invalid(f"Invalid filter operator {operator!r}.")
    if name.startswith("associations."):
        return _association_filter(name.removeprefix("associations."), operator, one)
    if name not in definitions:
        raise invalid(f"There was a problem with the request: property {name!r} does not exist.")
    value_test = _value_test(operator, one, definitions[name])
    if operator == "NOT_HAS_PROPERTY":
        return lambda _id, properties, _links: name not in properties

    def test(_id: int, properties: Properties, _links: LinkLookup) -> bool:
        value = properties.get(name)
        return value is not None and value_test(value)

    return test


def _value_test(operator: str, one: Mapping[str, Any], definition: PropertyDefinition) -> Callable[[str], bool]:
    if operator in _PRESENCES:
        return lambda _value: True
    if operator in _TOKENS:
        contains = _token_test(str(one.get("value", "")))
        return contains if operator == "CONTAINS_TOKEN" else lambda value: not contains(value)
    if operator in _MEMBERSHIPS:
        return _member_test(operator, one, definition)
    return _order_test(operator, one, definition)


def _order_test(operator: str, one: Mapping[str, Any], definition: PropertyDefinition) -> Callable[[str], bool]:
    given = _given_reader(definition)
    stored = _reader(definition)
    low = given(one.get("value"))
    high = given(one.get("highValue")) if operator == "BETWEEN" else low
    compare: dict[str, Callable[[Any], bool]] = {
        "LT": lambda seen: seen < low,
        "LTE": lambda seen: seen <= low,
        "GT": lambda seen: seen > low,
        "GTE": lambda seen: seen >= low,
        "EQ": lambda seen: seen == low,
        "NEQ": lambda seen: seen != low,
        "BETWEEN": lambda seen: low <= seen <= high,
    }
    holds = compare[operator]
    is_several = definition.field_type == "checkbox" and operator in {"EQ", "NEQ"}

    def test(value: str) -> bool:
        if is_several:
            return (low in value.split(";")) == (operator == "EQ")
        seen = stored(value)
        return seen is not None and holds(seen)

    return test


def _member_test(operator: str, one: Mapping[str, Any], definition: PropertyDefinition) -> Callable[[str], bool]:
    values = one.get("values")
    if not isinstance(values, list) or not values:
        raise invalid(f"The {operator} filter on property {definition.name!r} needs a list of values.")
    stored = _reader(definition)
    is_text = definition.type not in {"datetime", "date", "number", "enumeration"}
    read = _given_reader(definition)
    members = {str(one) if is_text else read(one) for one in values}
    wanted = operator == "IN"

    def test(value: str) -> bool:
        parts = value.split(";") if definition.field_type == "checkbox" else [value]
        return any(stored(part) in members for part in parts) == wanted

    return test


def _token_test(pattern: str) -> Callable[[str], bool]:
    words = [word for word in re.split(r"[^\w*]+", pattern.lower()) if word]
    if not words:
        raise invalid("A token filter needs a value with at least one word.")
    expressions = [re.compile(".*".join(map(re.escape, word.split("*")))) for word in words]

    def test(value: str) -> bool:
        tokens = _WORD.findall(value.lower())
        return all(any(expression.fullmatch(token) for token in tokens) for expression in expressions)

    return test


def _association_filter(spelling: str, operator: str, one: Mapping[str, Any]) -> Test:
    kind = kind_of(spelling)
    if kind is None:
        raise invalid(f"There was a problem with the request: no association to {spelling!r}.")
    if operator in _PRESENCES:
        return lambda record_id, _p, links: bool(list(links(record_id, kind.name))) == (operator == "HAS_PROPERTY")
    if operator not in {"EQ", "IN", "NEQ", "NOT_IN"}:
        raise invalid(f"Operator {operator} is not supported on associations.")
    given = one.get("values") if operator in _MEMBERSHIPS else [one.get("value")]
    wanted = {_integer(value, "association id") for value in given or []}
    positive = operator in {"EQ", "IN"}
    return lambda record_id, _p, links: (not wanted.isdisjoint(links(record_id, kind.name))) == positive


def _text_test(text: str, kind: ObjectKind) -> Test | None:
    words = _WORD.findall(text.lower())
    if not words:
        return None

    def test(_id: int, properties: Properties, _links: LinkLookup) -> bool:
        haystack = " ".join(properties.get(name, "") for name in kind.searchable_properties).lower()
        tokens = set(_WORD.findall(haystack))
        return all(any(token.startswith(word) for token in tokens) for word in words)

    return test


def _combined(groups: list[list[Test]], text_test: Test | None) -> Test:
    def test(record_id: int, properties: Properties, links: LinkLookup) -> bool:
        if text_test is not None and not text_test(record_id, properties, links):
            return False
        return not groups or any(all(one(record_id, properties, links) for one in group) for group in groups)

    return test
