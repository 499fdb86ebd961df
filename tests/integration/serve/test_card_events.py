"""What people do to cards through the API, from the first look to the outcome."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from core.appdb.engine import writing
from core.appdb.tables import card_alias, card_event
from core.cards import MACHINE
from core.vocabulary import CardStatus, Role
from tests.integration.serve.conftest import NewTenant
from tests.support.published import AS_OF, add_event, card

CARD = card(1)["card_id"]
SOON = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
"""Still ahead when the last test runs, midnight or not."""


@pytest.fixture
def board(tenant: NewTenant) -> NewTenant:
    tenant.publish(cards=[card(1), card(2, severity="low")])
    return tenant


def act(
    board: NewTenant, kind: str, seq: int, *, role: Role = Role.MEMBER, card_id: str = CARD, **sent: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {board.api.token(board.tenant_id, role)}"}
    body = {"type": kind, "seq": seq} | sent
    return board.api.client.post(f"/api/v1/cards/{card_id}/events", json=body, headers=headers)


def shown(board: NewTenant, card_id: str = CARD) -> dict[str, Any]:
    answer = board.get(f"/cards/{card_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_card_is_worked_on_from_new_to_saved_and_back(board: NewTenant) -> None:
    me = f"demo|{board.tenant_id}|member"
    board.api.token(board.tenant_id, Role.MEMBER)
    tag = board.get(f"/cards/{CARD}").headers["ETag"]
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("assigned", {"assignee": me}, "new"),
        ("status_changed", {"status": "working"}, "working"),
        ("commented", {"text": "Rang them.", "mentions": [me]}, "working"),
        ("snoozed", {"until_on": SOON, "is_for_reply": True}, "waiting"),
        ("severity_overridden", {"severity": "critical", "note": "The founder called."}, "waiting"),
        ("completed", {"outcome": "saved", "note": "They stay."}, "completed"),
    ]
    for seq, (kind, sent, status) in enumerate(steps):
        answer = act(board, kind, seq, **sent)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["state"]["status"], answer.json()["state"]["seq"]) == (status, seq + 1)
    done = shown(board)
    assert board.get(f"/cards/{CARD}").headers["ETag"] != tag
    assert (done["seq"], done["status"], done["assignee"], done["outcome"]) == (6, "completed", me, "saved")
    assert (done["severity"], done["computed_severity"]) == ("critical", "medium")
    assert (done["outcome_mrr"], done["outcome_mrr_source"]) == (1200.0, "mapped_property")
    assert [entry["type"] for entry in done["timeline"]] == ["opened", *(kind for kind, _, _ in steps)]
    said = done["timeline"][3]
    assert (said["actor"], said["details"]) == (me, {"text": "Rang them.", "mentions": [me]})
    assert done["timeline"][-1]["details"] == {
        "outcome": "saved",
        "mrr": 1200.0,
        "mrr_source": "mapped_property",
        "note": "They stay.",
    }
    again = act(board, "reopened", 6, note="They left us after all.").json()["state"]
    assert (again["status"], again["outcome"], again["reopen_count"]) == ("new", None, 1)


def test_cards_are_found_by_who_has_them_and_by_what_people_say_they_are(board: NewTenant) -> None:
    me = f"demo|{board.tenant_id}|member"
    board.api.token(board.tenant_id, Role.MEMBER)
    act(board, "assigned", 0, assignee=me)
    act(board, "severity_overridden", 1, severity="critical")

    def found(query: str) -> list[str]:
        return [item["company_id"] for item in board.get(f"/cards?{query}").json()["items"]]

    assert found(f"assignee={me}") == ["1001"]
    assert found("assignee=none") == ["1002"]
    assert found("severity=critical") == ["1001"]
    assert found("severity=medium") == []
    assert found("sort=severity") == ["1001", "1002"]
    act(board, "severity_overridden", 2, severity=None)
    assert found("severity=medium") == ["1001"]


def test_whoever_saw_an_older_card_is_told_where_it_stands(board: NewTenant) -> None:
    assert act(board, "status_changed", 0, status="working").status_code == 201
    late = act(board, "completed", 0, outcome="false_alarm")
    assert (late.status_code, late.json()["error"]) == (409, "CardChangedMeanwhile")
    assert (late.json()["state"]["status"], late.json()["state"]["seq"]) == ("working", 1)
    assert "send `seq` 1" in late.json()["detail"]
    assert shown(board)["seq"] == 1


def test_of_many_at_once_one_is_first(board: NewTenant) -> None:
    board.api.token(board.tenant_id, Role.MEMBER)
    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(lambda text: act(board, "commented", 0, text=text), "abcdef"))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["state"]["seq"] for answer in answers} == {1}
    with board.api.engine.connect() as connection:
        mine = select(card_event.c.seq).where(card_event.c.tenant_id == board.tenant_id)
        assert connection.scalars(mine).all() == [1]


def test_what_makes_no_sense_is_refused_and_nothing_is_written(board: NewTenant) -> None:
    for kind, sent, error in (
        ("snoozed", {"until_on": SOON}, "IllegalMove"),
        ("reopened", {}, "IllegalMove"),
        ("completed", {"outcome": "expired"}, "IllegalMove"),
        ("status_changed", {"status": "completed"}, "IllegalMove"),
        ("completed", {"outcome": "whatever"}, "InvalidRequest"),
        ("commented", {"text": "x" * 10_001}, "InvalidRequest"),
        ("commented", {"text": "NUL \0"}, "InvalidRequest"),
        ("status_changed", {"status": "working", "note": "x"}, "InvalidRequest"),
    ):
        answer = act(board, kind, 0, **sent)
        assert (answer.status_code, answer.json()["error"]) == (422, error), (kind, sent)
    assert act(board, "status_changed", 0, status="working", card_id="no-such-card").status_code == 404
    assert act(board, "status_changed", 0, role=Role.VIEWER, status="working").status_code == 403
    assert shown(board)["seq"] == 0


def test_a_card_with_a_successor_stays_completed(tenant: NewTenant) -> None:
    newer = card(2, company_id="1001", opened_on=date(2026, 3, 25))
    tenant.publish(cards=[card(1), newer])
    assert act(tenant, "completed", 0, outcome="saved").status_code == 201
    answer = act(tenant, "reopened", 1)
    assert (answer.status_code, answer.json()["error"]) == (422, "IllegalMove")
    assert newer["card_id"] in answer.json()["detail"]


def test_an_id_that_was_given_up_leads_to_the_card_and_brings_its_events(board: NewTenant) -> None:
    add_event(
        board.api.engine, board.tenant_id, "given-up", 1, CardStatus.NEW, kind="commented", payload={"text": "Hm."}
    )
    row = {"tenant_id": board.tenant_id, "alias_id": "given-up", "card_id": CARD, "company_id": "1001"}
    row |= {"trigger_type": "frustrated", "opened_on": date(2026, 3, 1), "last_signal_on": date(2026, 3, 20)}
    with writing(board.api.engine) as connection:
        connection.execute(insert(card_alias).values(**row, opened_mrr_source="unknown", first_published_at=AS_OF))
    body = shown(board, "given-up")
    assert body["card_id"] == CARD
    assert [entry["type"] for entry in body["timeline"]] == ["opened", "aliased", "commented"]
    done = act(board, "completed", 0, card_id="given-up", outcome="duplicate").json()["state"]
    assert (done["card_id"], done["seq"]) == (CARD, 1)


def test_a_touch_ends_the_waiting_for_it(tenant: NewTenant) -> None:
    late = {"touch_due_at": AS_OF - timedelta(hours=1), "is_touch_overdue": True}
    tenant.publish(cards=[card(1, **late), card(2, **late)])
    add_event(
        tenant.api.engine, tenant.tenant_id, card(2)["card_id"], 1, CardStatus.NEW, kind="reopened", actor=MACHINE
    )
    assert shown(tenant)["is_touch_overdue"]
    act(tenant, "commented", 0, text="On it.")
    assert not shown(tenant)["is_touch_overdue"]
    assert shown(tenant, card(2)["card_id"])["is_touch_overdue"], "the pipeline is nobody"


def test_colleagues_are_those_of_the_tenant(board: NewTenant) -> None:
    board.api.token(board.tenant_id, Role.MEMBER)
    body = board.get("/users").json()
    assert {item["subject"] for item in body["items"]} == {
        f"demo|{board.tenant_id}|{role}" for role in ("member", "viewer")
    }
