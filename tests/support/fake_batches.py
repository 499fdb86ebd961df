"""Batch endpoints of both kinds over real HTTP, beside the chat completions of a `FakeLLM`: OpenRouter's and OpenAI's.

A batch that is handed in runs for `seconds`, then every request in it is answered as the `FakeLLM` would answer it, at half the
price and in another order. `plan` makes the next batches go wrong in one way each. Which dialect a batch speaks is told by how it
was handed in. `paid` counts, per `custom_id`, how often a batch charged for it.
"""

import asyncio
import json
import random
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tests.support.fake_llm import USAGE, FakeLLM, ticket_of
from tests.support.loopback import LoopbackServer

HALF = {**USAGE, "cost": USAGE["cost"] / 2}
WINDOW_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Plan:
    """How one batch goes."""

    seconds: float | None = None
    """How long it runs; None: as the server is set; `float("inf")`: until somebody ends it."""

    refusal: str | None = None
    """It is accepted and then refused as a whole, with this message."""

    refusal_code: str = "invalid_request"
    status: int | None = None
    """The submission itself is answered with this status and the refusal's message."""

    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False
    """The submission is accepted, and the connection closed before its answer is complete."""

    expires_after: int | None = None
    """The window ends once so many requests are answered."""

    failing: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Requests whose ticket contains a text fail with an error: {"status": 400, "message": …}."""

    dropped: tuple[str, ...] = ()
    """Requests whose ticket contains one of these get no result at all."""


@dataclass
class Batch:
    """One batch as the server holds it."""

    id: str
    is_openai: bool
    lines: list[dict[str, Any]]
    model: str
    plan: Plan
    created_at: float
    metadata: dict[str, str] = field(default_factory=dict)
    input_file_id: str = ""
    output_file_id: str | None = None
    error_file_id: str | None = None
    status: str = "validating"
    results: list[dict[str, Any]] = field(default_factory=list)
    is_deleted: bool = False
    routing: dict[str, Any] = field(default_factory=dict)


class FakeBatches(LoopbackServer):
    """The server; a context manager. `llm` answers the single calls and decides what a batch answers."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        super().__init__()
        self.llm = FakeLLM()
        self.seconds = seconds
        self.paid: Counter[str] = Counter()
        self.batches: dict[str, Batch] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.has_listing = True
        self._plans: deque[Plan] = deque()
        self._lock = threading.RLock()
        self.app.post("/v1/chat/completions")(self.llm._complete)
        self.app.post("/v1/files")(self._upload)
        self.app.get("/v1/files")(self._list_files)
        self.app.get("/v1/files/{file_id}/content")(self._content)
        self.app.delete("/v1/files/{file_id}")(self._delete_file)
        self.app.post("/v1/batches")(self._submit)
        self.app.get("/v1/batches")(self._list)
        self.app.get("/v1/batches/{batch_id}")(self._get)
        self.app.post("/v1/batches/{batch_id}/cancel")(self._cancel)
        self.app.delete("/v1/batches/{batch_id}")(self._delete)

    @property
    def charged(self) -> int:
        """Calls that were charged, in batches and by themselves."""
        return self.paid.total() + len(self.llm.paid)

    def plan(self, *plans: Plan) -> None:
        """Make the next batches go like this."""
        with self._lock:
            self._plans.extend(plans)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.llm.reset()
            self.seconds = 0.0
            self.has_listing = True
            for held in (self.paid, self.batches, self.files, self.requests, self._plans):
                held.clear()

    def finish(self) -> None:
        """End every batch that is running, now."""
        with self._lock:
            for batch in self.batches.values():
                self._advance(batch, is_due=True)

    # -- handing in -----------------------------------------------------------------------------------------------------

    async def _submit(self, request: Request) -> Response:
        raw = (await request.body()).decode()
        body = json.loads(raw)
        with self._lock:
            self.requests.append("POST /batches")
            plan = self._plans.popleft() if self._plans else Plan()
            if plan.status is not None:
                return _error(plan.status, plan.refusal or "refused", plan.headers)
            if "requests" in body:
                # The real one reads the body as a stream.
                if list(body)[-1] != "requests":
                    return _error(400, "everything else must precede requests")
                lines, model = body["requests"], body["model"]
                if not all(len(line["custom_id"]) <= 64 for line in lines):
                    return _error(400, "custom_id is too long")
            else:
                held = self.files.get(body["input_file_id"])
                if held is None:
                    return _error(404, "no such file")
                lines = [json.loads(line) for line in held["content"].splitlines()]
                model = lines[0]["body"]["model"]
            if any(line["body"].get("model", model) != model for line in lines):
                return _error(400, "one model a batch")
            if len({line["custom_id"] for line in lines}) != len(lines):
                return _error(400, "custom_id is not unique")
            batch = Batch(
                id=f"batch_{uuid.uuid4().hex[:12]}",
                is_openai="requests" not in body,
                lines=lines,
                model=model,
                plan=plan,
                created_at=time.time(),
                metadata=body.get("metadata") or {},
                input_file_id=body.get("input_file_id", ""),
                routing=body.get("provider") or {},
            )
            self.batches[batch.id] = batch
            answer = JSONResponse(self._object(batch), 200 if batch.is_openai else 202)
        if plan.is_lost:
            return StreamingResponse(_breaking_off(), 202, {"Content-Length": "1000"})
        return answer

    async def _upload(self, request: Request) -> Response:
        form = await request.form()
        sent: Any = form["file"]
        if form.get("purpose") != "batch":
            return _error(400, "purpose must be batch")
        content = (await sent.read()).decode()
        with self._lock:
            return JSONResponse(_file(self._store(content, sent.filename, "batch")))

    # -- looking --------------------------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        with self._lock:
            self.requests.append("GET /batches")
            if not self.has_listing:
                return _error(404, "not found")
            held = [batch for batch in self.batches.values() if not batch.is_deleted]
            objects = [self._object(self._advance(batch), is_listed=True) for batch in reversed(held)]
        return JSONResponse(_page(objects, request))

    async def _list_files(self, request: Request) -> Response:
        with self._lock:
            purpose = request.query_params.get("purpose")
            held = [one for one in reversed(self.files.values()) if purpose in {None, one["purpose"]}]
            return JSONResponse(_page([_file(one) for one in held], request))

    async def _get(self, batch_id: str) -> Response:
        with self._lock:
            self.requests.append("GET /batches/{id}")
            batch = self.batches.get(batch_id)
            if batch is None or batch.is_deleted:
                return _error(404, "no such batch")
            return JSONResponse(self._object(self._advance(batch)))

    async def _content(self, file_id: str) -> Response:
        with self._lock:
            held = self.files.get(file_id)
            return Response(held["content"]) if held else _error(404, "no such file")

    # -- ending ---------------------------------------------------------------------------------------------------------

    async def _cancel(self, batch_id: str) -> Response:
        with self._lock:
            batch = self.batches.get(batch_id)
            if batch is None or not batch.is_openai:
                return _error(404, "not found")
            if batch.status in {"validating", "in_progress"}:
                self._answer(batch, most=len(batch.lines) // 2, over="batch_cancelled")
                batch.status = "cancelled"
            return JSONResponse(self._object(batch))

    async def _delete(self, batch_id: str) -> Response:
        with self._lock:
            batch = self.batches.get(batch_id)
            if batch is None or batch.is_deleted or batch.is_openai:
                return _error(404, "no such batch")
            if batch.status in {"validating", "in_progress"}:
                return _error(409, "still in progress")
            batch.is_deleted, batch.results, batch.lines = True, [], []
            return JSONResponse({"id": batch_id, "object": "batch", "deletion": {"openrouter": "deleted"}})

    async def _delete_file(self, file_id: str) -> Response:
        with self._lock:
            if self.files.pop(file_id, None) is None:
                return _error(404, "no such file")
            return JSONResponse({"id": file_id, "object": "file", "deleted": True})

    def _advance(self, batch: Batch, *, is_due: bool = False) -> Batch:
        seconds = self.seconds if batch.plan.seconds is None else batch.plan.seconds
        if batch.status not in {"validating", "in_progress"} or not (
            is_due or time.time() - batch.created_at >= seconds
        ):
            return batch
        if batch.plan.refusal is not None:
            batch.status = "failed"
        elif batch.plan.expires_after is not None:
            self._answer(batch, most=batch.plan.expires_after, over="batch_expired")
            batch.status = "expired"
        else:
            self._answer(batch, most=len(batch.lines), over="")
            batch.status = "completed"
        return batch

    def _answer(self, batch: Batch, *, most: int, over: str) -> None:
        usage = USAGE if batch.is_openai else HALF
        usage = {name: value for name, value in usage.items() if name != "cost" or not batch.is_openai}
        for number, line in enumerate(batch.lines):
            text = ticket_of(line["body"])
            result: dict[str, Any] = {"id": f"req_{number}", "custom_id": line["custom_id"], "response": None}
            failing = next((error for where, error in batch.plan.failing.items() if where in text), None)
            if any(where in text for where in batch.plan.dropped):
                continue
            if number >= most:
                batch.results.append({**result, "error": {"code": over, "message": "not made in time"}})
            elif failing:
                said = {"status_code": failing["status"], "request_id": "r", "body": {"error": failing}}
                error = {"message": failing["message"], "code": failing["status"]}
                batch.results.append(
                    {**result, "response": said, "error": None} if batch.is_openai else {**result, "error": error}
                )
            else:
                answer = self.llm._next(line["body"]).body
                if "usage" in answer:
                    answer = {**answer, "usage": usage}
                    self.paid[line["custom_id"]] += 1
                response = {"status_code": 200, "request_id": "r", "body": answer}
                batch.results.append({**result, "response": response, "error": None})
        random.shuffle(batch.results)
        if batch.is_openai:
            good = [one for one in batch.results if one["response"] and one["response"]["status_code"] == 200]
            bad = [one for one in batch.results if one not in good]
            batch.output_file_id = self._written(good, batch)
            batch.error_file_id = self._written(bad, batch)

    def _written(self, results: list[dict[str, Any]], batch: Batch) -> str | None:
        if not results:
            return None
        content = "".join(json.dumps(one) + "\n" for one in results)
        name: str = self._store(content, f"{batch.id}.jsonl", "batch_output")["id"]
        return name

    def _store(self, content: str, name: str, purpose: str) -> dict[str, Any]:
        held = {
            "id": f"file-{uuid.uuid4().hex[:12]}",
            "content": content,
            "filename": name,
            "purpose": purpose,
            "created_at": int(time.time()),
        }
        self.files[held["id"]] = held
        return held

    def _object(self, batch: Batch, *, is_listed: bool = False) -> dict[str, Any]:
        done = sum(1 for one in batch.results if one["response"] and one["response"]["status_code"] == 200)
        counts = {"total": len(batch.lines), "completed": done, "failed": len(batch.results) - done}
        shared = {
            "id": batch.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "status": batch.status,
            "created_at": int(batch.created_at),
            "expires_at": int(batch.created_at) + WINDOW_SECONDS,
            "request_counts": counts,
        }
        is_failed = batch.status == "failed"
        if batch.is_openai:
            errors = {"object": "list", "data": [{"code": batch.plan.refusal_code, "message": batch.plan.refusal}]}
            return {
                **shared,
                "input_file_id": batch.input_file_id,
                "output_file_id": batch.output_file_id,
                "error_file_id": batch.error_file_id,
                "metadata": batch.metadata,
                "errors": errors if is_failed else None,
            }
        is_over = batch.status not in {"validating", "in_progress"}
        listed = {
            **shared,
            "model": batch.model,
            "provider": None,
            "finalized_at": int(time.time()) if is_over else None,
            "usage": None,
            "error": {"message": batch.plan.refusal} if is_failed else None,
        }
        return listed if is_listed else {**listed, "results": batch.results if is_over else None}


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": status, "message": message}}, status, headers)


def _file(held: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in held.items() if name != "content"}
    return {**shown, "object": "file", "bytes": len(held["content"]), "status": "processed"}


def _page(objects: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    ids = [one["id"] for one in objects]
    after = request.query_params.get("after")
    start = ids.index(after) + 1 if after in ids else 0
    limit = int(request.query_params.get("limit", "20"))
    page = objects[start : start + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + limit < len(objects),
    }


async def _breaking_off() -> AsyncIterator[bytes]:
    yield b'{"id": '
    await asyncio.sleep(0.01)
    raise ConnectionResetError("as planned")
