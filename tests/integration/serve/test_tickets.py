"""Tickets behind the figures: which, in which order, and as a file."""

import csv
import io
from datetime import date, timedelta

import pytest

from serve.forms import cell
from tests.integration.serve.conftest import NewTenant
from tests.support.api import Api
from tests.support.published import AS_OF, company, label, ticket


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["5001", "5002", "5003"]),
        ("?from=2026-03-29", ["5001", "5002"]),
        ("?to=2026-03-29", ["5002", "5003"]),
        ("?topic=data", ["5002"]),
        ("?topic=unread", ["5003"]),
        ("?negative=true", ["5001"]),
        ("?negative=false", ["5002"]),
        ("?sentiment=negative&sentiment=positive", ["5001", "5002"]),
        ("?company=1002", ["5002"]),
        ("?ticket=5003&ticket=5001&ticket=x", ["5001", "5003"]),
        ("?q=PART 1", ["5001"]),
        ("?q=company 0002", ["5002"]),
        ("?owner=9", ["5001", "5002"]),
        ("?mrr_band=unknown", ["5002"]),
    ],
)
def test_filters_narrow_the_list(api: Api, query: str, ids: list[str]) -> None:
    body = api.get(f"/tickets{query}", "acme").json()
    assert [item["ticket_id"] for item in body["items"]] == ids
    assert (body["total"], body["next_cursor"]) == (len(ids), None)


def test_a_ticket_says_what_it_is_about_and_which_cards_quote_it(api: Api) -> None:
    first, second, third = api.get("/tickets", "acme").json()["items"]
    assert (first["company_name"], first["topics"], first["subject"]) == (
        "Company 0001",
        ["billing"],
        "Export fails, part 1",
    )
    assert first["card_ids"] == ["00000000-0000-5000-8000-000000000001"]
    assert (second["topics"], second["card_ids"]) == (["export"], ["00000000-0000-5000-8000-000000000002"])
    assert (third["topics"], third["company_name"], third["card_ids"]) == (["unread"], None, [])


@pytest.mark.parametrize("query", ["?from=20260101", "?limit=0", "?negative=maybe", "?sentiment=angry", "?order=old"])
def test_questions_that_make_no_sense_are_refused(api: Api, query: str) -> None:
    assert api.get(f"/tickets{query}", "acme").status_code == 422


def test_pages_and_file_hold_every_ticket_once(tenant: NewTenant) -> None:
    # More than one piece of a file, and many at the same moment.
    tickets = [
        ticket(number, created_at=AS_OF - timedelta(hours=number // 7), created_on=date(2026, 3, 30), company_id="1001")
        for number in range(5101)
    ]
    tickets[7] |= {"subject": '=HYPERLINK("http://x";"y"), Öl'}
    tenant.publish(companies=[company(1)], tickets=tickets, labels=[label(one, "billing") for one in tickets])
    seen, cursor = [], ""
    while cursor is not None:
        body = tenant.get(f"/tickets?limit=200&cursor={cursor}").json()
        seen += body["items"]
        cursor = body["next_cursor"]
        assert body["total"] == 5101
    assert len({item["ticket_id"] for item in seen}) == len(seen) == 5101
    assert [item["created_at"] for item in seen] == sorted((item["created_at"] for item in seen), reverse=True)
    answer = tenant.get("/tickets?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert rows == [{name: cell(value) for name, value in item.items()} for item in seen]
    assert "'=HYPERLINK" in {row["subject"][:11] for row in rows}


def test_a_cursor_of_another_list_or_with_nonsense_is_refused(api: Api) -> None:
    cursor = api.get("/tickets?limit=1", "acme").json()["next_cursor"]
    assert api.get(f"/tickets?limit=1&cursor={cursor}", "acme").json()["items"][0]["ticket_id"] == "5002"
    assert api.get(f"/tickets?limit=1&topic=data&cursor={cursor}", "acme").json()["error"] == "InvalidCursor"
    assert api.get(f"/cards?cursor={cursor}", "acme").json()["error"] == "InvalidCursor"
