"""From one response body to a reply, or to the failure it stands for: the same whether it came by itself or in a batch."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from analysis.analyzer import Reply, Usage
from analysis.llm.failures import Blocked, ProviderUnavailable, failure
from analysis.llm.price import UNKNOWN_PRICE, Price

_LONGEST_RETRY_AFTER = 3600.0


def reply_in(
    payload: Mapping[str, Any],
    *,
    raw: str,
    status: int = 200,
    where: str,
    retry_after: float | None = None,
    latency_ms: int = 0,
    price: Price = UNKNOWN_PRICE,
) -> Reply:
    """The reply in a response body.

    Args:
        payload: The body as an object; empty where it is none.
        raw: The body as it came.
        status: The HTTP status it came with.
        where: The model and server, for the sentence.
        retry_after: Seconds the server asked to wait, if it did.
        latency_ms: How long it took; 0 in a batch, where nobody waited for this one.
        price: What tokens cost where the server names no cost.

    Raises:
        ModelCallError: A subclass says what to do, see `analysis.llm.failures`.
    """
    usage = usage_in(payload, latency_ms, price)
    said = payload.get("error")
    if status != 200 or said:
        fields = said if isinstance(said, Mapping) else {"message": said or raw[:300]}
        raise failure(
            status if status != 200 else error_code(fields), fields, where=where, retry_after=retry_after, usage=usage
        )
    served_by = payload.get("provider")
    provider = served_by if isinstance(served_by, str) and served_by else None
    choice = first_choice(payload)
    if choice is None:
        raise ProviderUnavailable(f"{where} answered without a choice.", usage=usage, provider=provider)
    if choice.get("finish_reason") == "content_filter":
        sentence = f"{where} broke off: its content filter does not let this text through."
        raise Blocked(sentence, usage=usage, provider=provider)
    error = choice.get("error")
    if choice.get("finish_reason") == "error" or error:
        fields = dict(error) if isinstance(error, Mapping) else {"message": error or "the generation broke off"}
        if provider:
            told = fields.get("metadata")
            fields["metadata"] = {"provider_name": provider, **(told if isinstance(told, Mapping) else {})}
        raise failure(error_code(fields), fields, where=where, retry_after=None, usage=usage)
    identifier = payload.get("id")
    return Reply(
        raw=raw,
        usage=usage,
        generation_id=identifier if isinstance(identifier, str) else None,
        provider=provider,
    )


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a body, if it is one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def first_choice(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first choice of a response body, or None where there is none with a message."""
    choices = payload.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) and isinstance(choice.get("message"), dict) else None


def usage_in(payload: Mapping[str, Any], latency_ms: int = 0, price: Price = UNKNOWN_PRICE) -> Usage:
    """What a response body says it cost; by the price a person set where it does not say, and 0 where nobody does."""
    usage = payload.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    sent, received = int(_number(usage.get("prompt_tokens"))), int(_number(usage.get("completion_tokens")))
    # A cost of 0 is a cost: free models name it.
    cost = price.usd(sent, received) if usage.get("cost") is None else _number(usage["cost"])
    return Usage(input_tokens=sent, output_tokens=received, cost_usd=cost, latency_ms=latency_ms)


def error_code(error: Mapping[str, Any]) -> int:
    """The HTTP status that an error object names; 502 where it names none."""
    code = str(error.get("code") or error.get("status") or "")
    return int(code) if code.isdigit() and 400 <= int(code) < 600 else 502


def retry_after_seconds(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header, which is a number or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if seconds == seconds else None  # noqa: PLR0124 - not a number


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return 0.0
    return max(0.0, float(value))
