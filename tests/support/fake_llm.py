"""An OpenAI-compatible model server that answers well by default and badly on request, over real HTTP on a loopback port.

`enqueue` scripts the next answers, for any call or for calls whose ticket contains a text; `storm` refuses everything for a while;
`ceiling` is how many calls it takes at once. `history` is every request that arrived and `paid` those whose answer carried a usage.
That a real client takes it for the real thing is proved with OpenAI's own (tests/contracts/test_fake_llm.py). Whoever adds an
endpoint puts it on `app`.
"""

import asyncio
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from tests.support.fake_sorter import discovered, sorted_as
from tests.support.loopback import LoopbackServer

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost": 0.0001}
MODELS = ("test/model", "test/other")


@dataclass(frozen=True)
class Scripted:
    """One answer: a status, a body, headers, and how long it takes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    is_cut: bool = False
    """Whether the connection breaks in the middle of the body."""


@dataclass(frozen=True)
class Received:
    """One request that arrived."""

    body: dict[str, Any]
    headers: dict[str, str]
    is_paid: bool

    @property
    def task(self) -> str:
        return self.body["response_format"]["json_schema"]["name"].removesuffix("_answer")

    @property
    def ticket(self) -> str:
        return ticket_of(self.body)


def ticket_of(body: dict[str, Any]) -> str:
    """What stands between the two marks of the user message; all of it where there are no marks."""
    said: str = body["messages"][-1]["content"]
    if "\nend of ticket " not in said:
        return said
    return said.rsplit("\nend of ticket ", 1)[0].split("ticket ", 1)[1].split("\n", 1)[1]


def message(content: Any, *, finish_reason: str = "stop", usage: dict[str, Any] | None = None, **more: Any) -> Scripted:
    """A chat completion with this content."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": content, **more}}
    return Scripted(body={"id": "gen-1", "choices": [choice], "usage": USAGE if usage is None else usage})


def answer(**fields: Any) -> Scripted:
    """A well-formed JSON answer."""
    return message(json.dumps(fields))


GARBAGE = message("I am sorry, as a language model I feel that this customer is rather unhappy.")
EMPTY = message("")
WRONG_ENUM = answer(
    quotes=["x"],
    sentiment="furious",
    churn_intent="none",
    target="product",
    resolution="unclear",
    topics=["No such topic"],
)
TRUNCATED = message('{"quotes": ["It is', finish_reason="length")
MALFORMED = message('{"quotes": ["It is"], "sentiment": "negative" "churn_intent": none}')
REFUSAL = message(None, refusal="I cannot help with that")
INVENTED = answer(
    quotes=["We will sue you tomorrow"],
    sentiment="negative",
    churn_intent="none",
    target="product",
    resolution="unclear",
    topics=[],
)
CUT = Scripted(body=message("never seen to its end").body, is_cut=True)
NULL_CHOICES = Scripted(body={"id": "gen-1", "choices": None, "usage": USAGE})
ERROR_INSIDE_200 = Scripted(body={"error": {"code": 502, "message": "Provider returned error"}})
BROKEN_GENERATION = message(None, finish_reason="error")
NO_CREDIT = Scripted(402, {"error": {"code": 402, "message": "Insufficient credits"}})
BAD_KEY = Scripted(401, {"error": {"code": 401, "message": "No auth credentials found"}})
BLOCKED = Scripted(403, {"error": {"code": 403, "message": "Input flagged", "metadata": {"error_type": "moderation"}}})
TOO_LONG = Scripted(400, {"error": {"code": 400, "message": "This model's maximum context length is 8192 tokens"}})
BAD_REQUEST = Scripted(400, {"error": {"code": 400, "message": "response_format is not supported"}})
IN_FLIGHT_BUDGET = Scripted(
    402,
    {"error": {"code": 402, "message": "In-flight", "metadata": {"limit_source": "openrouter_in_flight_budget"}}},
    {"Retry-After": "0"},
)
TOO_HEAVY = Scripted(
    402, {"error": {"code": 402, "message": "Too heavy", "metadata": {"error_type": "weight_exceeds_budget"}}}
)


def budget_spent(resets_at: str) -> Scripted:
    """403 until a budget is renewed."""
    return Scripted(
        403, {"error": {"code": 403, "message": "Budget limit exceeded", "metadata": {"resets_at": resets_at}}}
    )


DOWN = Scripted(503, {"error": {"code": 503, "message": "overloaded"}})
NOT_JSON = Scripted(502, "<html>bad gateway</html>")


