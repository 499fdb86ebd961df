"""Pages: together they are the list, whatever the limit, the sort and the ties."""

import base64
import itertools
from collections.abc import Iterator
from datetime import date

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.vocabulary import CardStatus, Severity
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.api import Api
from tests.support.published import Row, card, company

CARD_SORTS = ("priority", "opened_on", "severity", "last_signal_on")
COMPANY_SORTS = ("mrr", "ticket_count_30d", "company_name", "active_trigger_count")


def pages(tenant: NewTenant, path: str, limit: int) -> Iterator[dict]:  # type: ignore[type-arg]
    """Every page of a list, by following its cursors."""
    cursor = ""
    while True:
        answer = tenant.get(f"{path}&limit={limit}&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return


@st.composite
def tied_cards(draw: st.DrawFn) -> list[Row]:
    """Up to 20 cards out of few different values, so that most of them tie."""
    values = st.fixed_dictionaries(
        {
            "priority": st.sampled_from([None, 0.0, 0.1, 1e300]),
            "severity": st.sampled_from(list(Severity)),
            "opened_on": st.dates(date(2026, 1, 1), date(2026, 1, 3)),
            "last_signal_on": st.just(date(2026, 1, 4)),
        }
    )
    return [card(number, **row) for number, row in enumerate(draw(st.lists(values, max_size=20)))]


@pytest.fixture
def build_ids() -> Iterator[int]:
    return itertools.count()


@given(rows=tied_cards(), limit=st.integers(1, 9), sort=st.sampled_from(CARD_SORTS))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_pages_of_a_list_are_the_list(
    tenant: NewTenant, build_ids: Iterator[int], rows: list[Row], limit: int, sort: str
) -> None:
    tenant.publish(f"build-{next(build_ids)}", cards=rows)
    whole = tenant.get(f"/cards?sort={sort}&limit=200").json()
    read = list(pages(tenant, f"/cards?sort={sort}", limit))
    assert [item for page in read for item in page["items"]] == whole["items"]
    assert len(whole["items"]) == len(rows)
    assert {page["total"] for page in read} == {len(rows)}
    assert all(len(page["items"]) == limit for page in read[:-1])


def test_the_order_is_the_one_python_would_choose(tenant: NewTenant) -> None:
    priorities = [None, 5.0, 7.5, None, 5.0, 0.0]
    tenant.publish(cards=[card(n, priority=value) for n, value in enumerate(priorities)])
    read = [item for page in pages(tenant, "/cards?sort=priority", 2) for item in page["items"]]
    expected = sorted(enumerate(priorities), key=lambda pair: (pair[1] is None, -(pair[1] or 0), pair[0]))
    assert [int(item["card_id"][-12:]) for item in read] == [number for number, _ in expected]


def test_companies_are_paged_the_same_way(tenant: NewTenant) -> None:
    names = ["Ö", "ö", "a", "B", None, "a'b", "100%"]
    rows = [company(n, company_name=name, mrr=None if n % 3 else 1.5) for n, name in enumerate(names)]
    tenant.publish(companies=rows)
    for sort in COMPANY_SORTS:
        whole = tenant.get(f"/companies?sort={sort}").json()["items"]
        assert [item for page in pages(tenant, f"/companies?sort={sort}", 2) for item in page["items"]] == whole
        assert len(whole) == len(names)


def test_a_page_is_stable_while_people_work(tenant: NewTenant) -> None:
    rows = [card(n, priority=1.0) for n in range(6)]
    tenant.publish(cards=rows)
    first = tenant.get("/cards?limit=3&status=new").json()
    tenant.act(rows[0], 1, CardStatus.WORKING)
    second = tenant.get(f"/cards?limit=3&status=new&cursor={first['next_cursor']}").json()
    assert [item["card_id"] for item in second["items"]] == [row["card_id"] for row in rows[3:]]


def refused(api: Api, path: str, tenant_id: str = "acme") -> str:
    answer = api.get(path, tenant_id)
    assert answer.status_code == 400, answer.text
    assert "first page" in answer.json()["detail"]
    return str(answer.json()["error"])


def test_a_cursor_ends_with_its_build(tenant: NewTenant) -> None:
    rows = [card(n) for n in range(3)]
    tenant.publish("build-1", cards=rows)
    cursor = tenant.get("/cards?limit=1").json()["next_cursor"]
    tenant.publish("build-2", cards=rows)
    assert refused(tenant.api, f"/cards?limit=1&cursor={cursor}", tenant.tenant_id) == "StaleCursor"


def test_a_cursor_belongs_to_its_list_filters_and_tenant(installation: Installation) -> None:
    api = installation.api
    cursor = api.get("/cards?limit=1", "acme").json()["next_cursor"]
    assert api.get(f"/cards?limit=3&cursor={cursor}", "acme").status_code == 200
    for path in (f"/cards?active=true&cursor={cursor}", f"/cards?sort=severity&cursor={cursor}"):
        assert refused(api, path) == "InvalidCursor"
    assert refused(api, f"/companies?cursor={cursor}") == "InvalidCursor"
    assert refused(api, f"/cards?limit=1&cursor={cursor}", "beta") == "InvalidCursor"


@pytest.mark.parametrize("position", [[True, "x"], ["2026-01-01", "x"], [1.5, None], [1.5, "\0"], [{}, "x"], [1.5]])
def test_a_forged_position_is_refused(api: Api, position: list[object]) -> None:
    real = api.get("/cards?limit=1", "acme").json()["next_cursor"]
    build_id, fingerprint, *_ = orjson.loads(base64.urlsafe_b64decode(real + "=="))
    forged = base64.urlsafe_b64encode(orjson.dumps([build_id, fingerprint, *position])).decode().rstrip("=")
    assert refused(api, f"/cards?cursor={forged}") == "InvalidCursor"


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), 1e308, -1.5, None])
def test_any_number_is_a_position(api: Api, value: float | None) -> None:
    for path in ("/cards?sort=severity&limit=1", "/companies?sort=ticket_count_30d&limit=1"):
        real = api.get(path, "acme").json()["next_cursor"]
        build_id, fingerprint, *_ = orjson.loads(base64.urlsafe_b64decode(real + "=="))
        forged = base64.urlsafe_b64encode(orjson.dumps([build_id, fingerprint, value, "0"])).decode().rstrip("=")
        assert api.get(f"{path}&cursor={forged}", "acme").status_code == 200


def test_every_sort_there_is_is_tested_here() -> None:
    from serve.board.schemas import CardSort
    from serve.companies.schemas import CompanySort

    assert (tuple(CardSort), tuple(CompanySort)) == (CARD_SORTS, COMPANY_SORTS)
