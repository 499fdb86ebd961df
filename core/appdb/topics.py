"""Taxonomies: versions that were shipped, the draft people edit, and what of them the warehouse is told.

The draft is never stored as such: it is the newest version with the edits made since. Versions are only ever added; going back
adds one with the content of an older, so that what tickets were sorted by at any time can be read again. The rules of editing are
in `core.topics`, what is tried before a version is shipped in `analysis.topics.shipping`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from core.appdb.corrections import Correction, read_corrections, standing
from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import topic_edit, topic_version
from core.errors import Terminal, Transient
from core.topics import ContentExample, ContentTopic, Edit, TaxonomyContent, edited, is_relabelling
from core.vocabulary import CorrectedField, TopicEditKind

_V, _E = topic_version.c, topic_edit.c


class UnknownVersion(Terminal):
    """A version the tenant's taxonomy never had."""


class NothingToShip(Terminal):
    """The draft says what the version in force says."""


class UnshippedEdits(Terminal):
    """The draft has edits that would be lost."""


class DraftChanged(Transient):
    """Somebody edited, shipped or corrected while the draft was being tried."""


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


@dataclass(frozen=True)
class RecordedEdit:
    """One edit of the draft, or of the version it was shipped in."""

    edit_id: int
    edit: Edit
    created_at: datetime
    version: int | None


@dataclass(frozen=True)
class Draft:
    """What people are working on.

    Attributes:
        base: The version it started from; None: the first is still to be shipped.
        edits: What was done since.
        content: What came of it, still with the examples of `base`.
    """

    base: ShippedVersion | None
    edits: Sequence[RecordedEdit]
    content: TaxonomyContent


@dataclass(frozen=True)
class Candidate:
    """What would be shipped now: the draft, with the standing corrections as its examples.

    Attributes:
        draft: What it was made from.
        content: What would be the version's content.
        corrections: The standing corrections of topics it was made with.
        is_relabelling: Whether it differs from the version in force by names only.
        has_changes: Whether it differs at all.
    """

    draft: Draft
    content: TaxonomyContent
    corrections: Sequence[Correction]
    is_relabelling: bool
    has_changes: bool

    @property
    def version(self) -> int:
        """The number it would get."""
        return 1 if self.draft.base is None else self.draft.base.version + 1


