"""The model server of the tests with the account behind its API key: what it counted, in all and reply by reply."""

from typing import Any

from fastapi import Response

from tests.support.fake_llm import USAGE, FakeLLM


class FakeAccount(FakeLLM):
    """Counts every request that it charged, whether or not whoever sent it was still there for the answer."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        super().__init__(seconds=seconds)
        self.app.get("/v1/key")(self._key)
        self.app.get("/v1/generation")(self._generation)

    @property
    def usage_usd(self) -> float:
        """US dollars charged so far."""
        return len(self.paid) * float(USAGE["cost"])

    def _key(self) -> dict[str, Any]:
        return {"data": {"label": "sk-test", "usage": self.usage_usd, "usage_monthly": self.usage_usd, "limit": None}}

    def _generation(self, id: str) -> Response:  # noqa: A002 - the parameter's name
        if id != "gen-1":
            return Response('{"error": {"code": 404, "message": "no such generation"}}', 404)
        return Response(f'{{"data": {{"id": "gen-1", "total_cost": {USAGE["cost"]}}}}}', media_type="application/json")
