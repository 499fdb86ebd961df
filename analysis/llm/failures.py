"""How a model call fails, each class with its own action; classified by what the server says in fields, not by its prose.

| class | the driver |
|---|---|
| `Throttled` | waits as told, lowers concurrency, asks again; uses no attempt |
| `ProviderUnavailable` | asks again with growing pauses; three times while others succeed, then leaves it for another run |
| `Rejected` | leaves it for another run; stops when nothing else ever succeeded |
| `Blocked`, `TextTooLong` | dead letter, never asked again |
| `ModelStopped` | stops the step, leaves what is open as it was |
"""

from collections.abc import Mapping
from typing import Any

from analysis.analyzer import Usage
from core.errors import Terminal, Transient


class Throttled(Transient):
    """The server asks for fewer calls."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderUnavailable(Transient):
    """No answer this time: overload, time-out, a broken connection, an empty or broken-off generation."""

    def __init__(self, message: str, *, retry_after: float | None = None, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.usage = usage or Usage()
        """What was charged all the same."""


class Rejected(Terminal):
    """The server does not accept this request."""


class Blocked(Terminal):
    """The server's moderation does not let this text through."""


class TextTooLong(Terminal):
    """The text does not fit into the model's context."""


class ModelStopped(Terminal):
    """No further call can succeed until a person acts: key refused, no credit, budget used up, unknown model."""


_STOPS = {
    401: "the API key was refused; set LLM_API_KEY to a valid key",
    402: "the account has no credit left; add credit or raise the key's limit",
    404: "the model or the path does not exist there; correct LLM_MODEL or LLM_BASE_URL",
}
_LIMITED = frozenset({"rate_limit_exceeded", "rate_limit", "rate_limited", "too_many_requests"})
_MODERATED = ("moderation", "guardrail", "content_filter", "content_policy", "injection", "flagged")
_TOO_LONG = ("context_length", "context length", "maximum context", "too many tokens", "prompt is too long")
_BUDGET = ("budget", "limit exceeded", "key limit", "quota")


def failure(
    status: int, error: Mapping[str, Any], *, where: str, retry_after: float | None, usage: Usage | None = None
) -> Terminal | Transient:
    """The failure that a status and an `error` object (inside a 200 as well) stand for.

    Args:
        status: HTTP status; for an error inside a 200, the error's own `code` where it has one.
        error: The error object: `message`, `code`, `type`, `metadata.error_type`.
        where: The model and server, for the sentence.
        retry_after: Seconds the server asked to wait, if it did.
        usage: What was charged all the same.
    """
    metadata = error.get("metadata")
    kind = str((metadata.get("error_type") if isinstance(metadata, dict) else None) or error.get("type") or "").lower()
    said = str(error.get("message") or "no reason given")[:300]
    everything = f"{kind} {error.get('code')} {said} {metadata}".lower()
    sentence = f"{where} answered {status}: {said}."
    is_moderated = any(word in everything for word in _MODERATED)
    if status == 429 or kind in _LIMITED or (status == 402 and retry_after is not None):
        return Throttled(sentence, retry_after)
    if status in {400, 413, 422} and any(word in everything for word in _TOO_LONG):
        return TextTooLong(f"{sentence} The text does not fit into the model; choose a model with a longer context.")
    if is_moderated and status in {400, 403, 422}:
        return Blocked(f"{sentence} The provider blocks this text.")
    if status in _STOPS or (status == 403 and not is_moderated):
        advice = _STOPS.get(status) or (
            "the budget is used up; raise it or wait until it resets"
            if any(word in everything for word in _BUDGET)
            else "the key may not use this model; correct its permissions"
        )
        return ModelStopped(f"{sentence} Reading stopped, because {advice}, then run again: what is done is kept.")
    if 400 <= status < 500 and status not in {408, 409, 425}:
        return Rejected(f"{sentence} The request was not accepted; check that the model supports JSON schema output.")
    return ProviderUnavailable(sentence, retry_after=retry_after, usage=usage)
