"""An OpenAI-compatible model server that answers well by default and badly on request, over real HTTP on a loopback port.

`enqueue` scripts the next answers, for any call or for calls whose ticket contains a text; `history` is every request that arrived.
A call counts as paid when its answer carried a usage.
"""

import asyncio
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from fastapi import FastAPI, Request, Response

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "cost": 0.0001}


@dataclass(frozen=True)
class Scripted:
    """One answer: a status, a body, headers, and how long it takes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


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
    """What stands between the two marks of the user message."""
    said: str = body["messages"][-1]["content"]
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
NULL_CHOICES = Scripted(body={"id": "gen-1", "choices": None, "usage": USAGE})
ERROR_INSIDE_200 = Scripted(body={"error": {"code": 502, "message": "Provider returned error"}})
BROKEN_GENERATION = message(None, finish_reason="error")
NO_CREDIT = Scripted(402, {"error": {"code": 402, "message": "Insufficient credits"}})
BAD_KEY = Scripted(401, {"error": {"code": 401, "message": "No auth credentials found"}})
BLOCKED = Scripted(403, {"error": {"code": 403, "message": "Input flagged", "metadata": {"error_type": "moderation"}}})
TOO_LONG = Scripted(400, {"error": {"code": 400, "message": "This model's maximum context length is 8192 tokens"}})
BAD_REQUEST = Scripted(400, {"error": {"code": 400, "message": "response_format is not supported"}})
DOWN = Scripted(503, {"error": {"code": 503, "message": "overloaded"}})
NOT_JSON = Scripted(502, "<html>bad gateway</html>")


def throttled(retry_after: str | None = "0") -> Scripted:
    """429, with or without a hint."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Scripted(429, {"error": {"code": 429, "message": "Rate limit exceeded"}}, headers)


class FakeLLM:
    """The server; a context manager."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.history: list[Received] = []
        self._seconds = seconds
        self._scripts: deque[Scripted] = deque()
        self._scripts_for: dict[str, deque[Scripted]] = {}
        self._lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0
        app = FastAPI()
        app.post("/v1/chat/completions")(self._complete)
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """Base URL of the API."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/v1"

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
            self.most_in_flight = 0

    def enqueue(self, *scripts: Scripted, where: str | None = None) -> None:
        """Answer the next calls (of tickets containing `where`) like this; afterwards well again."""
        with self._lock:
            (self._scripts if where is None else self._scripts_for.setdefault(where, deque())).extend(scripts)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the fake model server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=20)

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        script = self._next(body)
        payload = script.body if isinstance(script.body, str) else json.dumps(script.body)
        with self._lock:
            self.history.append(Received(body, dict(request.headers), '"usage"' in payload))
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(script.seconds or self._seconds)
        finally:
            with self._lock:
                self.in_flight -= 1
        return Response(payload, script.status, script.headers, media_type="application/json")

    def _next(self, body: dict[str, Any]) -> Scripted:
        text = ticket_of(body)
        with self._lock:
            for where, scripts in self._scripts_for.items():
                if where in text and scripts:
                    return scripts.popleft()
            if self._scripts:
                return self._scripts.popleft()
        return _well(body, text)


def _well(body: dict[str, Any], text: str) -> Scripted:
    schema = body["response_format"]["json_schema"]["schema"]
    if "topics" in schema["properties"]:
        names = schema["properties"]["topics"]["items"]["enum"]
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