def throttled(retry_after: str | None = "0") -> Scripted:
    """429, with or without a hint."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Scripted(429, {"error": {"code": 429, "message": "Rate limit exceeded"}}, headers)


class FakeLLM(LoopbackServer):
    """The server; a context manager.

    Args:
        seconds: How long an answer takes.
        ceiling: How many calls are taken at once; more are refused with `retry_after`.
        provider: Who is said to have served each answer, as OpenRouter does.
        api_key: The only key that is accepted; empty: any, and none.
    """

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        ceiling: int | None = None,
        retry_after: str | None = None,
        provider: str | None = None,
        api_key: str = "",
    ) -> None:
        super().__init__()
        self.history: list[Received] = []
        self.ceiling = ceiling
        self._retry_after = retry_after
        self._provider = provider
        self._api_key = api_key
        self._seconds = seconds
        self._scripts: deque[Scripted] = deque()
        self._scripts_for: dict[str, deque[Scripted]] = {}
        self._storm: tuple[int, float, str | None] = (0, 0.0, None)
        self._lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0
        self.app.post("/v1/chat/completions")(self._complete)
        self.app.get("/v1/models")(self._models)

    @property
    def paid(self) -> list[Received]:
        """The requests that were charged."""
        return [one for one in self.history if one.is_paid]

    def reset(self) -> None:
        """Forget what happened and what was scripted, so that a started server serves another test."""
        with self._lock:
            self.history = []
            self._scripts.clear()
            self._scripts_for.clear()
            self._storm = (0, 0.0, None)
            self.most_in_flight = 0

    def enqueue(self, *scripts: Scripted, where: str | None = None) -> None:
        """Answer the next calls (of tickets containing `where`) like this; afterwards well again."""
        with self._lock:
            (self._scripts if where is None else self._scripts_for.setdefault(where, deque())).extend(scripts)

    def storm(self, *, calls: int = 0, seconds: float = 0.0, retry_after: str | None = None) -> None:
        """Refuse the next so many calls, or all for so many seconds."""
        with self._lock:
            self._storm = (calls, time.monotonic() + seconds, retry_after)

    async def _models(self, request: Request) -> Response:
        if (refused := self._unknown(request)) is not None:
            return _response(refused, {})
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in MODELS]
        return _response(Scripted(body={"object": "list", "data": data}), {})

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        script = self._unknown(request) or self._too_much() or self._next(body)
        payload = script.body if isinstance(script.body, str) else json.dumps(script.body)
        with self._lock:
            self.history.append(Received(body, dict(request.headers), '"usage"' in payload))
            if script.status != 429:
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(script.seconds or (0 if script.status == 429 else self._seconds))
        finally:
            if script.status != 429:
                with self._lock:
                    self.in_flight -= 1
        return _response(script, body, self._provider)

    def _unknown(self, request: Request) -> Scripted | None:
        is_known = not self._api_key or request.headers.get("authorization") == f"Bearer {self._api_key}"
        return None if is_known else BAD_KEY

    def _too_much(self) -> Scripted | None:
        with self._lock:
            calls, until, retry_after = self._storm
            if calls > 0:
                self._storm = (calls - 1, until, retry_after)
            if calls > 0 or time.monotonic() < until:
                return throttled(retry_after)
            is_full = self.ceiling is not None and self.in_flight >= self.ceiling
            return throttled(self._retry_after) if is_full else None

    def _next(self, body: dict[str, Any]) -> Scripted:
        text = ticket_of(body)
        with self._lock:
            for where, scripts in self._scripts_for.items():
                if where in text and scripts:
                    return scripts.popleft()
            if self._scripts:
                return self._scripts.popleft()
        return _well(body, text)


class _Cut(Response):
    """A response whose connection breaks in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        raise ConnectionError("cut, as scripted")


def _response(script: Scripted, request: dict[str, Any], provider: str | None = None) -> Response:
    if not isinstance(script.body, dict) or not script.body.get("choices"):
        content = script.body if isinstance(script.body, str) else json.dumps(script.body)
        made = _Cut if script.is_cut else Response
        return made(content, script.status, script.headers, media_type="application/json")
    named = {"object": "chat.completion", "created": int(time.time()), "model": request.get("model", MODELS[0])}
    whole = {**named, **({"provider": provider} if provider else {}), **script.body}
    if request.get("stream"):
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in _chunks(whole)) + "data: [DONE]\n\n"
        return Response(events, script.status, script.headers, media_type="text/event-stream")
    made = _Cut if script.is_cut else Response
    return made(json.dumps(whole), script.status, script.headers, media_type="application/json")


def _chunks(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """A completion as the events of a stream: role, content in two parts, the end, the usage."""
    [choice] = whole["choices"]
    content = choice["message"]["content"] or ""
    half = len(content) // 2
    deltas = [{"role": "assistant", "content": ""}, {"content": content[:half]}, {"content": content[half:]}, {}]
    base = {**whole, "object": "chat.completion.chunk", "usage": None}
    return [
        *(
            {
                **base,
                "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else choice["finish_reason"]}],
            }
            for delta in deltas
        ),
        {**base, "choices": [], "usage": whole["usage"]},
    ]


def _well(body: dict[str, Any], text: str) -> Scripted:
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is None:
        return message("Hello.")
    if "topics" in schema["properties"]:
        if "enum" not in schema["properties"]["topics"]["items"]:
            return answer(**discovered(text))
        names = schema["properties"]["topics"]["items"]["enum"]
        if (taught := sorted_as(body["messages"][0]["content"], text)) is not None:
            return answer(topics=taught)
        fitting = [name for name in names if name.split()[0].lower() in text.lower()]
        return answer(topics=fitting[:2] or ["none"])
    is_angry = "unacceptable" in text.lower()
    return answer(
        quotes=[text.rpartition("\n\n")[2].partition(". ")[0]],
        sentiment="very_negative" if is_angry else "neutral",
        churn_intent="explicit" if "cancel" in text.lower() else "none",
        target="support" if is_angry else "product",
        resolution="unsolved" if is_angry else "unclear",
    )
