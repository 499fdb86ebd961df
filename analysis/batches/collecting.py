"""Brings in what became of batches: looks at the provider, writes every result into the journal, has the provider forget the texts.

Needs nothing but the journal's rows, so any later process can do it, several at once as well: whoever ends a batch first writes
it down. A batch whose submission nobody saw through is looked for at the provider before its calls are free again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from analysis.batches.client import (
    CLOCK_SKEW_SECONDS,
    LONGEST_WINDOW_SECONDS,
    BatchClient,
    BatchStatus,
    Sighting,
    Standing,
)
from analysis.batches.results import ENDS, end_of_the_others, verdicts
from analysis.journal import BatchJournal, BatchRecord, BatchState
from analysis.journal.batch import CallEnd
from analysis.llm.failures import ProviderUnavailable, Throttled
from core import chaos
from core.logging import get_logger

MARGIN_SECONDS = 2 * 3600.0
"""How long after its expiry a batch is still waited for: it ends, and somebody has to look."""

INTENT_SECONDS = 900.0
"""How long a submission may take before another process looks after it; longer than any time-out in it."""

_log = get_logger(__name__)


@dataclass
class Collected:
    """What one look brought."""

    ended: list[BatchRecord] = field(default_factory=list)
    refused: list[BatchRecord] = field(default_factory=list)
    """Those the provider refused as a whole though it never completed one before: more likely the settings than a text."""


class Collector:
    """Looks after the batches of one provider."""

    def __init__(self, batches: BatchJournal, client: BatchClient, *, intent_seconds: float = INTENT_SECONDS) -> None:
        self._batches = batches
        self._client = client
        self._intent_seconds = intent_seconds

    def collect(self, tenant_ids: Collection[str] | None = None) -> Collected:
        """Bring in what is over, of these tenants or of all; what the provider cannot tell now is left for the next look.

        Raises:
            ModelStopped: The provider needs a person (a key it refuses, no credit).
            JournalUnavailable: The journal cannot be used; nothing is lost.
        """
        collected = Collected()
        for batch in self.over(tenant_ids):
            try:
                self._one(batch, collected)
            except (Throttled, ProviderUnavailable) as error:
                _log.warning("batches.not_seen", batch=batch.batch_key, error=str(error))
        self._clear(tenant_ids)
        return collected

    def over(self, tenant_ids: Collection[str] | None = None) -> list[BatchRecord]:
        """The batches there is something to do about: over at the provider, or with a submission nobody saw through."""
        batches = [one for one in self._batches.open(tenant_ids) if one.provider == self._client.provider]
        if not batches:
            return []
        seen: dict[str, Standing] = {}
        if any(batch.provider_batch_id for batch in batches):
            since = min(batch.intended_at for batch in batches) - timedelta(seconds=CLOCK_SKEW_SECONDS)
            try:
                seen = {standing.provider_batch_id: standing for standing in self._client.listed(since)}
            except (Throttled, ProviderUnavailable) as error:
                _log.warning("batches.not_listed", error=str(error))
        return [batch for batch in batches if self._is_due(batch, seen)]

    def end(self, batch: BatchRecord, standing: Standing) -> BatchRecord | None:
        """Write down what came of a batch that is over; None when somebody else has."""
        found = verdicts(self._client.results(standing), where=f"Batch {standing.provider_batch_id}")
        chaos.point("enrich.after_batch_results")
        ended = self._batches.end(
            batch.batch_key,
            ENDS[standing.status],
            found,
            others=end_of_the_others(standing, has_completed=self._batches.has_completed(batch.provider, batch.model)),
            reason=standing.reason,
        )
        chaos.point("enrich.after_batch_collected")
        if ended is not None:
            _log.info(
                "batches.ended",
                batch=batch.batch_key,
                state=ended.state,
                calls=ended.call_count,
                answered=ended.answered_count,
                failed=ended.failed_count,
                released=ended.released_count,
                cost_usd=ended.usage.cost_usd,
            )
        return ended

    def _is_due(self, batch: BatchRecord, seen: dict[str, Standing]) -> bool:
        if batch.provider_batch_id is None:
            return batch.lease_left_seconds < 0
        try:
            standing = seen.get(batch.provider_batch_id) or self._client.standing(batch.provider_batch_id)
        except (Throttled, ProviderUnavailable) as error:
            _log.warning("batches.not_seen", batch=batch.batch_key, error=str(error))
            return False
        if not standing.status.is_over and standing.status is not BatchStatus.MISSING:
            self._prolong(batch, standing)
        return standing.status.is_over or _is_given_up(batch, standing)

    def _one(self, batch: BatchRecord, collected: Collected) -> None:
        standing = self._found(batch) if batch.provider_batch_id is None else self._standing(batch)
        if standing is None or not standing.status.is_over:
            return
        ended = self.end(batch, standing)
        if ended is None:
            return
        collected.ended.append(ended)
        if ended.state is BatchState.FAILED and ended.released_count and not standing.is_limit:
            collected.refused.append(ended)
        self._forget(ended, standing)

    def _standing(self, batch: BatchRecord) -> Standing:
        standing = self._client.standing(str(batch.provider_batch_id))
        if _is_given_up(batch, standing):
            why = "The provider no longer has this batch."
            return Standing(standing.provider_batch_id, BatchStatus.EXPIRED, reason=why)
        self._prolong(batch, standing)
        return standing

    def _found(self, batch: BatchRecord) -> Standing | None:
        """The batch of an intent whose submission nobody saw through; frees its calls where the provider never had it."""
        if not self._batches.reach_for(batch.batch_key, self._intent_seconds):
            return None
        found = find(self._batches, self._client, batch)
        if isinstance(found, Standing):
            expires_at = expiry(found, batch)
            if not self._batches.submitted(
                batch.batch_key, found.provider_batch_id, expires_at=expires_at, margin_seconds=MARGIN_SECONDS
            ):
                return None
            return found if not found.status.is_over else self._client.standing(found.provider_batch_id)
        if found is Sighting.ABSENT:
            self._batches.end(
                batch.batch_key,
                BatchState.FAILED,
                [],
                others=CallEnd.RELEASED,
                reason="It was about to be submitted when its process ended; the provider never had it.",
            )
        return None

    def _prolong(self, batch: BatchRecord, standing: Standing) -> None:
        if standing.expires_at is not None:
            self._batches.prolong(batch.batch_key, expires_at=standing.expires_at, margin_seconds=MARGIN_SECONDS)

    def _clear(self, tenant_ids: Collection[str] | None) -> None:
        for batch in self._batches.uncleared(tenant_ids):
            if batch.provider == self._client.provider:
                try:
                    self._forget(batch, self._client.standing(str(batch.provider_batch_id)))
                except (Throttled, ProviderUnavailable) as error:
                    _log.warning("batches.not_cleared", batch=batch.batch_key, error=str(error))

    def _forget(self, batch: BatchRecord, standing: Standing) -> None:
        self._client.clear(standing)
        self._batches.cleared(batch.batch_key)


def find(batches: BatchJournal, client: BatchClient, batch: BatchRecord) -> Standing | Sighting:
    """Look at the provider for a batch whose submission nobody saw through."""
    since = batch.intended_at - timedelta(seconds=CLOCK_SKEW_SECONDS)
    listed = [standing.provider_batch_id for standing in client.listed(since)]
    return client.find(batch, batches.calls(batch.batch_key), batches.known(listed))


def _is_given_up(batch: BatchRecord, standing: Standing) -> bool:
    """Whether a batch will never be seen again. A new one cannot be seen at once; one that stays away was deleted by somebody."""
    until = batch.expires_at or batch.intended_at
    is_late = datetime.now(UTC) > until + timedelta(seconds=MARGIN_SECONDS)
    return standing.status is BatchStatus.MISSING and is_late


def expiry(standing: Standing, batch: BatchRecord | None = None) -> float:
    """Until when a batch may take, in seconds since 1970."""
    if standing.expires_at is not None:
        return standing.expires_at
    start = batch.intended_at if batch else datetime.now(UTC)
    return start.timestamp() + LONGEST_WINDOW_SECONDS


def waiting(batches: Sequence[BatchRecord]) -> str:
    """A sentence about batches that are not over."""
    if not batches:
        return "No batch is at the provider."
    submitted = [batch.submitted_at or batch.intended_at for batch in batches]
    plural = "batch is" if len(batches) == 1 else "batches are"
    return (
        f"{len(batches):,} {plural} at the provider, with {sum(batch.call_count for batch in batches):,} calls; "
        f"the oldest since {min(submitted):%Y-%m-%d %H:%M} UTC."
    )
