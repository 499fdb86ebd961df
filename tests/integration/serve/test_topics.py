"""A taxonomy worked on through the API: figures, edits, two people at once, versions, proposals, what is asked for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from core.appdb.corrections import Corrections
from core.appdb.proposals import Proposals
from core.appdb.topics import Topics
from core.vocabulary import CorrectedField, Role
from tests.integration.serve.conftest import NewTenant
from tests.support.published import AS_OF, topic_day, topic_impact, topic_week
from tests.support.taxonomies import SEED, proposal

TODAY = AS_OF.date()


@pytest.fixture
def desk(tenant: NewTenant) -> NewTenant:
    Topics(tenant.api.engine).seed(tenant.tenant_id, SEED)
    return tenant


def send(desk: NewTenant, path: str, role: Role = Role.MEMBER, method: str = "POST", **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {desk.api.token(desk.tenant_id, role)}"}
    return desk.api.client.request(method, f"/api/v1{path}", json=body or None, headers=headers)


def edit(desk: NewTenant, seq: int, kind: str, role: Role = Role.MEMBER, **details: Any) -> httpx.Response:
    return send(desk, "/topics/edits", role, seq=seq, edit={"kind": kind} | details)


def shown(desk: NewTenant) -> dict[str, Any]:
    answer = desk.get("/topics")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def by_name(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in body["topics"]}


def test_before_anything_is_published_there_are_topics_without_figures(desk: NewTenant) -> None:
    body = shown(desk)
    assert (body["build"], body["coverage"], body["in_force"]["version"]) == (None, [], 1)
    assert {one["name"]: one["figures"] for one in body["topics"]} == {"billing": None, "export": None}
    assert body["draft"] == {
        "seq": 0,
        "base_version": 1,
        "edits": [],
        "untaught_count": 0,
        "has_changes": False,
        "is_relabelling": True,
    }


def test_a_topic_has_volume_trend_tone_and_all_of_them_coverage(desk: NewTenant) -> None:
    days = [
        (TODAY, "billing", 4),
        (TODAY - timedelta(days=40), "billing", 6),
        (TODAY - timedelta(days=95), "billing", 9),
    ]
    days += [(TODAY, "none", 3), (TODAY, "unread", 1)]
    desk.publish(
        topics=[topic_day(on, topic, ticket_count=count, all_ticket_count=8) for on, topic, count in days],
        impact=[topic_impact("billing", 1, negative_share=0.5, company_count=7, mrr_touched=3600.0)],
        weeks=[topic_week(TODAY - timedelta(days=8), "billing"), topic_week(date(2025, 1, 6), "billing")],
    )
    tag = desk.get("/topics").headers["ETag"]
    edit(desk, 0, "rename", name="billing", to="Invoices")
    body = shown(desk)
    assert desk.get("/topics").headers["ETag"] != tag
    figures = by_name(body)["Invoices"]["figures"]
    assert (figures["ticket_count_30d"], figures["ticket_count_90d"], figures["negative_share_90d"]) == (4, 10, 0.5)
    assert (figures["company_count_90d"], figures["mrr_touched_90d"]) == (7, 3600.0)
    assert [week["ticket_count"] for week in figures["trend"]] == [12]
    assert by_name(body)["Invoices"]["in_force_name"] == "billing"
    thirty, ninety = body["coverage"]
    assert (thirty["sorted_count"], thirty["none_count"], thirty["is_provisional"]) == (7, 3, True)
    assert thirty["covered_share"] == pytest.approx(4 / 7)
    assert ninety["ticket_count"] == 16


def test_an_afternoon_of_edits_and_back(desk: NewTenant) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("add", {"name": "Label printing", "description": "Paper.", "parent": "export"}),
        ("split", {"name": "billing", "into": [{"name": "Refunds"}, {"name": "Invoices"}], "is_kept": True}),
        ("add_rule", {"text": "A refund is billing.", "topic": "Refunds", "example": "my money back"}),
        ("change_rule", {"rule_id": 1, "text": "A refund is a refund.", "topic": "Refunds"}),
        ("move", {"name": "Label printing", "parent": None}),
        ("merge", {"name": "export", "into": "Label printing"}),
        ("describe", {"name": "Invoices", "description": "What is to be paid."}),
        ("archive", {"name": "Invoices"}),
        ("restore", {"name": "Invoices"}),
        ("remove_rule", {"rule_id": 1}),
    ]
    for seq, (kind, details) in enumerate(steps):
        answer = edit(desk, seq, kind, **details)
        assert answer.status_code == 201, (kind, answer.text)
        assert (answer.json()["seq"], len(answer.json()["edits"])) == (seq + 1, seq + 1)
    body = shown(desk)
    assert body["draft"]["edits"][0]["author"] == f"demo|{desk.tenant_id}|member"
    assert by_name(body)["Label printing"]["merged_from"] == []
    assert by_name(body)["Label printing"]["in_force_name"] == "export"
    lines = {(line["kind"], line["what"]) for line in desk.get("/topics/diff").json()["items"]}
    assert ("renamed", "export") in lines
    assert ("added", "Refunds") in lines
    undone = send(desk, "/topics/undo", seq=10)
    assert (undone.json()["seq"], len(undone.json()["edits"])) == (11, 9)
    assert send(desk, "/topics/undo", seq=11, is_all=True).json()["edits"] == []
    assert set(by_name(shown(desk))) == {"billing", "export"}


def test_whoever_saw_an_older_draft_is_shown_the_new_one(desk: NewTenant) -> None:
    assert edit(desk, 0, "add", name="Fax").status_code == 201
    late = edit(desk, 0, "archive", name="billing")
    assert (late.status_code, late.json()["error"]) == (409, "DraftChangedMeanwhile")
    assert [one["details"]["name"] for one in late.json()["draft"]["edits"]] == ["Fax"]
    # An edit that was taken back leaves its mark: what was seen before it is not what is there now.
    assert send(desk, "/topics/undo", seq=1).status_code == 200
    assert edit(desk, 0, "add", name="Fax").status_code == 409
    assert send(desk, "/topics/undo", seq=1, is_all=True).status_code == 409
    assert send(desk, "/topics/shipping", seq=1).status_code == 409
    assert send(desk, "/topics/preview", seq=1).status_code == 409
    assert shown(desk)["draft"]["seq"] == 2


def test_of_many_at_once_one_is_first(desk: NewTenant) -> None:
    desk.api.token(desk.tenant_id, Role.MEMBER)
    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(lambda name: edit(desk, 0, "add", name=f"Topic {name}"), "abcdef"))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len(shown(desk)["draft"]["edits"]) == 1


def test_what_makes_no_sense_is_refused_in_a_sentence(desk: NewTenant) -> None:
    for kind, details, error in (
        ("add", {"name": "BILLING"}, "IllegalEdit"),
        ("rename", {"name": "Weather", "to": "Rain"}, "IllegalEdit"),
        ("split", {"name": "billing", "into": [{"name": "One"}]}, "IllegalEdit"),
        ("remove_rule", {"rule_id": 9}, "IllegalEdit"),
        ("change_rule", {"rule_id": 9, "text": "x"}, "IllegalEdit"),
        ("add_rule", {"text": " "}, "IllegalEdit"),
        ("add", {"name": "A\0B"}, "InvalidRequest"),
        ("explode", {"name": "billing"}, "InvalidRequest"),
        ("add", {"name": "Fax", "colour": "red"}, "InvalidRequest"),
    ):
        answer = edit(desk, 0, kind, **details)
        assert (answer.status_code, answer.json()["error"]) == (422, error), (kind, details)
    assert edit(desk, 0, "archive", Role.VIEWER, name="billing").status_code == 403
    assert shown(desk)["draft"]["seq"] == 0


def test_versions_are_listed_compared_and_gone_back_to(desk: NewTenant) -> None:
    topics = Topics(desk.api.engine)
    edit(desk, 0, "rename", name="billing", to="Invoices")
    topics.ship(desk.tenant_id, topics.candidate(desk.tenant_id), author="ada", note="Names.")
    listed = desk.get("/topics/versions").json()["items"]
    assert (listed[0]["version"], listed[0]["note"], listed[0]["is_relabelling"]) == (2, "Names.", True)
    found = desk.get("/topics/diff?before=1&after=2").json()
    assert [(one["kind"], one["what"], one["after"]) for one in found["items"]] == [("renamed", "billing", "Invoices")]
    assert desk.get("/topics/diff?before=7").status_code == 404
    seq = edit(desk, 2, "add", name="Fax").json()["seq"]
    stuck = send(desk, "/topics/versions/1/restore", seq=seq)
    assert (stuck.status_code, stuck.json()["error"]) == (409, "DraftNotEmpty")
    assert stuck.json().get("draft") is None
    seq = send(desk, "/topics/undo", seq=seq).json()["seq"]
    back = send(desk, "/topics/versions/1/restore", seq=seq)
    assert (back.status_code, back.json()["version"], back.json()["restored_version"]) == (201, 3, 1)
    again = send(desk, "/topics/versions/3/restore", seq=seq + 1)
    assert (again.status_code, again.json()["error"]) == (409, "NothingNew")
    assert set(by_name(shown(desk))) == {"billing", "export"}


def test_a_proposal_is_taken_renamed_merged_or_left_and_once_only(desk: NewTenant) -> None:
    found = [proposal(name, count) for name, count in (("Label printing", 30), ("Holidays", 20), ("Refunds", 10))]
    Proposals(desk.api.engine).replace_open(desk.tenant_id, found)
    labels, holidays, refunds = desk.get("/topics/proposals").json()["items"]
    assert (labels["is_provisional"], labels["quotes"][0]["quote"]) == (True, "It fails again.")
    taken = send(desk, f"/topics/proposals/{labels['proposal_id']}/accept", seq=0, name="Labels", parent="export")
    assert taken.status_code == 201
    assert by_name(shown(desk))["Labels"]["parent"] == "export"
    twice = send(desk, f"/topics/proposals/{labels['proposal_id']}/accept", seq=1)
    assert (twice.status_code, twice.json()["error"]) == (404, "ProposalNotFound")
    unfit = send(desk, f"/topics/proposals/{holidays['proposal_id']}/accept", seq=1, name="billing")
    assert unfit.status_code == 422
    assert len(desk.get("/topics/proposals").json()["items"]) == 2, "what was refused is still to be decided"
    send(desk, f"/topics/proposals/{refunds['proposal_id']}/accept", seq=1, merge_into="billing")
    assert by_name(shown(desk))["billing"]["description"] == "Invoices. Paper and labels."
    assert send(desk, f"/topics/proposals/{holidays['proposal_id']}/dismiss").status_code == 200
    assert desk.get("/topics/proposals").json()["items"] == []
    assert [one["name"] for one in desk.get("/topics/proposals?status=dismissed").json()["items"]] == ["Holidays"]


def test_what_needs_the_machinery_is_a_task(desk: NewTenant) -> None:
    nothing = send(desk, "/topics/shipping", seq=0)
    assert (nothing.status_code, nothing.json()["error"]) == (409, "NothingNew")
    edit(desk, 0, "add", name="Fax")
    rule = {"kind": "add_rule", "text": "Fax is fax.", "topic": "Fax"}
    asked = [
        send(desk, "/topics/shipping", seq=1, note="Fax."),
        send(desk, "/topics/preview", seq=1, edit=rule),
        send(desk, "/topics/discovery", is_all=True),
        send(desk, "/topics/retagging", from_month="2026-01"),
    ]
    assert [answer.status_code for answer in asked] == [202] * 4
    kinds = ["topic_shipping", "topic_preview", "topic_discovery", "topic_retagging"]
    assert [answer.json()["kind"] for answer in asked] == kinds
    assert asked[1].json()["arguments"]["edit"]["kind"] == "add_rule"
    assert asked[0].json()["arguments"] == {"seq": 1, "note": "Fax."}
    assert shown(desk)["draft"]["seq"] == 1, "asking changes nothing"
    unfit = send(desk, "/topics/preview", seq=1, edit={"kind": "archive", "name": "Weather"})
    assert (unfit.status_code, unfit.json()["error"]) == (422, "IllegalEdit")
    assert send(desk, "/topics/shipping", Role.VIEWER, seq=1).status_code == 403
    assert send(desk, "/topics/retagging", from_month="spring").status_code == 422


def test_a_correction_is_something_to_ship(desk: NewTenant) -> None:
    added = Corrections(desk.api.engine).add(
        desk.tenant_id,
        ticket_id="1",
        field=CorrectedField.TOPICS,
        before=["none"],
        after=["billing"],
        text="My money back.",
        input_hash="h",
        author="ada",
    )
    draft = shown(desk)["draft"]
    assert (draft["untaught_count"], draft["has_changes"], draft["edits"]) == (1, True, [])
    [line] = desk.get("/topics/diff").json()["items"]
    assert (line["kind"], line["what"]) == ("taught", f"correction {added.correction_id}")
