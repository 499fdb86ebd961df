"""One POST that may cost money: what its answer, or the lack of one, says about whether the provider has the batch."""

from typing import Any

import httpx

from analysis.batches.client import BatchRefused, SubmissionUnknown
from analysis.batches.http import BatchApi
from analysis.llm.failures import ProviderUnavailable
from analysis.llm.replies import json_object
from core import chaos


def submit_once(api: BatchApi, path: str, **options: Any) -> dict[str, Any]:
    """POST a batch, never twice; returns the batch object.

    Raises:
        ProviderUnavailable: It was not sent.
        Throttled, Rejected, ModelStopped: It was refused.
        BatchRefused: The server knows no batches.
        SubmissionUnknown: It may have been taken: the connection broke, or a server on the way answered for it.
    """
    chaos.point("enrich.before_batch_post")
    try:
        response = api.post_once(path, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ProviderUnavailable(f"{api.where} cannot be reached: {type(error).__name__} {error}.") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise SubmissionUnknown(f"{api.where} broke off: {type(error).__name__} {error}.") from error
    chaos.point("enrich.after_batch_post")
    if response.status_code >= 500 or response.status_code == 408:
        raise SubmissionUnknown(f"{api.where} answered {response.status_code}: {response.text[:200]}.")
    if response.status_code in {404, 405}:
        raise BatchRefused(f"{api.where} answered {response.status_code}: there is no batch interface there.")
    if not response.is_success:
        api.refuse(response)
    payload = json_object(response.text)
    if payload is None or not isinstance(payload.get("id"), str):
        raise SubmissionUnknown(f"{api.where} answered {response.status_code} without the id of a batch.")
    return payload
