"""Puts calls into batches and hands them in: intent, POST, id, one batch at a time.

Calls of one batch share tenant, task and answer schema: tenants are never mixed, and some providers take one schema a batch.
"""

import time
import uuid
from collections.abc import Callable, Hashable

from analysis.batches.client import (
    LONGEST_WINDOW_SECONDS,
    BatchClient,
    BatchRefused,
    Line,
    NotCancellable,
    Standing,
    SubmissionUnknown,
)
from analysis.batches.collecting import INTENT_SECONDS, MARGIN_SECONDS, expiry, find
from analysis.congestion import growing_pause
from analysis.journal import BatchJournal, BatchRecord, BatchState
from analysis.journal.batch import BatchCall, CallEnd
from analysis.llm.failures import (
    Blocked,
    ModelStopped,
    ProviderUnavailable,
    Rejected,
    TextTooLong,
    Throttled,
    TooExpensive,
)
from core import chaos
from core.errors import ChurnboardError
from core.logging import get_logger

_MOST_BYTES = 50_000_000
_TRIES = 5
_LONGEST_PAUSE_SECONDS = 60.0

_log = get_logger(__name__)


class Submitter:
    """Fills batches; those that are full go out at once, the rest with `flush`."""

    def __init__(
        self,
        batches: BatchJournal,
        client: BatchClient,
        *,
        model: str,
        run_id: str,
        size: int,
        intent_seconds: float = INTENT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._batches = batches
        self._client = client
        self._model = model
        self._run_id = run_id
        self._size = size
        self._intent_seconds = intent_seconds
        self._sleep = sleep
        self._groups: dict[tuple[str, Hashable], dict[str, BatchCall]] = {}
        self._bytes: dict[tuple[str, Hashable], int] = {}
        self.submitted_count = 0
        """Calls handed in."""

        self.batch_count = 0
        """Batches handed in."""

        self.left_out: set[str] = set()
        """Keys of calls that may not go into a batch: somebody else makes them, or their payer's budget has no room."""

        self.stopped: ChurnboardError | None = None
        """Why nothing more is handed in by this run, once that is so."""

    def add(self, tenant_id: str, group: Hashable, call: BatchCall) -> None:
        """Put one call into the batch of its tenant and group.

        Raises:
            BatchRefused, ModelStopped, JournalUnavailable: When a full batch went out, as `flush`.
        """
        place = (tenant_id, group)
        size = len(call.line)
        if place in self._groups and self._bytes[place] + size > _MOST_BYTES:
            self._send(place)
        calls = self._groups.setdefault(place, {})
        calls[call.call_key] = call
        self._bytes[place] = self._bytes.get(place, 0) + size
        if len(calls) >= self._size:
            self._send(place)

    def flush(self) -> None:
        """Hand in what is left.

        Raises:
            BatchRefused: The provider takes no such batches and never did.
            ModelStopped: It needs a person.
            JournalUnavailable: The journal cannot be used.
        """
        for place in sorted(self._groups, key=str):
            self._send(place)

    def _send(self, place: tuple[str, Hashable]) -> None:
        calls = list(self._groups.pop(place).values())
        self._bytes.pop(place, None)
        if self.stopped:
            return
        batch_key = uuid.uuid4().hex
        granted = self._batches.intend(
            batch_key=batch_key,
            tenant_id=place[0],
            provider=self._client.provider,
            model=self._model,
            calls=calls,
            run_id=self._run_id,
            lease_seconds=self._intent_seconds,
            call_lease_seconds=LONGEST_WINDOW_SECONDS + MARGIN_SECONDS,
        )
        self.left_out |= {call.call_key for call in calls} - {call.call_key for call in granted}
        chaos.point("enrich.after_batch_intent")
        batch = self._batches.one(batch_key) if granted else None
        if batch is not None:
            self._hand_in(batch, [Line(call.call_key, call.line) for call in granted])

    def _hand_in(self, batch: BatchRecord, lines: list[Line]) -> None:
        try:
            standing = self._posted(batch, lines)
        except (Throttled, ProviderUnavailable, TooExpensive) as error:
            self._free(batch, error, CallEnd.RELEASED)
            self._stop(error)
            return
        except (BatchRefused, Rejected, Blocked, TextTooLong) as error:
            self._refused(batch, error)
            return
        except ModelStopped as error:
            self._free(batch, error, CallEnd.RELEASED)
            raise
        if standing is None:
            return
        is_ours = self._batches.submitted(
            batch.batch_key,
            standing.provider_batch_id,
            expires_at=expiry(standing, batch),
            margin_seconds=MARGIN_SECONDS,
        )
        chaos.point("enrich.after_batch_submitted")
        if not is_ours:
            self._call_off(batch, standing)
            return
        self.submitted_count += batch.call_count
        self.batch_count += 1
        _log.info(
            "batches.submitted",
            batch=batch.batch_key,
            provider_batch=standing.provider_batch_id,
            tenant=batch.tenant_id,
            calls=batch.call_count,
        )

    def _posted(self, batch: BatchRecord, lines: list[Line]) -> Standing | None:
        """The provider's batch; None where it may have one, and the intent is left for whoever looks next."""
        for number in range(1, _TRIES + 1):
            try:
                return self._client.submit(batch.batch_key, lines)
            except Throttled as error:
                if number == _TRIES:
                    raise
                pause = growing_pause(number) if error.retry_after is None else error.retry_after
                self._sleep(min(pause, _LONGEST_PAUSE_SECONDS))
            except SubmissionUnknown as error:
                try:
                    found = find(self._batches, self._client, batch)
                except (Throttled, ProviderUnavailable):
                    found = None
                if isinstance(found, Standing):
                    return found
                # Whether it was paid for is not known, so nothing more is risked.
                self._stop(error)
                return None
        return None

    def _refused(self, batch: BatchRecord, error: ChurnboardError) -> None:
        if self._batches.has_completed(batch.provider, batch.model):
            self._free(batch, error, CallEnd.FAILED)
            return
        self._free(batch, error, CallEnd.RELEASED)
        raise refusal(str(error)) from error

    def _free(self, batch: BatchRecord, error: ChurnboardError, end: CallEnd) -> None:
        self._batches.end(batch.batch_key, BatchState.FAILED, [], others=end, reason=str(error))

    def _call_off(self, batch: BatchRecord, standing: Standing) -> None:
        """This process slept through its intent, and others may make these calls by now."""
        _log.warning("batches.late", batch=batch.batch_key, provider_batch=standing.provider_batch_id)
        try:
            self._client.cancel(standing.provider_batch_id)
        except (NotCancellable, Throttled, ProviderUnavailable, Rejected) as error:
            _log.warning("batches.not_cancelled", batch=batch.batch_key, error=str(error))

    def _stop(self, error: ChurnboardError) -> None:
        self.stopped = self.stopped or error
        _log.warning("batches.stopped", error=str(error))


def refusal(why: str) -> BatchRefused:
    """The error of a provider that takes no batch."""
    return BatchRefused(
        f"{why} No batch was ever completed there, so nothing is handed in: not every model can be had in batches. Choose "
        f"another LLM_MODEL, or set LLM_BATCH=off to pay the full price; nothing was paid for this."
    )
