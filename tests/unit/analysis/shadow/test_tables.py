"""A shadow's tables: those of a reading, each row under its shadow, as the naming page says."""

import re
from pathlib import Path

from analysis.shadow.tables import SHADOW_TABLES, SHADOWED, SHADOWS
from analysis.tables import ENRICHMENT_TABLES

PAGE = (Path(__file__).parents[4] / "docs" / "names.md").read_text()


def test_a_shadow_holds_every_column_of_a_reading() -> None:
    by_name = {table.name: table for table in ENRICHMENT_TABLES}
    for name, shadow in SHADOWED.items():
        assert shadow.names[:3] == ("tenant_id", "shadow_id", "repeat_index")
        assert shadow.names[3 : 3 + len(by_name[name].names) - 1] == by_name[name].names[1:]
        assert shadow.key == ("tenant_id", "shadow_id", "repeat_index", *by_name[name].key[1:])
        assert bool(shadow.replace_by) == bool(by_name[name].replace_by)
    assert set(by_name) - set(SHADOWED) == {"message_texts", "ticket_topic_history"}


def test_the_naming_page_lists_them() -> None:
    for table in SHADOW_TABLES:
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{table.name}` |")]
        _, _, key, columns, _ = row.split("|")
        assert tuple(key.strip().split(", ")) == table.key
        named = re.findall(r"`([a-z_]+)`", columns)
        if table is SHADOWS:
            assert tuple(named) == table.names[1:]
        else:
            assert set(table.names[1:3]) <= set(named)
            assert ("pinned_call_key" in named) is ("pinned_call_key" in table.names)
