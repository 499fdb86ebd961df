"""ETags: the same while nothing changed, another as soon as anything did."""

import pytest

from core.vocabulary import CardStatus
from serve.responses import is_known
from tests.integration.serve.conftest import NewTenant
from tests.support.published import card, company, publish, sentiment_day, topic_day

PATHS = [
    "/cards",
    f"/cards/{card(1)['card_id']}",
    "/companies",
    "/companies/1001",
    "/metrics/topics",
    "/metrics/sentiment",
]


@pytest.fixture
def served(tenant: NewTenant) -> NewTenant:
    day = card(1)["opened_on"]
    tenant.publish(
        "build-1", cards=[card(1)], companies=[company(1)], topics=[topic_day(day, "a")], sentiment=[sentiment_day(day)]
    )
    return tenant


def test_asking_again_costs_nothing(served: NewTenant) -> None:
    for path in PATHS:
        first = served.get(path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert first.headers["Vary"] == "Authorization"
        tag = first.headers["ETag"]
        assert tag.startswith('W/"')
        again = served.get(path, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert served.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_build_a_rebuild_and_an_event_change_it(served: NewTenant) -> None:
    def tags() -> list[str]:
        return [served.get(path).headers["ETag"] for path in PATHS]

    seen = [tags()]
    assert tags() == seen[0]
    served.act(card(1), 1, CardStatus.WORKING)
    seen.append(tags())
    rows = {"cards": [card(1)], "companies": [company(1)]}
    served.publish("build-2", **rows)
    seen.append(tags())
    publish(served.api.engine, served.tenant_id, "build-2", published_at=card(1)["as_of_at"], **rows)
    seen.append(tags())
    assert len({tag for round_ in seen for tag in round_}) == len(seen) * len(PATHS)


def test_another_question_has_another_tag(served: NewTenant) -> None:
    queries = ["", "?limit=1", "?active=true", "?q=a", "?sort=severity"]
    assert len({served.get(f"/cards{query}").headers["ETag"] for query in queries}) == len(queries)


def test_what_is_wrong_is_never_a_304(served: NewTenant) -> None:
    for path, status in (("/cards?limit=0", 422), ("/cards?cursor=x", 400), ("/cards/none", 404)):
        assert served.get(path, headers={"If-None-Match": '"other"'}).status_code == status
    assert served.api.get("/cards", headers={"If-None-Match": "*"}).status_code == 401


@pytest.mark.parametrize(
    ("header", "known"),
    [("", False), ("*", True), ('"x"', True), ('W/"x"', True), ('"a" , W/"x"', True), ('"xx"', False), ("x", False)],
)
def test_weak_comparison(header: str, known: bool) -> None:
    assert is_known(header, "x") is known


def test_who_i_am_is_private(served: NewTenant) -> None:
    answer = served.get("/me")
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("private, no-cache", "Authorization")