class Topics:
    """Reads and writes the taxonomies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def seed(self, tenant_id: str, topics: Sequence[ContentTopic], *, author: str = "churnboard") -> bool:
        """Ship these topics as version 1, unless the tenant has a taxonomy; returns whether it was done.

        Raises:
            UnknownTenant: There is no such tenant.
            InvalidEdit: They are no taxonomy.
        """
        content = TaxonomyContent()
        for topic in topics:
            details = {"name": topic.name, "description": topic.description, "parent": topic.parent}
            content = edited(content, Edit(TopicEditKind.ADD, details))
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            if _versions(connection, tenant_id):
                return False
            _insert_version(connection, tenant_id, content, version=1, author=author, note="What it started with.")
        return True

    def current(self, tenant_id: str) -> ShippedVersion | None:
        """The version in force."""
        held = self.versions(tenant_id)
        return held[-1] if held else None

    def versions(self, tenant_id: str) -> list[ShippedVersion]:
        """All versions, oldest first."""
        with self._engine.connect() as connection:
            return _versions(connection, tenant_id)

    def version(self, tenant_id: str, version: int) -> ShippedVersion:
        """One version.

        Raises:
            UnknownVersion: There is none of that number.
        """
        held = {one.version: one for one in self.versions(tenant_id)}
        if version not in held:
            raise UnknownVersion(
                f"The taxonomy of {tenant_id} has no version {version}: see `churnboard topics versions {tenant_id}`."
            )
        return held[version]

    def draft(self, tenant_id: str) -> Draft:
        """The version in force with the edits that are not shipped."""
        with self._engine.connect() as connection:
            return _draft(connection, tenant_id)

    def edits(self, tenant_id: str) -> list[RecordedEdit]:
        """Every edit, oldest first, shipped or not."""
        with self._engine.connect() as connection:
            return _edits(connection, tenant_id)

    def edit(
        self, tenant_id: str, kind: TopicEditKind, *, author: str, now: datetime | None = None, **details: Any
    ) -> TaxonomyContent:
        """Make one edit of the draft; returns what the draft says then.

        Args:
            tenant_id: Whose.
            kind: What is done.
            author: Who does it.
            now: When; the present unless given.
            details: What it is done to, as the edit of that kind in `core.topics.edits` takes it.

        Raises:
            UnknownTenant: There is no such tenant.
            InvalidEdit: The taxonomy does not allow it; nothing was changed.
        """
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            edit = Edit(kind, details, author)
            content = edited(_draft(connection, tenant_id).content, edit)
            last = connection.scalar(select(func.max(_E.edit_id)).where(_E.tenant_id == tenant_id)) or 0
            row = {"tenant_id": tenant_id, "edit_id": last + 1, "kind": kind, "details": details, "author": author}
            connection.execute(insert(topic_edit).values(**row, created_at=now or datetime.now(UTC)))
        return content

    def undo(self, tenant_id: str, *, is_all: bool = False) -> list[RecordedEdit]:
        """Take back the last edit of the draft, or all of them; returns those."""
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            open_edits = list(_draft(connection, tenant_id).edits)
            undone = open_edits if is_all else open_edits[-1:]
            ids = [one.edit_id for one in undone]
            connection.execute(delete(topic_edit).where(_E.tenant_id == tenant_id, _E.edit_id.in_(ids)))
        return undone

    def candidate(self, tenant_id: str) -> Candidate:
        """What would be shipped now."""
        with self._engine.connect() as connection:
            return _candidate(connection, tenant_id)

    def check_changed(self, tenant_id: str) -> None:
        """Make sure that there is something to ship.

        Raises:
            NothingToShip: There is not.
        """
        if not self.candidate(tenant_id).has_changes:
            raise NothingToShip(f"The draft of {tenant_id} says what its taxonomy says: there is nothing to ship.")

    def ship(
        self, tenant_id: str, candidate: Candidate, *, author: str, note: str = "", now: datetime | None = None
    ) -> ShippedVersion:
        """Make a candidate the version in force. Whether it deserves it, the caller has found out.

        Raises:
            NothingToShip: It says what the version in force says.
            DraftChanged: It is not what would be shipped any more; nothing was changed.
        """
        self.check_changed(tenant_id)
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            if _candidate(connection, tenant_id) != candidate:
                raise DraftChanged(
                    f"Somebody changed topics or corrections of {tenant_id} while this was tried. Nothing was shipped: ship again."
                )
            _insert_version(
                connection,
                tenant_id,
                candidate.content,
                version=candidate.version,
                is_relabelling=candidate.is_relabelling,
                author=author,
                note=note,
                now=now,
            )
            mine = (_E.tenant_id == tenant_id) & _E.version.is_(None)
            connection.execute(update(topic_edit).where(mine).values(version=candidate.version))
            return _versions(connection, tenant_id)[-1]

    def rollback(self, tenant_id: str, version: int, *, author: str, now: datetime | None = None) -> ShippedVersion:
        """Put an older version in force again, as a new version with its content.

        Raises:
            UnknownVersion: There is none of that number.
            UnshippedEdits: The draft has edits; they were made to another taxonomy.
            NothingToShip: It is in force.
        """
        old = self.version(tenant_id, version)
        with writing(self._engine) as connection:
            lock_tenant(connection, tenant_id)
            draft = _draft(connection, tenant_id)
            if draft.edits:
                raise UnshippedEdits(
                    f"The draft of {tenant_id} has {len(draft.edits)} edits: ship them, or take them back with "
                    f"`churnboard topics undo {tenant_id} --all`."
                )
            if draft.base is None or draft.base.content == old.content:
                raise NothingToShip(f"The taxonomy of {tenant_id} says what version {version} says already.")
            _insert_version(
                connection,
                tenant_id,
                old.content,
                version=draft.base.version + 1,
                restored_version=version,
                author=author,
                note=f"Version {version} again.",
                now=now,
            )
            return _versions(connection, tenant_id)[-1]


def topic_state(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """What the warehouse is told of taxonomies: the rows of `raw_app.topics`, `topic_versions` and `corrections`."""
    topics: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    tenants = connection.scalars(select(_V.tenant_id).distinct().order_by(_V.tenant_id)).all()
    for tenant_id in tenants:
        held = _versions(connection, tenant_id)
        topics += _names(tenant_id, held)
        versions += [_version_row(tenant_id, one) for one in in_force(held)]
    return {"topics": topics, "topic_versions": versions, "corrections": correction_rows(connection)}


def in_force(versions: Sequence[ShippedVersion]) -> list[ShippedVersion]:
    """The newest version and those before it whose answers still hold, since nothing but names was changed after them."""
    kept: list[ShippedVersion] = []
    for one in reversed(versions):
        kept.insert(0, one)
        if not one.is_relabelling:
            break
    return kept


def correction_rows(connection: Connection) -> list[dict[str, Any]]:
    """All corrections as the warehouse is told."""
    everything = read_corrections(connection)
    stand = {(one.tenant_id, one.correction_id) for one in standing(everything)}
    return [
        {
            "tenant_id": one.tenant_id,
            "correction_id": one.correction_id,
            "ticket_id": one.ticket_id,
            "field": one.field.value,
            "before": json.dumps(list(one.before)),
            "after": json.dumps(list(one.after)),
            "text": one.text,
            "input_hash": one.input_hash,
            "why": one.why,
            "author": one.author,
            "created_at": one.created_at,
            "is_standing": (one.tenant_id, one.correction_id) in stand,
        }
        for one in everything
    ]


def _names(tenant_id: str, versions: Sequence[ShippedVersion]) -> list[dict[str, Any]]:
    """One row per name that ever was a topic's, whichever version had it."""
    now = versions[-1]
    last_said = {topic.name: topic for one in versions for topic in one.content.topics}
    return [
        {
            "tenant_id": tenant_id,
            "name": name,
            "description": topic.description,
            "parent": topic.parent if name in now.content.active_names else None,
            "is_active": name in now.content.active_names,
            "current_topic": now.content.current(name),
            "version": now.version,
        }
        for name, topic in sorted(last_said.items())
    ]


