"""Real tickets from a file: what becomes of them, and what a bad line says."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from core.errors import Terminal
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS
from ingestion.sandbox.tickets_file import load_tickets_file

GOOD = {
    "id": "x-1",
    "created_at": "2026-03-02T00:00:00Z",
    "company": "Acme",
    "contact": "Ann",
    "subject": "Hi",
    "content": "It is broken.",
    "label_sentiment": "negative",
    "label_topic": "Bugs",
    "meta": {"ignored": True},
}


def written(tmp_path: Path, *lines: dict[str, Any] | str, name: str = "Help Desk_2026.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(b"\n".join(one.encode() if isinstance(one, str) else orjson.dumps(one) for one in lines))
    return path


def test_lines_become_one_portal_with_linked_records_and_labels_only_in_the_truth(tmp_path: Path) -> None:
    older = GOOD | {"id": "x-0", "created_at": "2026-03-01", "label_sentiment": None, "contact": "Bob"}
    world = load_tickets_file(written(tmp_path, GOOD, "", older))
    portal = world.portal("help-desk-2026")
    first, second = portal.ids(TICKETS)
    assert [truth.source_id for truth in world.ticket_truth] == ["x-0", "x-1"]
    assert [truth.sentiment for truth in world.ticket_truth] == [None, "negative"]
    assert (len(portal.ids(COMPANIES)), len(portal.ids(CONTACTS))) == (1, 2)
    assert list(portal.linked_ids(TICKETS, second, COMPANIES).values()) == [True]
    served = portal.properties_of(TICKETS, second)
    assert served["content"] == "It is broken."
    assert portal.properties_of(TICKETS, first)["createdate"] == "2026-03-01T00:00:00.000Z"
    assert "Bugs" not in str(served)
    assert "x-1" not in str(served)


def test_an_outcome_in_the_file_decides_the_stage(tmp_path: Path) -> None:
    closed = GOOD | {"id": 2, "closed_at": "2026-03-05T10:00:00+02:00"}
    still_open = GOOD | {"id": 3, "closed_at": None}
    portal = load_tickets_file(written(tmp_path, GOOD, closed, still_open), tenant_id="t").portal("t")
    stages = [portal.properties_of(TICKETS, one)["hs_pipeline_stage"] for one in portal.ids(TICKETS)]
    dates = [portal.properties_of(TICKETS, one).get("closed_date") for one in portal.ids(TICKETS)]
    assert stages == ["4", "4", "1"]
    assert dates == [None, "2026-03-05T08:00:00.000Z", None]
    with portal.reading() as (stores, _links):
        ways = [
            [stage for stage, _at in record.values_of("hs_pipeline_stage")]
            for record, _p in stores[TICKETS].indexed(portal.now())
        ]
    assert ways == [["4"], ["1", "4"], ["1"]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not json", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ({"created_at": "2026-01-01"}, "line 2: the ticket has no id"),
        ({"id": "y"}, "line 2: the ticket has no create date"),
        ({"id": "y", "created_at": "yesterday"}, "line 2: created_at is 'yesterday', not a date"),
        ({"id": "y", "created_at": 5}, "line 2: created_at is 5, not a date"),
        (GOOD | {"id": "y", "subject": 5}, "line 2: subject is int, not text"),
        (GOOD, "line 2: the id 'x-1' was used in line 1 already"),
    ],
)
def test_a_bad_line_is_named_and_says_what_to_do(tmp_path: Path, line: dict[str, Any] | str, words: str) -> None:
    with pytest.raises(Terminal) as refused:
        load_tickets_file(written(tmp_path, GOOD, line))
    message = str(refused.value)
    assert words in message
    assert any(verb in message for verb in ("Write", "Add", "Give"))


def test_a_missing_or_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Terminal, match="cannot be read"):
        load_tickets_file(tmp_path / "none.jsonl")
    with pytest.raises(Terminal, match="holds no tickets"):
        load_tickets_file(written(tmp_path, ""))
