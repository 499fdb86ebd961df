"""What every mart and intermediate model owes its readers, read from the manifest; each objection says what to do about it."""

import copy
import json
from typing import Any

import pytest

from core.naming import BI_ONLY_MARTS, INTERMEDIATE, KEPT_FROM_BI, MARTS, PUBLISHED_MARTS
from tests.unit.transforms.conftest import ParsedProject

FOR_BI = "exposure.churnboard.business_intelligence"
# The types that BI's copies on Postgres, the published file and the tests' hand-made marts know.
TYPES = {"text", "bigint", "integer", "double precision", "boolean", "date", "timestamp with time zone"}
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(parsed_project: ParsedProject) -> Manifest:
    loaded: Manifest = json.loads(parsed_project.manifest.read_text())
    return loaded


def of_schema(manifest: Manifest, schema: str) -> list[dict[str, Any]]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["schema"] == schema]


def objections(manifest: Manifest) -> list[str]:
    """Every promise a mart or an intermediate model does not keep, as a sentence."""
    keyed = {test["attached_node"] for test in manifest["nodes"].values() if "tenant_id" in _key_tested_by(test)}
    return [
        *(one for mart in of_schema(manifest, MARTS) for one in _of_mart(manifest, mart, keyed)),
        *(
            f"{model['name']} does not say its grain: begin its description with 'One row per …'."
            for model in of_schema(manifest, INTERMEDIATE)
            if not model["description"].startswith("One row per ")
        ),
    ]


def _key_tested_by(node: dict[str, Any]) -> list[str]:
    test = node.get("test_metadata") or {}
    if test.get("name") != "unique_key":
        return []
    columns: list[str] = test["kwargs"].get("arguments", test["kwargs"])["columns"]
    return columns


def _of_mart(manifest: Manifest, mart: dict[str, Any], keyed: set[str]) -> list[str]:
    name, columns = mart["name"], mart["columns"]
    page = f"transforms/models/marts/{name}.yml"
    read = manifest["exposures"][FOR_BI]["depends_on"]["nodes"]
    promises = {
        "does not enforce its contract: leave `contract` to dbt_project.yml": mart["config"]["contract"]["enforced"],
        f"does not say its grain: begin its description in {page} with 'One row per …'": mart["description"].startswith(
            "One row per "
        ),
        f"has no columns: list them in {page}": bool(columns),
        f"does not have tenant_id first: put it first in {page} and in the select": list(columns)[:1] == ["tenant_id"],
        f"has no tested key: add the data test unique_key, tenant_id in it, to {page}": mart["unique_id"] in keyed,
        "is in no exposure of BI, or in one and kept from it: see business_intelligence in transforms/models/marts/exposures.yml": (
            (mart["unique_id"] in read) is (name not in KEPT_FROM_BI)
        ),
        "reaches no BI program: add it to BI_ONLY_MARTS in core/naming.py, or, where the API serves it, to PUBLISHED_MARTS with "
        "a table in core/appdb/tables.py and a migration": name in {*PUBLISHED_MARTS, *BI_ONLY_MARTS},
    }
    for column, described in columns.items():
        promises[f"has a column {column} without a description: write one in {page}"] = bool(
            described["description"].strip()
        )
        promises[f"has a column {column} of type {described['data_type']}: use one of {', '.join(sorted(TYPES))}"] = (
            described["data_type"] in TYPES
        )
    return [f"{name} {objection}." for objection, is_kept in promises.items() if not is_kept]


def test_every_mart_keeps_its_promises(manifest: Manifest) -> None:
    assert objections(manifest) == []


def test_every_mart_that_is_named_is_built(manifest: Manifest) -> None:
    built = {model["name"] for model in of_schema(manifest, MARTS)}
    named = [*PUBLISHED_MARTS, *BI_ONLY_MARTS]
    assert set(named) - built == set()
    assert sorted(named) == sorted(set(named)), "each mart is named once, in one of the two lists"


@pytest.mark.parametrize(
    ("path", "value", "objection"),
    [
        (("config", "contract", "enforced"), False, "does not enforce its contract"),
        (("description",), "All companies.", "does not say its grain"),
        (("columns",), {}, "has no columns"),
        (("columns", "mrr", "description"), " ", "a column mrr without a description"),
        (("columns", "mrr", "data_type"), "numeric", "a column mrr of type numeric"),
        (("name",), "renamed", "reaches no BI program"),
        (("unique_id",), "model.churnboard.new", "is in no exposure of BI"),
        (("unique_id",), "model.churnboard.new", "has no tested key"),
    ],
)
def test_a_promise_that_is_broken_is_named(
    manifest: Manifest, path: tuple[str, ...], value: object, objection: str
) -> None:
    broken = copy.deepcopy(manifest)
    place = broken["nodes"]["model.churnboard.companies"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert any(objection in one for one in objections(broken)), objections(broken)
