"""Threads: the messages of a card's tickets, in order and in pages."""

from datetime import UTC, datetime

from core.appdb.engine import writing
from core.appdb.tables import card_alias
from core.vocabulary import CardStatus
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.published import AS_OF, card, card_ticket, change, message


def path(row: dict, ticket_id: str = "5001") -> str:
    return f"/cards/{row['card_id']}/tickets/{ticket_id}/messages"


def test_a_thread_comes_in_order_and_its_quotes_stand_in_it(installation: Installation) -> None:
    row = installation.acme[0]
    body = installation.api.get(path(row), "acme").json()
    assert [one["message_id"] for one in body["items"]] == ["opening", "emails/501", "emails/502"]
    assert (body["total"], body["next_cursor"], body["build"]["build_id"]) == (3, None, "build-1")
    held = installation.api.get(f"/cards/{row['card_id']}", "acme").json()
    assert [(one["ticket_id"], one["message_count"]) for one in held["tickets"]] == [("5001", 3)]
    assert held["evidence"][0]["quote"] in body["items"][0]["text"]


def test_a_long_thread_comes_in_pages(tenant: NewTenant) -> None:
    row = card(1)
    said = [message("5001", index, f"Message {index}") for index in range(205)]
    tenant.publish(cards=[row], card_tickets=[card_ticket(row)], messages=[*said, message("6", 0, "Of no card")])
    body = tenant.get(f"{path(row)}?limit=100").json()
    indices = [one["message_index"] for one in body["items"]]
    while body["next_cursor"]:
        body = tenant.get(f"{path(row)}?limit=100&cursor={body['next_cursor']}").json()
        indices += [one["message_index"] for one in body["items"]]
    assert indices == list(range(205))
    assert body["total"] == 205


def test_only_tickets_behind_the_card_are_read_through_it(tenant: NewTenant) -> None:
    mine, other = card(1), card(2)
    tenant.publish(
        cards=[mine, other],
        card_tickets=[card_ticket(mine), card_ticket(other, "5002")],
        messages=[message("5001", 0, "Mine"), message("5002", 0, "Of the other card")],
    )
    answer = tenant.get(path(mine, "5002"))
    assert (answer.status_code, answer.json()["error"]) == (404, "TicketNotFound")
    assert tenant.get(path(card(9))).json()["error"] == "CardNotFound"


def test_what_the_signal_did_and_what_people_did_is_one_list(tenant: NewTenant) -> None:
    row = card(1, opened_on=AS_OF.date().replace(day=1), closed_on=AS_OF.date().replace(day=25), is_active=False)
    day = row["closed_on"]
    tenant.publish(
        cards=[row],
        changes=[
            change(row, day, "looks_resolved", severity=None, previous_severity=None, score=None),
            change(row, day.replace(day=9)),
            change(row, day.replace(day=20), "returned", severity="high", previous_severity=None, score=4.0),
        ],
    )
    tenant.act(row, 1, CardStatus.WORKING)
    alias = {"alias_id": "older", "card_id": row["card_id"], "company_id": "1001", "trigger_type": "frustrated"}
    days = {"opened_on": day, "last_signal_on": day, "first_published_at": datetime(2026, 3, 10, 6, tzinfo=UTC)}
    money = {"opened_mrr": None, "opened_mrr_source": "unknown"}
    with writing(tenant.api.engine) as connection:
        connection.execute(card_alias.insert(), {"tenant_id": tenant.tenant_id, **alias, **days, **money})
    told = tenant.get(f"/cards/{row['card_id']}").json()["timeline"]
    assert [(one["type"], one["occurred_at"][:10], one["details"]) for one in told] == [
        ("opened", "2026-03-01", {"severity": "low"}),
        ("raised", "2026-03-09", {"severity": "critical", "previous_severity": "low", "score": 7.5}),
        ("aliased", "2026-03-10", {"alias_id": "older"}),
        ("returned", "2026-03-20", {"severity": "high", "score": 4.0}),
        ("signal_ended", "2026-03-25", {}),
        ("looks_resolved", "2026-03-25", {}),
        ("status_changed", "2026-03-31", {}),
    ]
    assert [one["seq"] for one in told] == [None] * 6 + [1]
