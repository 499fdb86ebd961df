"""HubSpot's own reading of a ticket's tone: typed columns where the portal's plan has it, null where it has not."""

from pathlib import Path

from core.warehouse import Warehouse
from ingestion.sandbox.catalogue import PropertyDefinition
from ingestion.sandbox.server import running_sandbox
from ingestion.sandbox.world import World
from tests.support.portals import TickingClock, small_portal, sync

TONE, SCORE = "hs_overall_visitor_messages_sentiment", "hs_overall_visitor_messages_sentiment_score"
LAST_TONE, LAST_SCORE = "hs_last_visitor_message_sentiment", "hs_last_visitor_message_sentiment_score"


def test_it_is_loaded_where_there_is_any(warehouse: Warehouse, tmp_path: Path) -> None:
    clock = TickingClock()
    world = World(clock=clock)
    rich, plain = (small_portal(world, slug, tickets=2) for slug in ("rich", "plain"))
    for name, kind in ((TONE, "string"), (LAST_TONE, "string"), (SCORE, "number"), (LAST_SCORE, "number")):
        rich.add_property("tickets", PropertyDefinition(name, name, kind))
    read, unread = rich.ids("tickets")
    for name, value in ((TONE, "NEGATIVE"), (SCORE, "12.5"), (LAST_TONE, "POSITIVE"), (LAST_SCORE, "n/a")):
        rich.set_property("tickets", read, name, value)
    with running_sandbox(world) as sandbox:
        sync([rich, plain], sandbox.base_url, warehouse, tmp_path, now=clock)
    held = {
        (row["tenant_id"], row["id"]): [row[name] for name in (TONE, SCORE, LAST_TONE, LAST_SCORE)]
        for row in warehouse.rows("select * from raw_hubspot.tickets")
    }
    assert held.pop(("rich", read)) == ["NEGATIVE", 12.5, "POSITIVE", None], "what is no number is unknown"
    assert held == {
        key: [None] * 4 for key in [("rich", unread), *(("plain", ticket) for ticket in plain.ids("tickets"))]
    }
