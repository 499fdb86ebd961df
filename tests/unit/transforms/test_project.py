"""Conventions of the dbt project, most read from its manifest: documented names, one direction, nothing undescribed."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.naming import INTERMEDIATE, MARTS, STAGING
from core.vocabulary import (
    AuditStratum,
    CardChange,
    CardEventType,
    CardOutcome,
    CardStatus,
    ChurnIntent,
    ChurnSource,
    Confidence,
    CorrectedField,
    HiddenReason,
    MappedField,
    MessageDirection,
    MrrSource,
    MrrUnit,
    OwnerSource,
    ParamOrigin,
    ReadingScope,
    Resolution,
    Sentiment,
    SentimentTrend,
    Severity,
    StreamStatus,
    Target,
    TicketStatus,
    TriggerPreset,
    TriggerType,
)
from tests.support.warehouse_fixtures import SOURCE_TABLES
from tests.unit.transforms.conftest import ParsedProject
from transforms import runner

NAMES = Path(__file__).parents[3] / "docs" / "names.md"
LAYERS = [STAGING, INTERMEDIATE, MARTS]
OF_NO_TENANT = {"label_precision", "evaluations", "canary_readings"}
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(parsed_project: ParsedProject) -> Manifest:
    loaded: Manifest = json.loads(parsed_project.manifest.read_text())
    return loaded


def _models(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _tests(manifest: Manifest, name: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node.get("test_metadata", {}).get("name") == name]


def _arguments(test: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = test["test_metadata"]["kwargs"]
    return arguments.get("arguments", arguments) | {"column_name": arguments.get("column_name")}


def _documented(section: str) -> dict[str, list[str]]:
    """Column names by table of one section of docs/names.md, in order; the key's columns that no cell repeats come first."""
    body = re.search(rf"^## {section}\b.*?\n(.*?)(?=^## |\Z)", NAMES.read_text(), re.MULTILINE | re.DOTALL)
    assert body, section
    provenance = re.search(r"Every row says where it came from:(.*?)below: \*provenance\*", body.group(1), re.DOTALL)
    tables: dict[str, list[str]] = {}
    for line in body.group(1).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.fullmatch(r"`(\w+)`", cells[0])
        if not name:
            continue
        # What stands in brackets explains a column and may name other things.
        text = re.sub(r"\([^)]*\)", "", cells[-1])
        columns = re.findall(r"`(\w+)`", text)
        if "*provenance*" in text and provenance:
            columns += re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", provenance.group(1)))
        tables[name.group(1)] = columns
    return tables


def test_marts_have_exactly_the_documented_columns(manifest: Manifest) -> None:
    built = {model["name"]: list(model["columns"]) for model in _models(manifest) if model["schema"] == MARTS}
    assert built == _documented("marts")


@pytest.mark.parametrize("source", ["raw_hubspot", "raw_app", "enrichment"])
def test_sources_have_exactly_the_documented_columns(manifest: Manifest, source: str) -> None:
    declared = {
        node["name"]: set(node["columns"]) for node in manifest["sources"].values() if node["source_name"] == source
    }
    documented = {
        table: {*columns} if table in OF_NO_TENANT else {"tenant_id", *columns}
        for table, columns in _documented(source).items()
    }
    assert declared == documented
    assert declared == {
        t.split(".")[1]: set(columns) for t, columns in SOURCE_TABLES.items() if t.split(".")[0] == source
    }


