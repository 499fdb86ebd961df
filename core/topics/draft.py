"""Versions that were shipped, the draft people edit, and what would be shipped now. Pure.

The draft is never stored as such: it is the newest version with the edits made since. Stored by `core.appdb.topics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from core.errors import Terminal, Transient
from core.topics.content import ContentExample, TaxonomyContent
from core.topics.corrections import Correction, standing
from core.topics.edits import Edit, edited, is_relabelling
from core.vocabulary import CorrectedField, TopicEditKind


class UnknownVersion(Terminal):
    """A version the tenant's taxonomy never had."""


class NothingToShip(Terminal):
    """The draft says what the version in force says."""


class UnshippedEdits(Terminal):
    """The draft has edits that would be lost."""


class DraftChanged(Transient):
    """Somebody edited, shipped or corrected while the draft was being tried."""


class DraftMoved(Terminal):
    """Somebody edited since the person looked; `draft` is what it says now."""

    def __init__(self, message: str, draft: "Draft") -> None:
        super().__init__(message)
        self.draft = draft


@dataclass(frozen=True, kw_only=True)
class ShippedVersion:
    """One version; `restored_version` is the one whose content it is again."""

    version: int
    content: TaxonomyContent
    is_relabelling: bool
    author: str
    note: str
    shipped_at: datetime
    restored_version: int | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """As it was stored."""
        told = {name: row[name] for name in ("version", "is_relabelling", "author", "note", "shipped_at")}
        return cls(**told, content=TaxonomyContent.from_json(row["content"]), restored_version=row["restored_version"])


@dataclass(frozen=True)
class RecordedEdit:
    """One edit of the draft, or of the version it was shipped in."""

    edit_id: int
    edit: Edit
    created_at: datetime
    version: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """As it was stored."""
        edit = Edit(TopicEditKind(row["kind"]), row["details"], row["author"])
        return cls(row["edit_id"], edit, row["created_at"], row["version"])


@dataclass(frozen=True)
class Draft:
    """What people are working on.

    Attributes:
        base: The version it started from; None: the first is still to be shipped.
        edits: What was done since.
        content: What came of it, still with the examples of `base`.
        seq: How often the draft or the version in force was changed, ever: who names it says what they looked at.
    """

    base: ShippedVersion | None
    edits: Sequence[RecordedEdit]
    content: TaxonomyContent
    seq: int = 0


@dataclass(frozen=True)
class Candidate:
    """What would be shipped now: the draft, with the standing corrections as its examples.

    Attributes:
        draft: What it was made from.
        content: What would be the version's content.
        corrections: The standing corrections of topics it was made with.
        is_relabelling: Whether it differs from the version in force by names only.
        has_changes: Whether it differs at all.
        untaught_count: Corrections, and withdrawals of some, that the version in force does not know of.
    """

    draft: Draft
    content: TaxonomyContent
    corrections: Sequence[Correction]
    is_relabelling: bool
    has_changes: bool
    untaught_count: int

    @property
    def version(self) -> int:
        """The number it would get."""
        return 1 if self.draft.base is None else self.draft.base.version + 1


def draft_of(versions: Sequence[ShippedVersion], edits: Sequence[RecordedEdit], seq: int) -> Draft:
    """The newest version with the edits that are not shipped; both oldest first."""
    base = versions[-1] if versions else None
    content = base.content if base else TaxonomyContent()
    unshipped = [one for one in edits if one.version is None]
    for one in unshipped:
        content = edited(content, one.edit)
    return Draft(base, unshipped, content, seq)


def candidate_of(draft: Draft, corrections: Sequence[Correction]) -> Candidate:
    """What would be shipped, given every correction of the tenant, oldest first."""
    stand = [one for one in standing(corrections) if one.field is CorrectedField.TOPICS]
    chosen = {one.correction_id: draft.content.relabelled_or_lost(one.after) for one in stand if one.text is not None}
    examples = tuple(
        ContentExample(correction_id, labels) for correction_id, labels in chosen.items() if labels is not None
    )
    content = replace(draft.content, examples=examples)
    has_words = {one.correction_id for one in corrections if one.text is not None}
    kept = tuple(one for one in draft.content.examples if one.correction_id in has_words)
    is_taught_the_same = kept == examples
    return Candidate(
        draft=draft,
        content=content,
        corrections=stand,
        is_relabelling=draft.base is not None
        and is_taught_the_same
        and is_relabelling([one.edit for one in draft.edits]),
        has_changes=bool(draft.edits) or not is_taught_the_same,
        untaught_count=len({one.correction_id for one in set(kept) ^ set(examples)}),
    )
