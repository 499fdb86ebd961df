"""Who is tried out beside the pinned reading: a prompt version, a model, or both."""

import hashlib
from dataclasses import dataclass, replace

from analysis.analyzer import Identity, canonical_json
from core.errors import Terminal
from core.vocabulary import AnalysisTask

_ID_DIGITS = 12


class NothingToCompare(Terminal):
    """The candidate is what reads already."""


class UnknownShadow(Terminal):
    """There is no such shadow."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One task read by somebody else, or asked with other words.

    Attributes:
        identity: Who would answer.
        pinned: Who answers now.
    """

    task: AnalysisTask
    identity: Identity
    pinned: Identity

    @property
    def shadow_id(self) -> str:
        """What its readings are kept under: the same candidate has the same id, whoever runs it, over whatever months."""
        parts = [
            self.task.value,
            self.identity.kind.value,
            self.identity.model,
            self.identity.prompt_version,
            self.identity.schema_hash,
            self.identity.params,
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_ID_DIGITS]


def asked_again(identity: Identity, repeat_index: int) -> Identity:
    """The same reader asked once more: another call, so it is made and paid, and differs in nothing that is sent."""
    if not repeat_index:
        return identity
    return replace(identity, params=canonical_json({"asked": identity.params, "repeat": repeat_index}))