def test_everything_is_described(manifest: Manifest) -> None:
    described = [*_models(manifest), *manifest["sources"].values(), *manifest["exposures"].values()]
    described += [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    assert [node["name"] for node in described if not node["description"].strip()] == []
    columns = [
        (node["name"], column["name"])
        for node in described
        for column in node.get("columns", {}).values()
        if not column["description"].strip()
    ]
    assert columns == []


def test_tables_say_their_grain_first(manifest: Manifest) -> None:
    grained = [*_models(manifest), *manifest["sources"].values()]
    assert [node["name"] for node in grained if not node["description"].startswith("One row per ")] == []


def test_layers_build_one_way(manifest: Manifest) -> None:
    for model in _models(manifest):
        layer = LAYERS.index(model["schema"])
        for parent_id in model["depends_on"]["nodes"]:
            parent = manifest["nodes"].get(parent_id) or manifest["sources"][parent_id]
            if parent["resource_type"] == "source":
                assert model["schema"] == STAGING, f"{model['name']} reads {parent_id}; only staging reads sources"
            elif parent["resource_type"] == "model":
                assert LAYERS.index(parent["schema"]) <= layer, (
                    f"{model['name']} reads {parent['name']} of a later layer"
                )


def test_staging_is_one_view_per_source(manifest: Manifest) -> None:
    staged = [model for model in _models(manifest) if model["schema"] == STAGING]
    assert all(model["config"]["materialized"] == "view" for model in staged)
    parents = [model["depends_on"]["nodes"] for model in staged]
    assert sorted(parents) == sorted([source] for source in manifest["sources"])
    short = {"raw_hubspot": "hubspot", "raw_app": "app", "enrichment": "enrichment"}
    for model in staged:
        source = manifest["sources"][model["depends_on"]["nodes"][0]]
        assert model["name"] == f"stg_{short[source['source_name']]}__{source['name']}"


def test_every_mart_is_read_by_somebody(manifest: Manifest) -> None:
    read = {parent for exposure in manifest["exposures"].values() for parent in exposure["depends_on"]["nodes"]}
    assert {model["unique_id"] for model in _models(manifest) if model["schema"] == MARTS} == read


def test_accepted_values_are_the_vocabularys(manifest: Manifest) -> None:
    vocabulary = {
        "origin": ParamOrigin,
        "trigger_type": TriggerType,
        "preset": TriggerPreset,
        "severity": Severity,
        "mrr_source": MrrSource,
        "sentiment_trend": SentimentTrend,
        "ticket_status": TicketStatus,
        "sentiment": Sentiment,
        "churn_intent": ChurnIntent,
        "source": ChurnSource,
        "target": Target,
        "resolution": Resolution,
        "status": StreamStatus,
        "field": MappedField,
        "unit": MrrUnit,
        "reading_scope": ReadingScope,
        "confidence": Confidence,
        "direction": MessageDirection,
        "stratum": AuditStratum,
        "type": CardEventType,
        "opened_severity": Severity,
        "change_type": CardChange,
        "outcome": CardOutcome,
        "hidden_reason": HiddenReason,
        "mrr_hidden_reason": HiddenReason,
        "owner_source": OwnerSource,
    }
    tested = {
        (_arguments(test)["column_name"], frozenset(_arguments(test)["values"]))
        for test in _tests(manifest, "accepted_values")
    }
    # Several tables have a column of these names.
    shared = [("field", CorrectedField), ("status", CardStatus)]
    assert tested == {(column, frozenset(words)) for column, words in [*vocabulary.items(), *shared]}


def test_only_as_of_says_now(manifest: Manifest) -> None:
    clock = re.compile(
        r"\b(current_date|current_timestamp|now\(\)|localtimestamp|today\(\)|run_started_at)", re.IGNORECASE
    )
    spoken = {path.name for path in runner.PROJECT_DIR.rglob("*.sql") if clock.search(path.read_text())}
    assert spoken == {"as_of.sql"}
    assert _models(manifest)


def test_dialects_differ_only_in_macros() -> None:
    dialect = re.compile(r"\b(try_cast|json_extract\w*|regexp_\w+|list_\w+|strftime|to_char|epoch)\b|::|~|->")
    jinja = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
    spoken = {}
    for path in (runner.PROJECT_DIR / "models").rglob("*.sql"):
        text = path.read_text()
        assert "target.type" not in text, path
        spoken[path.name] = dialect.findall(jinja.sub("", text))
    assert {name: words for name, words in spoken.items() if words} == {}
    assert spoken


def test_defaults_are_the_documented_ones() -> None:
    with (runner.PROJECT_DIR / "seeds" / "trigger_param_defaults.csv").open() as file:
        defaults = {(row["trigger_type"], row["name"]): float(row["value"]) for row in csv.DictReader(file)}
    assert {trigger for trigger, _ in defaults} == set(TriggerType)
    thresholds = {
        trigger: tuple(defaults[(trigger, name)] for name in ("t_on", "t_notify", "t_off")) for trigger in TriggerType
    }
    assert thresholds == {
        TriggerType.FRUSTRATED: (0.5, 2.5, 0.25),
        TriggerType.SIGNIFICANT_SUPPORT: (1, 3, 1),
        TriggerType.SILENTLY_STRUGGLING: (2, 4, 1),
        TriggerType.TENANT_RULE: (1, 1, 1),
    }


def test_every_default_is_used_and_every_used_one_has_a_default() -> None:
    with (runner.PROJECT_DIR / "seeds" / "trigger_param_defaults.csv").open() as file:
        seeded = {row["name"] for row in csv.DictReader(file)}
    texts = [path.read_text() for path in (runner.PROJECT_DIR / "models").rglob("*.sql")]
    used = {name for text in texts for name in re.findall(r"param_name = '(\w+)'", text)}
    for text in texts:
        for names in re.findall(r"params_by_day\(\[(.*?)\]", text, re.DOTALL):
            used |= set(re.findall(r"'(\w+)'", names))
    assert used == seeded
