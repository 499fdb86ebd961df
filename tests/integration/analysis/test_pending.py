"""Which months a nightly run looks at."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analysis import ensure_enrichment_tables, pending_months
from analysis.tables import TICKET_TEXTS
from analysis.tickets import NothingStaged
from core.tenants import TenantId
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

ACME = TenantId("acme")
LOADED = datetime(2026, 11, 1, tzinfo=UTC)
STAGED = TableSpec(
    "staging",
    "stg_hubspot__tickets",
    (
        Column("tenant_id"),
        Column("ticket_id"),
        Column("subject"),
        Column("content"),
        Column("created_at", ColumnType.TIMESTAMP),
        Column("loaded_at", ColumnType.TIMESTAMP),
    ),
    ("tenant_id", "ticket_id"),
)


def ticket(ticket_id: str, created_at: datetime, **values: object) -> dict[str, object]:
    base = {"tenant_id": ACME, "ticket_id": ticket_id, "subject": "Help", "content": "It broke.", "loaded_at": LOADED}
    return base | {"created_at": created_at} | values


def text(ticket_id: str, read_at: datetime) -> dict[str, object]:
    return {
        "tenant_id": ACME,
        "ticket_id": ticket_id,
        "text": "x",
        "input_hash": "h",
        "is_truncated": False,
        "read_at": read_at,
    }


def test_months_of_new_and_changed_tickets_are_pending_and_others_are_not(warehouse: Warehouse) -> None:
    with pytest.raises(NothingStaged, match="ingest"):
        pending_months(warehouse, [ACME])
    ensure_enrichment_tables(warehouse)
    later, earlier = LOADED + timedelta(hours=1), LOADED - timedelta(hours=1)
    warehouse.merge(
        [
            (
                STAGED,
                [
                    ticket("read", datetime(2026, 1, 5, tzinfo=UTC)),
                    ticket("changed", datetime(2026, 3, 5, tzinfo=UTC)),
                    ticket("new", datetime(2026, 5, 31, 23, tzinfo=UTC)),
                    ticket("silent", datetime(2026, 9, 1, tzinfo=UTC), subject=None, content=None),
                    ticket("foreign", datetime(2026, 10, 1, tzinfo=UTC), tenant_id="globex"),
                ],
            ),
            (TICKET_TEXTS, [text("read", later), text("changed", earlier)]),
        ]
    )
    assert pending_months(warehouse, [ACME]) == (date(2026, 3, 5), date(2026, 5, 31))
    warehouse.merge([(TICKET_TEXTS, [text("changed", later), text("new", later)])])
    assert pending_months(warehouse, [ACME]) is None
    assert pending_months(warehouse, []) is None


def test_a_ticket_whose_words_were_erased_is_never_pending_again(warehouse: Warehouse) -> None:
    ensure_enrichment_tables(warehouse)
    erased = text("erased", LOADED - timedelta(hours=1)) | {"text": None}
    changed = ticket("erased", datetime(2026, 1, 5, tzinfo=UTC), subject=None, content=None)
    warehouse.merge([(STAGED, [changed]), (TICKET_TEXTS, [erased])])
    assert pending_months(warehouse, [ACME]) is None
