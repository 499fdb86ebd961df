"""OpenRouter's batches: requests inline in one JSON body, results inline in the answer.

`POST /batches` {endpoint, model, requests}: the server reads the body as a stream and refuses one in which `requests` comes first.
202 means stored, not valid. There is no metadata, so a batch whose submission nobody saw through is recognised by the
`custom_id`s of its results; there is no way to cancel. At most 5,000 requests and 200 MB a batch.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from analysis.batches.client import (
    CHAT_COMPLETIONS,
    CLOCK_SKEW_SECONDS,
    BatchStatus,
    Line,
    NotCancellable,
    ResultLine,
    Sighting,
    Standing,
)
from analysis.batches.http import BatchApi, mapping, result_line, seconds, text
from analysis.batches.posting import submit_once
from analysis.journal import BatchRecord


class OpenRouterBatches:
    """See `BatchClient`."""

    provider = "openrouter"

    def __init__(self, *, base_url: str, api_key: SecretStr, model: str, providers: Sequence[str] = ()) -> None:
        self._api = BatchApi(base_url=base_url, api_key=api_key, model=model)
        self._routing = f',"provider":{json.dumps({"only": list(providers)})}' if providers else ""

    def submit(self, batch_key: str, lines: Sequence[Line]) -> Standing:  # noqa: ARG002 - there is nowhere to put the key
        """See `BatchClient.submit`."""
        requests = ",".join(f'{{"custom_id":{json.dumps(line.custom_id)},"body":{line.body}}}' for line in lines)
        head = f'{{"endpoint":{json.dumps(CHAT_COMPLETIONS)},"model":{json.dumps(self._api.model)}{self._routing}'
        payload = submit_once(
            self._api,
            "/batches",
            content=f'{head},"completion_window":"24h","requests":[{requests}]}}'.encode(),
            headers={"Content-Type": "application/json"},
        )
        return _standing(payload)

    def standing(self, provider_batch_id: str) -> Standing:
        """See `BatchClient.standing`."""
        payload = self._api.json("GET", f"/batches/{provider_batch_id}", missing_ok=True)
        return Standing(provider_batch_id, BatchStatus.MISSING) if payload is None else _standing(payload)

    def listed(self, since: datetime) -> Iterator[Standing]:
        """See `BatchClient.listed`."""
        for item in self._api.items("/batches", since):
            yield _standing(item)

    def results(self, standing: Standing) -> Iterable[ResultLine]:
        """See `BatchClient.results`."""
        for item in standing.body.get("results") or []:
            if isinstance(item, Mapping):
                yield result_line(item)

    def find(self, batch: BatchRecord, keys: Collection[str], known: Collection[str]) -> Standing | Sighting:
        """See `BatchClient.find`."""
        sighting = Sighting.ABSENT
        since = batch.intended_at - timedelta(seconds=CLOCK_SKEW_SECONDS)
        for item in self._api.items("/batches", since):
            if item.get("id") in known or not _could_be(item, batch):
                continue
            candidate = self.standing(str(item["id"]))
            if candidate.status is BatchStatus.PENDING:
                sighting = Sighting.UNSURE
            elif any(line.custom_id in keys for line in self.results(candidate)):
                return candidate
        return sighting

    def cancel(self, provider_batch_id: str) -> Standing:
        """See `BatchClient.cancel`."""
        raise NotCancellable(
            f"OpenRouter cannot call off batch {provider_batch_id}: it ends by itself, within its window. What it finishes is "
            f"collected and paid."
        )

    def clear(self, standing: Standing) -> None:
        """See `BatchClient.clear`."""
        self._api.json("DELETE", f"/batches/{standing.provider_batch_id}", missing_ok=True)

    def close(self) -> None:
        """See `BatchClient.close`."""
        self._api.close()


def _standing(payload: Mapping[str, Any]) -> Standing:
    reason = text(mapping(payload.get("error")).get("message"))
    return Standing(
        provider_batch_id=str(payload.get("id")),
        status=BatchStatus.told(payload.get("status")),
        created_at=seconds(payload.get("created_at")),
        expires_at=seconds(payload.get("expires_at")),
        reason=reason,
        is_limit=bool(reason) and any(word in str(reason).lower() for word in ("rate limit", "enqueued", "too many")),
        body=payload,
    )


def _could_be(item: Mapping[str, Any], batch: BatchRecord) -> bool:
    total = seconds(mapping(item.get("request_counts")).get("total"))
    # Requests are counted while a batch is checked.
    is_counted = item.get("status") != "validating"
    return item.get("model") in {batch.model, f"{batch.model}:batch"} and (total == batch.call_count or not is_counted)
