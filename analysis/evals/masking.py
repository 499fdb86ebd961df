"""How much of what tells who somebody is, is masked: measured on details planted in real texts, and on the texts as they are."""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from analysis.evals.planting import Planted, plant
from analysis.evals.runs import EVALUATIONS
from analysis.masking import MaskedText, mask
from core.vocabulary import EvaluationSubject, PiiKind
from core.warehouse import Warehouse

MASKING_VERSION = "2026-11-a"
"""Changes with what the finders find, so that two evaluations can be told apart."""

PLANTED_SET = "planted"

_Mask = Callable[[str, Sequence[str]], MaskedText]


@dataclass(frozen=True, slots=True)
class KindFound:
    """One kind of detail.

    Attributes:
        planted_count: Details planted.
        masked_count: Those of which not one letter or digit was sent.
        found_count: Details the finders found, planted or not, in the planted texts.
        right_count: Those of them that touch a planted detail of any kind.
        unplanted_count: Details found in the texts as they are, of names those of the person planted elsewhere.
    """

    planted_count: int
    masked_count: int
    found_count: int
    right_count: int
    unplanted_count: int

    @property
    def recall(self) -> float:
        """Share of what was planted that was masked."""
        return self.masked_count / max(1, self.planted_count)

    @property
    def precision(self) -> float:
        """Share of what was found that was planted."""
        return self.right_count / max(1, self.found_count)


@dataclass(frozen=True)
class MaskingRun:
    """What one run found."""

    run_id: str
    kinds: dict[PiiKind, KindFound]
    text_count: int
    decoy_count: int
    masked_decoy_count: int
    missed: tuple[tuple[PiiKind, str], ...]
    """What was planted and sent, with the line it stood in."""

    evaluated_at: datetime
    duration_seconds: float


def measure_masking(texts: Sequence[str], *, seed: int, by: _Mask = mask) -> MaskingRun:
    """Plant one detail of each kind in each text, mask `by` what is to be measured, and count; then mask the texts as they are."""
    started = time.monotonic()
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    planted = [plant(text, rng) for text in texts]
    masked = [by(one.text, one.people) for one in planted]
    bare = [by(text, one.people) for text, one in zip(texts, planted, strict=True)]
    pairs = list(zip(planted, masked, strict=True))
    missed = [
        (kind, one.text[one.text.rfind("\n", 0, start) + 1 : one.text.find("\n", end)])
        for one, sent in pairs
        for kind, start, end in one.details
        if not _is_covered(sent, start, end)
    ]
    return MaskingRun(
        run_id=str(uuid.uuid4()),
        kinds={kind: _counted(kind, pairs, bare, missed) for kind in PiiKind},
        text_count=len(texts),
        decoy_count=sum(len(one.decoys) for one in planted),
        masked_decoy_count=sum(_touches(sent, *decoy) for one, sent in pairs for decoy in one.decoys),
        missed=tuple(missed),
        evaluated_at=datetime.now(UTC),
        duration_seconds=time.monotonic() - started,
    )


def keep_masking(warehouse: Warehouse, run: MaskingRun) -> None:
    """Write a run into `enrichment.evaluations`, one row for each kind."""
    rows = [
        {
            "run_id": run.run_id,
            "labels": kind.value,
            "subject": EvaluationSubject.MASKING.value,
            "labelled_set": PLANTED_SET,
            "evaluated_at": run.evaluated_at,
            "prompt_version": MASKING_VERSION,
            "text_count": run.text_count,
            "unread_count": 0,
            "precision_score": found.precision,
            "recall_score": found.recall,
            "duration_seconds": run.duration_seconds,
        }
        for kind, found in run.kinds.items()
    ]
    warehouse.merge([(EVALUATIONS, rows)])


def _counted(
    kind: PiiKind,
    pairs: Sequence[tuple[Planted, MaskedText]],
    bare: Sequence[MaskedText],
    missed: Sequence[tuple[PiiKind, str]],
) -> KindFound:
    planted = sum(1 for one, _ in pairs for planted_kind, *_ in one.details if planted_kind is kind)
    found = [(one, span) for one, sent in pairs for span in sent.spans if span.kind is kind]
    right = sum(
        any(start < span.original_end and span.original_start < end for _, start, end in one.details)
        for one, span in found
    )
    return KindFound(
        planted_count=planted,
        masked_count=planted - sum(1 for missed_kind, _ in missed if missed_kind is kind),
        found_count=len(found),
        right_count=right,
        unplanted_count=sum(1 for sent in bare for span in sent.spans if span.kind is kind),
    )


def _is_covered(sent: MaskedText, start: int, end: int) -> bool:
    covered = {at for span in sent.spans for at in range(span.original_start, span.original_end)}
    return all(at in covered for at in range(start, end) if sent.original[at].isalnum())


def _touches(sent: MaskedText, start: int, end: int) -> bool:
    return any(start < span.original_end and span.original_start < end for span in sent.spans)
