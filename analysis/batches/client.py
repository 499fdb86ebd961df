"""What a provider's batch interface is to us: submit, look, fetch, find again, call off, forget.

Two speak it, see `openrouter` and `openai`.

Left out on purpose: webhooks that announce the end of a batch. Polling needs no address the provider can reach, and one look
serves every batch there is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from analysis.journal import BatchRecord
from core.errors import Terminal, Transient

CHAT_COMPLETIONS = "/v1/chat/completions"
"""The one kind of request we put into batches."""

LONGEST_WINDOW_SECONDS = 96 * 3600.0
"""How long a batch is waited for where nobody says when it expires: the longest window any provider behind OpenRouter documents."""

CLOCK_SKEW_SECONDS = 300.0
"""How far the provider's clock may be from the journal's."""


class BatchStatus(StrEnum):
    """How a batch stands at the provider."""

    PENDING = "pending"
    """Being checked or worked on, or not to be seen yet."""

    COMPLETED = "completed"
    FAILED = "failed"
    """Refused as a whole."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    """The provider knows no such batch."""

    @classmethod
    def told(cls, word: object) -> "BatchStatus":
        """What a provider's word for it means: both use these four for an end, and others for being on the way."""
        return next((one for one in cls if one.is_over and one.value == word), cls.PENDING)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self not in {BatchStatus.PENDING, BatchStatus.MISSING}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one batch stands."""

    provider_batch_id: str
    status: BatchStatus
    created_at: float | None = None
    """Seconds since 1970, by the provider's clock."""

    expires_at: float | None = None
    reason: str | None = None
    """Why it was refused, in the provider's words."""

    is_limit: bool = False
    """Refused because too much is queued already: the same batch may be taken later."""

    body: Mapping[str, Any] = field(default_factory=dict)
    """What the provider said, for whoever made this to read the results from."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch."""

    custom_id: str
    body: str
    """The request body as JSON text, model included."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What came of one request: the body of a response with its status, or an error."""

    custom_id: str
    status: int | None
    body: Mapping[str, Any] | None
    error: Mapping[str, Any] | None


class Sighting(StrEnum):
    """Whether the provider has a batch whose submission nobody saw through."""

    ABSENT = "absent"
    UNSURE = "unsure"
    """There is one it could be; its results will tell."""


class BatchRefused(Terminal):
    """The provider takes no batch of this kind; nothing was paid."""


class SubmissionUnknown(Transient):
    """The provider broke off while a batch was submitted: it may or may not have it."""


class NotCancellable(Terminal):
    """The provider has no way to call a batch off."""


class BatchClient(Protocol):
    """One provider.

    Every method raises the failures of `analysis.llm.failures`: `Throttled`, `ProviderUnavailable` (asking again may help),
    `Rejected`, `ModelStopped` (it does not).
    """

    @property
    def provider(self) -> str:
        """Whose interface is spoken; stands on every batch."""
        ...

    def submit(self, batch_key: str, lines: Sequence[Line]) -> Standing:
        """Hand in a batch.

        Raises:
            SubmissionUnknown: Whether it was taken is not known.
        """
        ...

    def standing(self, provider_batch_id: str) -> Standing:
        """How a batch stands; `MISSING` where there is none of this id."""
        ...

    def listed(self, since: datetime) -> Iterator[Standing]:
        """The batches created since then, without what is needed to read their results; none where the provider lists none."""
        ...

    def results(self, standing: Standing) -> Iterable[ResultLine]:
        """What came of the requests of a batch that is over, in any order; a standing of `standing`, not of `listed`."""
        ...

    def find(self, batch: BatchRecord, keys: Collection[str], known: Collection[str]) -> Standing | Sighting:
        """Look for a batch whose submission nobody saw through.

        Args:
            batch: What was about to be submitted.
            keys: The calls in it.
            known: Ids of the provider's that are other batches of ours.
        """
        ...

    def cancel(self, provider_batch_id: str) -> Standing:
        """Call a batch off; what it finished by then is still to be had.

        Raises:
            NotCancellable: This provider cannot.
        """
        ...

    def clear(self, standing: Standing) -> None:
        """Have the provider forget the texts and answers of a batch that is over; without effect where it has."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
