"""OpenAI's batches: a file of requests goes up, a file of results and a file of errors come down.

`POST /files` (purpose `batch`), `POST /batches` {input_file_id, endpoint, completion_window, metadata}. Our key stands in the
metadata and in the file's name, so a batch whose submission nobody saw through is found again, and a file without a
batch is removed. At most 50,000 requests and 200 MB a file. A batch that expires or is cancelled leaves what it finished.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from analysis.batches.client import (
    CHAT_COMPLETIONS,
    CLOCK_SKEW_SECONDS,
    BatchStatus,
    Line,
    ResultLine,
    Sighting,
    Standing,
)
from analysis.batches.http import BatchApi, mapping, result_line, seconds, text
from analysis.batches.posting import submit_once
from analysis.journal import BatchRecord
from analysis.llm.replies import json_object
from core import chaos

_KEY: Final = "churnboard_batch"
_FILES: Final = ("input_file_id", "output_file_id", "error_file_id")
_LIMITS: Final = ("limit_exceeded", "rate_limit", "quota")


class OpenAIBatches:
    """See `BatchClient`."""

    provider = "openai"

    def __init__(self, *, base_url: str, api_key: SecretStr, model: str) -> None:
        self._api = BatchApi(base_url=base_url, api_key=api_key, model=model)

    def submit(self, batch_key: str, lines: Sequence[Line]) -> Standing:
        """See `BatchClient.submit`."""
        head = f'"method":"POST","url":{json.dumps(CHAT_COMPLETIONS)}'
        content = "".join(f'{{"custom_id":{json.dumps(line.custom_id)},{head},"body":{line.body}}}\n' for line in lines)
        upload = self._api.json(
            "POST",
            "/files",
            data={"purpose": "batch"},
            files={"file": (_file_name(batch_key), content.encode(), "application/jsonl")},
        )
        chaos.point("enrich.after_batch_upload")
        payload = submit_once(
            self._api,
            "/batches",
            json={
                "input_file_id": mapping(upload).get("id"),
                "endpoint": CHAT_COMPLETIONS,
                "completion_window": "24h",
                "metadata": {_KEY: batch_key},
            },
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
        for name in ("output_file_id", "error_file_id"):
            file_id = text(standing.body.get(name))
            answer = file_id and self._api.response("GET", f"/files/{file_id}/content", missing_ok=True)
            if not answer:
                continue
            for written in answer.text.split("\n"):
                if item := json_object(written):
                    yield result_line(item)

    def find(self, batch: BatchRecord, keys: Collection[str], known: Collection[str]) -> Standing | Sighting:  # noqa: ARG002 - the metadata say enough
        """See `BatchClient.find`."""
        since = batch.intended_at - timedelta(seconds=CLOCK_SKEW_SECONDS)
        for item in self._api.items("/batches", since):
            if mapping(item.get("metadata")).get(_KEY) == batch.batch_key:
                return _standing(item)
        for item in self._api.items("/files", since, purpose="batch"):
            if item.get("filename") == _file_name(batch.batch_key):
                self._api.json("DELETE", f"/files/{item.get('id')}", missing_ok=True)
        return Sighting.ABSENT

    def cancel(self, provider_batch_id: str) -> Standing:
        """See `BatchClient.cancel`."""
        payload = self._api.json("POST", f"/batches/{provider_batch_id}/cancel", missing_ok=True)
        return Standing(provider_batch_id, BatchStatus.MISSING) if payload is None else _standing(payload)

    def clear(self, standing: Standing) -> None:
        """See `BatchClient.clear`."""
        for name in _FILES:
            if file_id := text(standing.body.get(name)):
                self._api.json("DELETE", f"/files/{file_id}", missing_ok=True)

    def close(self) -> None:
        """See `BatchClient.close`."""
        self._api.close()


def _file_name(batch_key: str) -> str:
    return f"churnboard-{batch_key}.jsonl"


def _standing(payload: Mapping[str, Any]) -> Standing:
    errors = [error for error in mapping(payload.get("errors")).get("data") or [] if isinstance(error, Mapping)]
    codes = " ".join(str(error.get("code")) for error in errors).lower()
    said = "; ".join(str(error.get("message") or error.get("code")) for error in errors[:3])
    return Standing(
        provider_batch_id=str(payload.get("id")),
        status=BatchStatus.told(payload.get("status")),
        created_at=seconds(payload.get("created_at")),
        expires_at=seconds(payload.get("expires_at")),
        reason=said or None,
        is_limit=any(word in codes for word in _LIMITS),
        body=payload,
    )
