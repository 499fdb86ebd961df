"""Requests made up from the description of the API: any operation, with values that somebody who wants in would try.

Most of the time they keep to what the description says of a parameter or a body, so that they reach the code behind the checks; the
values come from a hoard of what belongs to somebody else. The same seed makes the same requests.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

Operation = tuple[str, str, Mapping[str, Any]]
"""Method, path and description."""

_NASTY = ("", "%", "_", "' or '1'='1", "../beta", "*", "null", "-1", "0", "2026-01-31", "\u202e", "x" * 300)


@dataclass
class Hoard:
    """What was found of somebody else's.

    Attributes:
        ids: By the name of a column or parameter, values of it.
        texts: Words and parts of words, for filters and searches.
        cursors: By path.
        etags: All that were seen.
    """

    ids: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    cursors: dict[str, list[str]] = field(default_factory=dict)
    etags: list[str] = field(default_factory=list)

    def any_id(self, name: str, chance: random.Random) -> str:
        """One that goes by that name, or at times by another."""
        named = self.ids.get(name, [])
        if named and chance.random() < 0.9:
            return chance.choice(named)
        return chance.choice(chance.choice(list(self.ids.values())))


@dataclass(frozen=True)
class Made:
    """A request that is to be sent."""

    operation_id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @property
    def said(self) -> str:
        """Everything it says itself, as it may come back in an answer."""
        return f"{self.url}\n{unquote_plus(self.url)}\n{json.dumps(self.body)}\n{self.headers}"


class Maker:
    """Makes requests."""

    def __init__(self, document: Mapping[str, Any], chance: random.Random, own: Hoard, foreign: Hoard) -> None:
        self._document = document
        self._chance = chance
        self._own = own
        self._foreign = foreign

    def make(self, operation: Operation, headers: Mapping[str, str]) -> Made:
        """A request for an operation; `headers` say who asks."""
        method, path, described = operation
        url, query = path, list[tuple[str, str]]()
        for parameter in described.get("parameters", ()):
            name, schema = parameter["name"], parameter.get("schema", {})
            if parameter["in"] == "path":
                url = url.replace(f"{{{name}}}", quote(self._id(name), safe=""))
            elif parameter["in"] == "query" and self._chance.random() < 0.45:
                query += [(name, self._parameter(path, name, schema)) for _ in range(self._chance.choice((1, 1, 2)))]
        if self._chance.random() < 0.03:
            query.append(("tenant_id", "beta"))
        sent = dict(headers)
        if self._chance.random() < 0.4 and self._foreign.etags:
            sent["If-None-Match"] = self._chance.choice(self._foreign.etags)
        if self._chance.random() < 0.05:
            sent["X-Tenant-Id"] = "beta"
        content = described.get("requestBody", {}).get("content", {}).get("application/json")
        body = self._value(content["schema"], "") if content else None
        if isinstance(body, dict) and self._chance.random() < 0.03:
            body["tenant_id"] = "beta"
        return Made(described["operationId"], method, f"{url}?{urlencode(query)}" if query else url, sent, body)

    def _id(self, name: str) -> str:
        hoard = self._own if self._chance.random() < 0.12 and self._own.ids.get(name) else self._foreign
        return hoard.any_id(name, self._chance)

    def _parameter(self, path: str, name: str, schema: Mapping[str, Any]) -> str:
        if name == "cursor":
            seen: Sequence[str] = self._foreign.cursors.get(path) or [
                c for cs in self._foreign.cursors.values() for c in cs
            ]
            return self._chance.choice(seen) if seen else "x"
        if self._chance.random() < 0.1:
            return self._chance.choice(_NASTY)
        value = self._value(schema, name, words=(*self._foreign.texts, self._id(name)))
        if isinstance(value, list):
            value = value[0] if value else ""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _value(self, schema: Mapping[str, Any], name: str, words: Sequence[str] = ()) -> Any:
        """Something that fits a schema."""
        if "$ref" in schema:
            known: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                known = known[step]
            return self._value(known, name, words)
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self._value(self._chance.choice(choices), name, words)
        if listed := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
            return self._chance.choice(listed)
        if schema.get("type") == "object":
            needed = schema.get("required", ())
            fields = schema.get("properties", {})
            return {
                key: self._value(fields[key], key) for key in fields if key in needed or self._chance.random() < 0.5
            }
        if schema.get("type") == "array":
            return [self._value(schema.get("items", {}), name, words) for _ in range(self._chance.randint(0, 2))]
        return self._simple(schema, name, words)

    def _simple(self, schema: Mapping[str, Any], name: str, words: Sequence[str]) -> Any:
        if schema.get("type") in {"integer", "number"}:
            return int(schema.get("minimum", 0)) + self._chance.randint(0, 30)
        if schema.get("type") in {"boolean", "null"}:
            return self._chance.random() < 0.5 if schema["type"] == "boolean" else None
        if schema.get("format") in {"date", "date-time"}:
            return "2026-12-31" if schema["format"] == "date" else "2099-12-31T00:00:00Z"
        if "@" in schema.get("pattern", ""):
            return self._foreign.any_id("email", self._chance)
        return self._chance.choice(words) if words else self._foreign.any_id(name, self._chance)
