"""How HubSpot says no, and what each answer means: try again, wait, reconnect, or correct us.

The body of an error is not to be trusted: rate limits have their own shape, gateways answer HTML, and a missing field is common.
So the status decides, then `category` and `policyName` where they are there.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from core.errors import Terminal, Transient
from ingestion.hubspot.limits.state import Budget, day_ends_at


class ConnectionBroken(Terminal):
    """The token is not accepted (401 other than expired, 530): the tenant has to connect HubSpot again."""


class MissingScope(Terminal):
    """The token is good but not for this data (403): that stream stands still, the others go on."""


class AccountBanned(Terminal):
    """HubSpot has locked the app or the account out (403 `BANNED`)."""


class RequestRefused(Terminal):
    """HubSpot finds the request wrong (400, 404 and other 4xx).

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UrlTooLong(Terminal):
    """The request's address is longer than HubSpot's proxy takes (414)."""


class TokenExpired(Transient):
    """The access token's time is over (401 `EXPIRED_AUTHENTICATION`); a refreshed one will do."""


class Busy(Transient):
    """HubSpot will answer later.

    Attributes:
        wait_seconds: How long it asks us to wait; None where it does not say.
    """

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class RateLimited(Busy):
    """A short budget is used up (429): the rest of a second or of ten seconds has to pass.

    Attributes:
        budget: Which one; nobody of that portal sends from it meanwhile.
    """

    def __init__(self, message: str, wait_seconds: float, budget: Budget) -> None:
        super().__init__(message, wait_seconds)
        self.budget = budget


class DailyLimitReached(Transient):
    """The account's calls of the day are used up (429 `DAILY`, or none remaining); waiting in a running process makes no sense.

    Attributes:
        resume_at: When the budget is full again, as far as we can tell.
    """

    def __init__(self, message: str, resume_at: datetime) -> None:
        super().__init__(message)
        self.resume_at = resume_at

    @classmethod
    def told(cls, told: str, tenant_id: str, resume_at: datetime) -> "DailyLimitReached":
        """With the sentence for a person; `told` says who noticed, and where."""
        return cls(
            f"{told}. The account's calls of the day are used up; run the sync again after {resume_at:%Y-%m-%d %H:%M} UTC. "
            f"Until then nothing is asked; `churnboard limits clear {tenant_id}` lifts that where the limit was raised.",
            resume_at,
        )


class PortalUnavailable(Busy):
    """The network, a gateway or HubSpot itself failed (5xx, 423, 477, no connection, an answer that is not JSON)."""


class PortalTimedOut(PortalUnavailable):
    """HubSpot took too long over a page (504, 524, or longer than we wait); a smaller page may do."""


class UnexpectedAnswer(Terminal):
    """An answer of a shape HubSpot does not document and we cannot read: a record without an id, a list that is none."""


class PartialAnswer(Transient):
    """A batch was answered in part (207), for a reason that does not mean "there is nothing"."""


_LOCKED_WAIT_SECONDS = 2.0
_TIMED_OUT = frozenset({504, 524})
_UNAVAILABLE = frozenset({408, 423, 477, 500, 502, 503, 521, 522, 523, 525, 526})


def refusal(
    status: int,
    body: Any,
    headers: Mapping[str, str],
    *,
    tenant_id: str,
    what: str,
    now: datetime,
    budget: Budget = Budget.BURST,
    time_zone: str | None = None,
) -> Terminal | Transient:
    """The error an answer other than success stands for.

    Args:
        status: HTTP status.
        body: The decoded JSON body, or None where it is not JSON.
        headers: Response headers, looked up without regard to case.
        tenant_id: Whose portal answered.
        what: What was asked, as it fits after "reading".
        now: The present, for `Retry-After` dates and the end of the day.
        budget: Which one the request was taken from; the one that is used up where a 429 names none.
        time_zone: The account's, whose midnight ends the day; UTC's where it is not known.
    """
    fields = body if isinstance(body, dict) else {}
    said = " ".join(str(fields.get("message") or f"HTTP {status}").split())[:300]
    trace = fields.get("correlationId")
    where = f"HubSpot of tenant {tenant_id}, reading {what}"
    told = f"{where}: {said}" + (f" (correlation id {trace})" if trace else "")
    if status == 429:
        policy = str(fields.get("policyName") or "")
        waits = retry_after(headers, now)
        if policy == "DAILY":
            resume_at = (
                day_ends_at(now, time_zone)
                if waits is None
                else now + timedelta(seconds=min(max(waits, 1.0), 86_400.0))
            )
            return DailyLimitReached.told(told, tenant_id, resume_at)
        return _rate_limited(policy, waits, headers, told, budget)
    if status in _TIMED_OUT:
        return PortalTimedOut(f"{told}. It took too long to answer; it is asked again for less.")
    if status in _UNAVAILABLE or (status >= 500 and status != 530):
        wait = retry_after(headers, now)
        if status == 423:
            wait = max(wait or 0.0, _LOCKED_WAIT_SECONDS)
        return PortalUnavailable(f"{told}. This passes by itself; the next sync goes on where this one stood.", wait)
    return _client_error(status, fields, told)


def _client_error(status: int, fields: dict[str, Any], told: str) -> Terminal | Transient:
    category = fields.get("category")
    if status == 401 and category == "EXPIRED_AUTHENTICATION":
        return TokenExpired(f"{told}. The access token is refreshed and the call repeated.")
    if status in {401, 530}:
        return ConnectionBroken(f"{told}. The connection is no longer accepted: connect HubSpot again in the settings.")
    if status == 403 and category == "BANNED":
        return AccountBanned(f"{told}. HubSpot has locked this account or app out; ask HubSpot's support.")
    if status == 403:
        scopes = ", ".join(_required_scopes(fields)) or "one it does not name"
        return MissingScope(
            f"{told}. The connection lacks a scope ({scopes}); this data stands still until HubSpot is connected again "
            f"with it. Everything else is synced."
        )
    if status == 414:
        return UrlTooLong(f"{told}. The request's address is too long; ask for fewer properties at once.")
    return RequestRefused(f"{told}. The request itself is refused, so it is not repeated.", status)


def _rate_limited(
    policy: str, waits: float | None, headers: Mapping[str, str], told: str, budget: Budget
) -> RateLimited:
    if policy.startswith("TEN_SECONDLY"):
        budget = Budget.BURST
    elif policy.startswith("SECONDLY"):
        budget = Budget.SEARCH
    interval = number(headers.get("x-hubspot-ratelimit-interval-milliseconds"))
    # Search counts by the second; everything else in a rolling window, of ten unless the answer says otherwise.
    default = 1.0 if budget is Budget.SEARCH else interval / 1000 if interval else 10.0
    return RateLimited(f"{told}. The sync slows down and goes on.", default if waits is None else waits, budget)


def _required_scopes(fields: dict[str, Any]) -> list[str]:
    scopes: list[str] = []
    details = fields.get("errors")
    for detail in details if isinstance(details, list) else []:
        context = detail.get("context") if isinstance(detail, dict) else None
        required = context.get("requiredGranularScopes") if isinstance(context, dict) else None
        scopes += [str(scope) for scope in required] if isinstance(required, list) else []
    return scopes


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `Retry-After`, which may be a number or a date; None where it is absent or unreadable."""
    given = headers.get("retry-after", "").strip()
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        try:
            moment = parsedate_to_datetime(given)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if seconds == seconds else None  # noqa: PLR0124 - NaN is not equal to itself


def number(text: str | None) -> int | None:
    """A whole number from a header; None where there is none."""
    return int(text) if text and text.isascii() and text.isdecimal() else None
