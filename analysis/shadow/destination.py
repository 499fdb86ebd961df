"""Readings that go beside those the marts are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from analysis.analyzer import Identity, Question, call_key
from analysis.changes import Changes
from analysis.destination import Destination
from analysis.messages import Message, Place
from analysis.shadow.candidate import Candidate, asked_again
from analysis.shadow.tables import (
    SHADOW_DEAD_LETTERS,
    SHADOW_EVIDENCE,
    SHADOW_SENTIMENT,
    SHADOW_TOPICS,
    ensure_shadow_tables,
)
from analysis.tables import ReadingTables
from core.warehouse import Warehouse

_MAY_BE_HELD: Final = "?"
"""No call has this key. What a shadow holds of a message may be of another text, so it is written anew each time; that is free."""


class ShadowDestination(Destination):
    """One candidate, one tenant; `only` these messages, or all there are."""

    is_tidied = False
    has_waiting_list = False
    may_fall_back = False

    def __init__(self, candidate: Candidate, *, repeat_index: int = 0, only: frozenset[Place] | None = None) -> None:
        super().__init__((candidate.task,))
        self._candidate = candidate
        self._repeat_index = repeat_index
        self._only = only
        self._pinned_keys: dict[str, str] = {}

    def ready(self, warehouse: Warehouse) -> None:
        """See `Destination.ready`."""
        super().ready(warehouse)
        ensure_shadow_tables(warehouse)

    def chosen(self, page: Sequence[Message]) -> Sequence[Message]:
        """See `Destination.chosen`."""
        held = dict.fromkeys(
            ("held_sentiment_key", "held_topics_key", "dead_sentiment_key", "dead_topics_key"), _MAY_BE_HELD
        )
        return [replace(one, **held) for one in page if self._only is None or one.place in self._only]  # type: ignore[arg-type]

    def asked_as(self, identity: Identity) -> Identity:
        """See `Destination.asked_as`."""
        return asked_again(identity, self._repeat_index)

    def asking(self, tenant_id: str, question: Question, key: str) -> None:
        """See `Destination.asking`: what the pinned reading of the same question is known by."""
        self._pinned_keys[key] = call_key(tenant_id, self._candidate.pinned, question)

    def changes(self) -> Changes:
        """See `Destination.changes`."""
        within = {"shadow_id": self._candidate.shadow_id, "repeat_index": self._repeat_index}
        tables = ReadingTables(
            None, SHADOW_SENTIMENT, SHADOW_EVIDENCE, SHADOW_TOPICS, SHADOW_DEAD_LETTERS, within=within
        )
        return Changes(tables, self._pinned_key)

    def _pinned_key(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        # A text that had to be shortened for the candidate has no counterpart.
        return {"pinned_call_key": self._pinned_keys.get(row["call_key"])}
