"""How a model call fails, each class with its own action; classified by what the server says in fields, not by its prose.

| class | the driver |
|---|---|
| `Throttled` | waits as told, lowers concurrency, asks again; uses no attempt |
| `ProviderUnavailable` | asks again with growing pauses; three times while others succeed, then leaves it for another run |
| `Rejected` | leaves it for another run; stops when nothing else ever succeeded |
| `TooExpensive` | leaves this one for another run, goes on with the others |
| `TextTooLong` | asks about a shorter version of the text, under a key of its own |
| `Blocked` | dead letter, never asked again |
| `ModelStopped` | stops the step, leaves what is open as it was; waits instead where a budget is renewed soon |
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from analysis.analyzer import Usage
from core.errors import ChurnboardError, Terminal, Transient


class ModelCallError(ChurnboardError):
    """A call without a reply; says what was charged all the same, and who is to blame."""

    error_type: ClassVar[str] = "failed"
    """What the journal calls it."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        usage: Usage | None = None,
        provider: str | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the server asked to wait, if it did."""
        self.usage = usage or Usage()
        self.provider = provider
        """Who failed behind the server, where it says."""


class Throttled(ModelCallError, Transient):
    """The server asks for fewer calls."""

    error_type = "throttled"


class ProviderUnavailable(ModelCallError, Transient):
    """No answer this time: overload, time-out, a broken connection, an empty or broken-off generation."""

    error_type = "unavailable"


class Rejected(ModelCallError, Terminal):
    """The server does not accept this request."""

    error_type = "rejected"


class TooExpensive(ModelCallError, Terminal):
    """This request alone may cost more than the account's budget has left; a smaller one may pass."""

    error_type = "too_expensive"


class Blocked(ModelCallError, Terminal):
    """The server's moderation does not let this text through."""

    error_type = "blocked"


class TextTooLong(ModelCallError, Terminal):
    """The text does not fit into the model's context."""

    error_type = "too_long"


class ModelStopped(ModelCallError, Terminal):
    """No further call can succeed until a person acts: key refused, no credit, budget used up, unknown model.

    With `retry_after`, the budget is renewed by itself in that many seconds.
    """

    error_type = "stopped"


_STOPS = {
    401: "the API key was refused; set LLM_API_KEY to a valid key",
    402: "the account has no credit left; add credit or raise the key's limit",
    404: "the model or the path does not exist there; correct LLM_MODEL or LLM_BASE_URL",
}
_LIMITED = frozenset({"rate_limit_exceeded", "rate_limit", "rate_limited", "too_many_requests"})
_MODERATED = ("moderation", "guardrail", "content_filter", "content_policy", "injection", "flagged")
_TOO_LONG = (
    "context_length",
    "context size",
    "context window",
    "context length",
    "maximum context",
    "too many tokens",
    "prompt is too long",
)
_BUDGET = ("budget", "limit exceeded", "key limit", "quota", "resets_at")
_IN_FLIGHT = "in_flight_budget"
_TOO_HEAVY = "weight_exceeds_budget"


def failure(  # noqa: PLR0911 - one return a class
    status: int, error: Mapping[str, Any], *, where: str, retry_after: float | None, usage: Usage | None = None
) -> Terminal | Transient:
    """The failure that a status and an `error` object (inside a 200 as well) stand for.

    Args:
        status: HTTP status; for an error inside a 200, the error's own `code` where it has one.
        error: The error object: `message`, `code`, `type`, and `metadata` with `error_type`, `provider_name`, `limit_source`,
            `resets_at`.
        where: The model and server, for the sentence.
        retry_after: Seconds the server asked to wait, if it did.
        usage: What was charged all the same.
    """
    said = error.get("metadata")
    metadata: Mapping[str, Any] = said if isinstance(said, dict) else {}
    kind = str(metadata.get("error_type") or error.get("type") or "").lower()
    message = str(error.get("message") or "no reason given")[:300]
    everything = f"{kind} {error.get('code')} {message} {metadata}".lower()
    sentence = f"{where} answered {status}: {message}."
    is_moderated = any(word in everything for word in _MODERATED)
    provider = _text(metadata.get("provider_name"))

    if status == 402 and _TOO_HEAVY in everything:
        return TooExpensive(
            f"{sentence} This one call may cost more than the budget has left; raise the budget.",
            usage=usage,
            provider=provider,
        )
    if status == 429 or kind in _LIMITED or (status == 402 and (retry_after is not None or _IN_FLIGHT in everything)):
        return Throttled(sentence, retry_after=retry_after, usage=usage, provider=provider)
    if status in {400, 413, 422} and any(word in everything for word in _TOO_LONG):
        return TextTooLong(
            f"{sentence} The text does not fit into the model; choose one with a longer context.",
            usage=usage,
            provider=provider,
        )
    if is_moderated and status in {400, 403, 422}:
        return Blocked(f"{sentence} The provider blocks this text.", usage=usage, provider=provider)
    if status in _STOPS or (status == 403 and not is_moderated):
        resets_at = _moment(metadata.get("resets_at")) or _moment(error.get("resets_at"))
        until = f" until {resets_at:%Y-%m-%d %H:%M} UTC" if resets_at else ""
        advice = _STOPS.get(status) or (
            f"the budget is used up{until}; raise it or wait until it resets"
            if any(word in everything for word in _BUDGET)
            else "the key may not use this model; correct its permissions"
        )
        wait = max(0.0, (resets_at - datetime.now(UTC)).total_seconds()) if resets_at and status == 403 else None
        stopped = f"{sentence} Reading stopped, because {advice}, then run again: what is done is kept."
        return ModelStopped(stopped, retry_after=wait, usage=usage, provider=provider)
    if 400 <= status < 500 and status not in {408, 409, 425}:
        advice = "The request was not accepted; check that the model supports JSON schema output."
        return Rejected(f"{sentence} {advice}", usage=usage, provider=provider)
    return ProviderUnavailable(sentence, retry_after=retry_after, usage=usage, provider=provider)


def _text(value: object) -> str | None:
    return value[:100] if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    """A moment as ISO 8601, or as seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            moment = datetime.fromisoformat(value.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
