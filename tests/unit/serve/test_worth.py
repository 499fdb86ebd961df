"""Adding up the revenue behind cards."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import CardStatus, MrrSource
from serve.board.worth import added_up, by_status

COMPANIES = {
    "1": (100.0, MrrSource.MAPPED_PROPERTY, "EUR"),
    "2": (50.0, MrrSource.TENANT_MEDIAN_ASSUMED, "EUR"),
    "3": (70.0, MrrSource.OTHER_CURRENCY, "USD"),
    "4": (None, MrrSource.UNKNOWN, None),
}


def account(company_id: str, status: str = "new", card_count: int = 1) -> dict[str, Any]:
    mrr, source, currency = COMPANIES[company_id]
    told = {"mrr": mrr, "mrr_source": source, "currency": currency}
    return {"company_id": company_id, "status": status, "card_count": card_count} | told


def test_currencies_stay_apart_and_what_is_not_known_is_said() -> None:
    assert added_up([account("1", card_count=2), account("2"), account("3"), account("4")]) == {
        "card_count": 5,
        "company_count": 4,
        "mrr": [{"currency": "EUR", "mrr": 150.0}, {"currency": "USD", "mrr": 70.0}],
        "assumed_company_count": 1,
        "unknown_company_count": 1,
    }


ACCOUNTS = st.dictionaries(
    st.tuples(st.sampled_from(sorted(COMPANIES)), st.sampled_from(list(CardStatus))), st.integers(1, 5), max_size=12
)


@given(ACCOUNTS)
def test_no_card_is_lost_and_no_company_counts_twice(counted: dict[tuple[str, CardStatus], int]) -> None:
    accounts = [account(company_id, status, count) for (company_id, status), count in counted.items()]
    told = by_status(accounts)
    assert [row["status"] for row in told["statuses"]] == list(CardStatus)
    assert sum(row["card_count"] for row in told["statuses"]) == sum(counted.values())
    still_open = {company_id for company_id, status in counted if status is not CardStatus.COMPLETED}
    assert told["open"]["company_count"] == len(still_open)
    euros = {one["currency"]: one["mrr"] for one in told["open"]["mrr"]}.get("EUR", 0)
    assert euros == sum(COMPANIES[one][0] or 0 for one in still_open if COMPANIES[one][2] == "EUR")
