"""What must hold of one tenant's marts before readers get them. Pure: rows in, verdicts out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Marts = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of each published mart of one tenant, by the mart's name."""


@dataclass(frozen=True)
class Audit:
    """One verdict."""

    name: str
    is_passed: bool
    detail: str


def audit(marts: Marts, *, previous_counts: Mapping[str, int] | None, max_drop_share: float) -> list[Audit]:
    """Every verdict on one tenant's marts.

    Args:
        marts: The rows about to be published.
        previous_counts: Rows per mart of the served build; None before the first.
        max_drop_share: Companies may shrink by at most this share (0 to 1) against the served build.
    """
    checks: tuple[Callable[[Marts], Audit], ...] = (
        _cards_belong_to_companies,
        _evidence_belongs_to_cards,
        _quotes_stand_in_their_context,
        _cards_share_one_moment,
    )
    return [*(check(marts) for check in checks), _companies_did_not_shrink(marts, previous_counts, max_drop_share)]


def _cards_belong_to_companies(marts: Marts) -> Audit:
    known = {row["company_id"] for row in marts["companies"]}
    lost = [row["card_id"] for row in marts["churn_risk_cards"] if row["company_id"] not in known]
    return _verdict("cards_belong_to_companies", lost, "cards name a company that is not in companies")


def _evidence_belongs_to_cards(marts: Marts) -> Audit:
    known = {row["card_id"] for row in marts["churn_risk_cards"]}
    lost = [row["evidence_id"] for row in marts["card_evidence"] if row["card_id"] not in known]
    return _verdict("evidence_belongs_to_cards", lost, "quotes name a card that is not in churn_risk_cards")


def _quotes_stand_in_their_context(marts: Marts) -> Audit:
    wrong = [
        row["evidence_id"]
        for row in marts["card_evidence"]
        if row["context"][row["context_start"] : row["context_end"]] != row["quote"]
    ]
    return _verdict("quotes_stand_in_their_context", wrong, "quotes are not at their place in the ticket's text")


def _cards_share_one_moment(marts: Marts) -> Audit:
    moments = sorted({str(row["as_of_at"]) for row in marts["churn_risk_cards"]})
    return _verdict("cards_share_one_moment", moments[1:], "cards were computed for different moments")


def _companies_did_not_shrink(marts: Marts, previous: Mapping[str, int] | None, max_drop_share: float) -> Audit:
    before, now = (previous or {}).get("companies", 0), len(marts["companies"])
    is_passed = now >= before * (1 - max_drop_share)
    detail = f"{now} companies, {before} in the served build; a drop of more than {max_drop_share:.0%} is held back"
    return Audit("companies_did_not_shrink", is_passed, detail)


def _verdict(name: str, offenders: Sequence[str], what: str) -> Audit:
    if not offenders:
        return Audit(name, is_passed=True, detail="none")
    return Audit(name, is_passed=False, detail=f"{len(offenders)} {what}, first: {', '.join(offenders[:3])}")