def _version_row(tenant_id: str, version: ShippedVersion) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "version": version.version,
        "content": json.dumps(version.content.as_json(), sort_keys=True),
        "author": version.author,
        "note": version.note,
        "shipped_at": version.shipped_at,
    }


def _versions(connection: Connection, tenant_id: str) -> list[ShippedVersion]:
    query = select(topic_version).where(_V.tenant_id == tenant_id).order_by(_V.version)
    return [
        ShippedVersion(
            version=row["version"],
            content=TaxonomyContent.from_json(row["content"]),
            is_relabelling=row["is_relabelling"],
            author=row["author"],
            note=row["note"],
            shipped_at=row["shipped_at"],
            restored_version=row["restored_version"],
        )
        for row in connection.execute(query).mappings()
    ]


def _edits(connection: Connection, tenant_id: str) -> list[RecordedEdit]:
    query = select(topic_edit).where(_E.tenant_id == tenant_id).order_by(_E.edit_id)
    return [
        RecordedEdit(
            row["edit_id"],
            Edit(TopicEditKind(row["kind"]), row["details"], row["author"]),
            row["created_at"],
            row["version"],
        )
        for row in connection.execute(query).mappings()
    ]


def _draft(connection: Connection, tenant_id: str) -> Draft:
    versions = _versions(connection, tenant_id)
    base = versions[-1] if versions else None
    content = base.content if base else TaxonomyContent()
    edits = [one for one in _edits(connection, tenant_id) if one.version is None]
    for one in edits:
        content = edited(content, one.edit)
    return Draft(base, edits, content)


def _candidate(connection: Connection, tenant_id: str) -> Candidate:
    draft = _draft(connection, tenant_id)
    every = read_corrections(connection, tenant_id)
    stand = [one for one in standing(every) if one.field is CorrectedField.TOPICS]
    chosen = {one.correction_id: draft.content.relabelled_or_lost(one.after) for one in stand if one.text is not None}
    examples = tuple(
        ContentExample(correction_id, labels) for correction_id, labels in chosen.items() if labels is not None
    )
    content = replace(draft.content, examples=examples)
    has_words = {one.correction_id for one in every if one.text is not None}
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
    )


def _insert_version(
    connection: Connection,
    tenant_id: str,
    content: TaxonomyContent,
    *,
    version: int,
    author: str,
    note: str,
    is_relabelling: bool = False,
    restored_version: int | None = None,
    now: datetime | None = None,
) -> None:
    row: Mapping[str, Any] = {
        "tenant_id": tenant_id,
        "version": version,
        "content": content.as_json(),
        "is_relabelling": is_relabelling,
        "restored_version": restored_version,
        "author": author,
        "note": note,
        "shipped_at": now or datetime.now(UTC),
    }
    connection.execute(insert(topic_version).values(row))
