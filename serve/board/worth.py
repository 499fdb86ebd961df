"""What cards add up to: never across currencies, never the same company twice. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.vocabulary import CardStatus, MrrSource


def added_up(accounts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A `Worth` of cards that were grouped by company, and by more where that splits a company.

    Args:
        accounts: `company_id`, `mrr`, `mrr_source`, `currency` and `card_count` of each group.
    """
    companies: dict[str, Mapping[str, Any]] = {}
    card_count = 0
    for account in accounts:
        card_count += account["card_count"]
        companies.setdefault(account["company_id"], account)
    sums: dict[str | None, float] = {}
    assumed = unknown = 0
    for account in companies.values():
        if account["mrr"] is None or account["mrr_source"] == MrrSource.UNKNOWN:
            unknown += 1
            continue
        assumed += account["mrr_source"] == MrrSource.TENANT_MEDIAN_ASSUMED
        sums[account["currency"]] = sums.get(account["currency"], 0.0) + account["mrr"]
    return {
        "card_count": card_count,
        "company_count": len(companies),
        "mrr": [
            {"currency": currency, "mrr": round(mrr, 2)}
            for currency, mrr in sorted(sums.items(), key=lambda one: (-one[1], one[0] or ""))
        ],
        "assumed_company_count": assumed,
        "unknown_company_count": unknown,
    }


def by_status(accounts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The `statuses` and `open` of a `CardCounts`."""
    held = sorted(accounts, key=lambda account: str(account["company_id"]))
    return {
        "statuses": [
            {"status": status} | added_up(account for account in held if account["status"] == status)
            for status in CardStatus
        ],
        "open": added_up(account for account in held if account["status"] != CardStatus.COMPLETED),
    }
