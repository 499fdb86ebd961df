"""A model server in a process of its own that takes only so much and counts what it does: `python -m benchmarks.enrich.server`.

Prints its port; `GET /stats` answers what was served and refused, second by second, and how long it was asked for.
"""

import argparse
import asyncio
import json
import time

_CONTENT: dict[bytes, dict[str, object]] = {
    b"sentiment_answer": {
        "quotes": ["The export fails"],
        "sentiment": "negative",
        "churn_intent": "none",
        "target": "product",
        "resolution": "unsolved",
    },
    b"topics_answer": {"topics": ["Exports"]},
}


def _body(content: dict[str, object]) -> bytes:
    message = {"role": "assistant", "content": json.dumps(content)}
    return json.dumps(
        {
            "id": "gen-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 500, "completion_tokens": 60, "cost": 0.0001},
        }
    ).encode()


class Server:
    """Takes `ceiling` calls at once, or `rate` a second out of a bucket of one second; less while browned out."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._bodies = {mark: _body(content) for mark, content in _CONTENT.items()}
        self._inside = 0
        self._tokens, self._filled_at = float(given.rate or 0), 0.0
        self._began: float | None = None
        self.served: dict[int, int] = {}
        self.refused: dict[int, int] = {}
        self.busy: dict[int, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = await reader.readexactly(length)
                writer.write(self._stats() if head.startswith(b"GET") else await self._answer(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, body: bytes) -> bytes:
        began = time.monotonic()
        if self._began is None:
            self._began = self._filled_at = began
        if not self._takes(began - self._began, began):
            _add(self.refused, began - self._began, 1)
            hint = f"Retry-After: {self._given.retry_after}\r\n" if self._given.retry_after else ""
            return _http("429 Too Many Requests", b'{"error": {"code": 429, "message": "Rate limit exceeded"}}', hint)
        self._inside += 1
        await asyncio.sleep(self._given.latency)
        self._inside -= 1
        ended = time.monotonic() - self._began
        _add(self.served, ended, 1)
        self.busy[int(ended)] = self.busy.get(int(ended), 0.0) + time.monotonic() - began
        mark = b"topics_answer" if b"topics_answer" in body else b"sentiment_answer"
        return _http("200 OK", self._bodies[mark])

    def _takes(self, since: float, now: float) -> bool:
        share = 0.25 if self._given.brown_from <= since < self._given.brown_until else 1.0
        if self._given.rate:
            allowed = self._given.rate * share
            self._tokens = min(allowed, self._tokens + (now - self._filled_at) * allowed)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
        return not self._given.ceiling or self._inside < self._given.ceiling * share

    def _stats(self) -> bytes:
        return _http("200 OK", json.dumps([self.served, self.refused, self.busy]).encode())


def _add(counts: dict[int, int], moment: float, count: int) -> None:
    counts[int(moment)] = counts.get(int(moment), 0) + count


def _http(status: str, body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _run(given: argparse.Namespace) -> None:
    server = await asyncio.start_server(Server(given).serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--ceiling", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--retry-after", default="")
    parser.add_argument("--brown-from", type=float, default=0)
    parser.add_argument("--brown-until", type=float, default=0)
    asyncio.run(_run(parser.parse_args()))
