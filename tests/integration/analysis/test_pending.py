"""Which months a nightly run looks at."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analysis import ensure_enrichment_tables, pending_months
from analysis.tables import MESSAGE_TEXTS
from analysis.tickets import NothingStaged
from core.tenants import TenantId
from core.warehouse import Warehouse
from tests.support.tickets import STAGED_TICKET_EMAILS, email, stage

ACME = TenantId("acme")
LOADED = datetime(2026, 11, 1, tzinfo=UTC)


def ticket(ticket_id: str, created_at: datetime, **values: object) -> dict[str, object]:
    base = {"tenant_id": ACME, "ticket_id": ticket_id, "subject": "Help", "content": "It broke.", "loaded_at": LOADED}
    return base | {"created_at": created_at} | values


def text(ticket_id: str, read_at: datetime, message_id: str = "opening") -> dict[str, object]:
    return {
        "tenant_id": ACME,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "text": "x",
        "input_hash": "h",
        "is_truncated": False,
        "is_repeated": False,
        "read_at": read_at,
    }


def test_months_of_new_and_changed_tickets_are_pending_and_others_are_not(warehouse: Warehouse) -> None:
    with pytest.raises(NothingStaged, match="ingest"):
        pending_months(warehouse, [ACME])
    ensure_enrichment_tables(warehouse)
    later, earlier = LOADED + timedelta(hours=1), LOADED - timedelta(hours=1)
    stage(
        warehouse,
        [
            ticket("read", datetime(2026, 1, 5, tzinfo=UTC)),
            ticket("changed", datetime(2026, 3, 5, tzinfo=UTC)),
            ticket("new", datetime(2026, 5, 31, 23, tzinfo=UTC)),
            ticket("silent", datetime(2026, 9, 1, tzinfo=UTC), subject=None, content=None),
            ticket("foreign", datetime(2026, 10, 1, tzinfo=UTC), tenant_id="globex"),
        ],
    )
    warehouse.merge([(MESSAGE_TEXTS, [text("read", later), text("changed", earlier)])])
    assert pending_months(warehouse, [ACME]) == (date(2026, 3, 5), date(2026, 5, 31))
    warehouse.merge([(MESSAGE_TEXTS, [text("changed", later), text("new", later)])])
    assert pending_months(warehouse, [ACME]) is None
    assert pending_months(warehouse, []) is None


def test_emails_that_are_not_staged_yet_are_not_taken_for_none(warehouse: Warehouse) -> None:
    ensure_enrichment_tables(warehouse)
    stage(warehouse, [])
    assert pending_months(warehouse, [ACME]) is None
    warehouse.execute(f"drop table {STAGED_TICKET_EMAILS.qualified}")
    with pytest.raises(NothingStaged, match="stg_hubspot__ticket_emails"):
        pending_months(warehouse, [ACME])


def test_a_ticket_whose_words_were_erased_is_never_pending_again(warehouse: Warehouse) -> None:
    ensure_enrichment_tables(warehouse)
    erased = text("erased", LOADED - timedelta(hours=1)) | {"text": None}
    changed = ticket("erased", datetime(2026, 1, 5, tzinfo=UTC), subject=None, content=None)
    stage(warehouse, [changed])
    warehouse.merge([(MESSAGE_TEXTS, [erased])])
    assert pending_months(warehouse, [ACME]) is None


def test_a_new_message_makes_the_month_of_its_ticket_pending_though_the_ticket_did_not_change(
    warehouse: Warehouse,
) -> None:
    ensure_enrichment_tables(warehouse)
    later = LOADED + timedelta(hours=1)
    old = ticket("old", datetime(2026, 2, 3, tzinfo=UTC))
    unread = [
        email("old", "2", "We sent this.", direction="outbound", loaded_at=later),
        email("old", "3", "I am away.", is_automated=True, loaded_at=later),
        email("old", "4", "Never mind.", is_archived=True, loaded_at=later),
        email("old", "5", None, loaded_at=later),
        email("gone", "6", "Nobody knows the ticket.", loaded_at=later),
    ]
    stage(warehouse, [old], emails=unread)
    warehouse.merge([(MESSAGE_TEXTS, [text("old", later)])])
    assert pending_months(warehouse, [ACME]) is None
    stage(warehouse, [], emails=[email("old", "7", "It still fails.", loaded_at=LOADED)])
    assert pending_months(warehouse, [ACME]) == (date(2026, 2, 3), date(2026, 2, 3))
    warehouse.merge([(MESSAGE_TEXTS, [text("old", later, "emails/7")])])
    assert pending_months(warehouse, [ACME]) is None
    stage(warehouse, [], emails=[email("old", "7", "It fails again.", loaded_at=later + timedelta(hours=1))])
    assert pending_months(warehouse, [ACME]) == (date(2026, 2, 3), date(2026, 2, 3))
