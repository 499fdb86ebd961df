"""Where dbt's nodes stand in the asset graph: key `[schema, name]`, group = schema, a source under the key of who loads it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from core.naming import ENRICHMENT

_PARTS_OF_THE_READING = {"message_texts", "message_evidence", "dead_letters", "label_precision", "evaluations"}


class Translator(DagsterDbtTranslator):
    """Gives every dbt node its asset key and group."""

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_duplicate_source_asset_keys=True)
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`[source, table]` for a source, `[schema, name]` for everything dbt builds."""
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            source = dbt_resource_props["source_name"]
            # One reading writes all its tables in one transaction, so they are one asset.
            is_part = source == ENRICHMENT and name in _PARTS_OF_THE_READING
            return dg.AssetKey([source, "message_sentiment" if is_part else name])
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        schema: str = dbt_resource_props["schema"]
        return schema
