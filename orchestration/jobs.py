"""The jobs a person or a schedule launches. Each works in one process: what is distributed is the run of a cell, never a step."""

import dagster as dg

from core.naming import ENRICHMENT, INTERMEDIATE, MARTS, RAW_APP, RAW_HUBSPOT, STAGING

RAW = dg.AssetSelection.groups(RAW_HUBSPOT, RAW_APP)
DECIDED = dg.AssetSelection.groups(RAW_APP)
STAGED = dg.AssetSelection.groups(STAGING)
CANARIES = dg.AssetSelection.groups("canaries")
READ = dg.AssetSelection.groups(ENRICHMENT)
SHADOW = "shadow"
"""Group of what is read beside the readings."""

PUBLISHED = dg.AssetSelection.groups(INTERMEDIATE, MARTS, "publish")

ingest = dg.define_asset_job(
    "ingest",
    selection=RAW | STAGED,
    executor_def=dg.in_process_executor,
    description="Load what changed in one cell's portals and in the application database, and stage it.",
)
enrich = dg.define_asset_job(
    "enrich",
    selection=READ,
    executor_def=dg.in_process_executor,
    description="Read the tickets of one cell, month by month. What was read the same way before costs nothing.",
)
transform = dg.define_asset_job(
    "transform",
    selection=PUBLISHED,
    executor_def=dg.in_process_executor,
    tags={"churnboard/stage": "transform"},
    description="Build and test cards and metrics from what was loaded and read, then audit and publish them.",
)
rescore = dg.define_asset_job(
    "rescore",
    selection=PUBLISHED,
    executor_def=dg.in_process_executor,
    config={"ops": {"dbt_models": {"config": {"is_full": True}}}},
    tags={"churnboard/stage": "transform"},
    description="The same as `transform`, scoring every day of every company anew, whatever has changed since the last time.",
)
shadow = dg.define_asset_job(
    "shadow",
    selection=dg.AssetSelection.groups(SHADOW),
    executor_def=dg.in_process_executor,
    description="Read the tickets of one cell once more, month by month, with a prompt version or a model that is tried out. "
    "Nothing is built on it.",
)
canaries = dg.define_asset_job(
    "canaries",
    selection=CANARIES,
    executor_def=dg.in_process_executor,
    description="Ask the analyzer about tickets whose right reading is known, and compare with the day before.",
)
housekeeping = dg.define_asset_job(
    "housekeeping",
    selection=dg.AssetSelection.groups("housekeeping"),
    executor_def=dg.in_process_executor,
    description="Erase words that are kept no longer, and finish deletions of tenants.",
)
notify = dg.define_asset_job(
    "notify",
    selection=dg.AssetSelection.groups("notifications"),
    executor_def=dg.in_process_executor,
    description="Write the digests that are due, and send what waits to be sent.",
)
