"""Which models a change touches, read out of dbt's manifest: what a build leaves out, nobody has to keep a list of."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

_PARAMS = "int_trigger_params"
_STALE = {"int_stale_days", "int_stale_tickets"}
_NAMED = re.compile(r"'(\w+)'")
_BY_DAY = re.compile(r"params_by_day\(\s*\[([^\]]*)\]\s*(?:,\s*'(\w+)'\s*)?\)")
_NAME = re.compile(r"param_name\s*=\s*'(\w+)'")
_TRIGGER = re.compile(r"trigger_type\s*=\s*'(\w+)'")


def read_lineage(manifest: Path) -> "Lineage":
    """That of a manifest, read once for as long as the file stays the same."""
    return _read(manifest, manifest.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(manifest: Path, _changed_at: int) -> "Lineage":
    return Lineage(manifest)


class Lineage:
    """The models of one manifest, by name.

    Attributes:
        views: Those that hold nothing of their own.
    """

    def __init__(self, manifest: Path) -> None:
        nodes: Mapping[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
        self._names = {key: node["name"] for key, node in nodes.items() if node["resource_type"] in {"model", "seed"}}
        self._code = {self._names[key]: str(nodes[key].get("raw_code") or "") for key in self._names}
        self.views = {name for key, name in self._names.items() if nodes[key]["config"]["materialized"] == "view"}
        self._parents = {
            name: [self._names[parent] for parent in nodes[key]["depends_on"].get("nodes", ()) if parent in self._names]
            for key, name in self._names.items()
        }
        self._children: dict[str, list[str]] = defaultdict(list)
        for name, parents in self._parents.items():
            for parent in parents:
                # They say what is built, not what it is made of; where everything is built, they are empty.
                if parent not in _STALE:
                    self._children[parent].append(name)

    def readers(self, model: str) -> list[str]:
        """The models that read it themselves."""
        return sorted(name for name, parents in self._parents.items() if model in parents)

    def upstream(self, model: str) -> set[str]:
        """A model and every model and seed it is made of."""
        return _reached(model, self._parents)

    def parents(self, models: Iterable[str]) -> set[str]:
        """The models and seeds that these are made of directly, themselves left out."""
        asked = set(models)
        return {parent for one in asked for parent in self._parents.get(one, ())} - asked

    def ordered(self, models: Iterable[str]) -> list[str]:
        """These models so that each comes after those it is made of."""
        asked = set(models)
        sorter = TopologicalSorter({one: asked.intersection(self._parents.get(one, ())) for one in sorted(asked)})
        return list(sorter.static_order())

    @property
    def fingerprint(self) -> str:
        """Changes with the code of any model."""
        return hashlib.sha256(json.dumps(self._code, sort_keys=True).encode()).hexdigest()[:16]

    def downstream(self, model: str) -> set[str]:
        """A model and every one made of it."""
        return _reached(model, self._children)

    def touched_by(self, params: Iterable[tuple[str, str]], *, target: str) -> set[str]:
        """What has to be built again for `target` after these parameters (trigger and name) changed.

        Of the models that read parameters those are left out that name others only, or read those of other triggers only; a model
        that does not name what it reads is taken to read everything.
        """
        changed = list(params)
        touched = {_PARAMS}
        for reader in self._children[_PARAMS]:
            if any(_is_read(self._code[reader], *one) for one in changed):
                touched |= self.downstream(reader)
        return touched & self.upstream(target)


def _is_read(code: str, trigger_type: str, name: str) -> bool:
    by_day = [(set(_NAMED.findall(names)), trigger) for names, trigger in _BY_DAY.findall(code)]
    by_name = set(_NAME.findall(code))
    if not by_day and not by_name:
        return True
    triggers = set(_TRIGGER.findall(code))
    return any(name in names and trigger in {"", trigger_type} for names, trigger in by_day) or (
        name in by_name and (not triggers or trigger_type in triggers)
    )


def _reached(start: str, edges: Mapping[str, Sequence[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
