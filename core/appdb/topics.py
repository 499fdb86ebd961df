"""Taxonomies: versions that were shipped, the draft people edit, and what of them the warehouse is told.

Versions are only ever added; going back adds one with the content of an older, so that what tickets were sorted by at any time
can be read again. The rules of editing are in `core.topics`, what is tried before a version is shipped in
`analysis.topics.shipping`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from core.appdb.corrections import read_corrections
from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.proposals import decide_proposal
from core.appdb.tables import topic_draft, topic_edit, topic_version
from core.topics import ContentTopic, Edit, TaxonomyContent, edited
from core.topics.corrections import standing
from core.topics.draft import (
    Candidate,
    Draft,
    DraftChanged,
    DraftMoved,
    NothingToShip,
    RecordedEdit,
    ShippedVersion,
    UnknownVersion,
    UnshippedEdits,
    candidate_of,
    draft_of,
)
from core.vocabulary import ProposalStatus, TopicEditKind

_V, _E = topic_version.c, topic_edit.c


class TopicBook:
    """Changes one tenant's taxonomy. Whoever says which `seq` of the draft they looked at is refused where there is a later one."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def edit(
        self,
        kind: TopicEditKind,
        details: Mapping[str, Any],
        *,
        author: str,
        expected_seq: int | None = None,
        now: datetime | None = None,
    ) -> Draft:
        """Make one edit of the draft; returns the draft with it.

        Args:
            kind: What is done.
            details: What it is done to, as the edit of that kind in `core.topics.edits` takes it.
            author: Who does it.
            expected_seq: The `seq` of the draft they looked at; None: whatever it is.
            now: When; the present unless given.

        Raises:
            UnknownTenant: There is no such tenant.
            DraftMoved: The draft is another by now.
            InvalidEdit: The taxonomy does not allow it; nothing was changed.
        """
        with self._changing(expected_seq) as (connection, draft):
            return self._edited(connection, draft, Edit(kind, details, author), now)

    def undo(self, *, is_all: bool = False, expected_seq: int | None = None) -> list[RecordedEdit]:
        """Take back the last edit of the draft, or all of them; returns those.

        Raises:
            UnknownTenant: There is no such tenant.
            DraftMoved: The draft is another by now.
        """
        with self._changing(expected_seq) as (connection, draft):
            undone = list(draft.edits) if is_all else list(draft.edits)[-1:]
            ids = [one.edit_id for one in undone]
            connection.execute(delete(topic_edit).where(_E.tenant_id == self._tenant_id, _E.edit_id.in_(ids)))
            if undone:
                _count(connection, self._tenant_id, draft.seq)
            return undone

    def accept(
        self,
        proposal_id: int,
        kind: TopicEditKind,
        details: Mapping[str, Any],
        *,
        author: str,
        expected_seq: int | None = None,
        now: datetime | None = None,
    ) -> Draft:
        """Take a proposal into the draft by this edit; both or neither.

        Raises:
            UnknownProposal: There is no open one of that number.
            UnknownTenant, DraftMoved, InvalidEdit: As `edit`.
        """
        with self._changing(expected_seq) as (connection, draft):
            decide_proposal(connection, self._tenant_id, proposal_id, ProposalStatus.ACCEPTED, author=author, now=now)
            return self._edited(connection, draft, Edit(kind, details, author), now)

    def dismiss(self, proposal_id: int, *, author: str, now: datetime | None = None) -> None:
        """Leave a proposal.

        Raises:
            UnknownProposal: There is no open one of that number.
        """
        with self._transaction() as connection:
            decide_proposal(connection, self._tenant_id, proposal_id, ProposalStatus.DISMISSED, author=author, now=now)

    def rollback(
        self, version: int, *, author: str, expected_seq: int | None = None, now: datetime | None = None
    ) -> ShippedVersion:
        """Put an older version in force again, as a new version with its content.

        Raises:
            UnknownVersion: There is none of that number.
            UnshippedEdits: The draft has edits; they were made to another taxonomy.
            NothingToShip: It is in force.
            UnknownTenant, DraftMoved: As `edit`.
        """
        with self._changing(expected_seq) as (connection, draft):
            old = _version(connection, self._tenant_id, version)
            if draft.edits:
                raise UnshippedEdits(
                    f"The draft of {self._tenant_id} has {len(draft.edits)} edits: ship them, or take them back with "
                    f"`churnboard topics undo {self._tenant_id} --all`."
                )
            if draft.base is None or draft.base.content == old.content:
                raise NothingToShip(f"The taxonomy of {self._tenant_id} says what version {version} says already.")
            _insert_version(
                connection,
                self._tenant_id,
                old.content,
                version=draft.base.version + 1,
                restored_version=version,
                author=author,
                note=f"Version {version} again.",
                now=now,
            )
            _count(connection, self._tenant_id, draft.seq)
            return _versions(connection, self._tenant_id)[-1]

    def _edited(self, connection: Connection, draft: Draft, edit: Edit, now: datetime | None) -> Draft:
        edited(draft.content, edit)
        last = connection.scalar(select(func.max(_E.edit_id)).where(_E.tenant_id == self._tenant_id)) or 0
        row = {"tenant_id": self._tenant_id, "edit_id": last + 1, "kind": edit.kind, "details": dict(edit.details)}
        connection.execute(insert(topic_edit).values(**row, author=edit.author, created_at=now or datetime.now(UTC)))
        _count(connection, self._tenant_id, draft.seq)
        return _draft(connection, self._tenant_id)

    @contextmanager
    def _changing(self, expected_seq: int | None) -> Iterator[tuple[Connection, Draft]]:
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            draft = _draft(connection, self._tenant_id)
            if expected_seq is not None and expected_seq != draft.seq:
                last = draft.edits[-1] if draft.edits else None
                what = f"The last edit is by {last.edit.author}: {last.edit}" if last else "It has no edits now"
                raise DraftMoved(
                    f"Somebody changed the topics meanwhile. {what}. Look at the draft again, then send `seq` {draft.seq}.",
                    draft,
                )
            yield connection, draft


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
        with self._engine.connect() as connection:
            return _version(connection, tenant_id, version)

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
        """As `TopicBook.edit`; returns what the draft says then."""
        return self._book(tenant_id).edit(kind, details, author=author, now=now).content

    def undo(self, tenant_id: str, *, is_all: bool = False) -> list[RecordedEdit]:
        """As `TopicBook.undo`."""
        return self._book(tenant_id).undo(is_all=is_all)

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
            _count(connection, tenant_id, candidate.draft.seq)
            return _versions(connection, tenant_id)[-1]

    def rollback(self, tenant_id: str, version: int, *, author: str, now: datetime | None = None) -> ShippedVersion:
        """As `TopicBook.rollback`."""
        return self._book(tenant_id).rollback(version, author=author, now=now)

    def _book(self, tenant_id: str) -> TopicBook:
        return TopicBook(tenant_id, lambda: writing(self._engine))


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
    return [ShippedVersion.from_row(dict(row)) for row in connection.execute(query).mappings()]


def _version(connection: Connection, tenant_id: str, version: int) -> ShippedVersion:
    for one in _versions(connection, tenant_id):
        if one.version == version:
            return one
    raise UnknownVersion(
        f"The taxonomy of {tenant_id} has no version {version}: see `churnboard topics versions {tenant_id}`."
    )


def _edits(connection: Connection, tenant_id: str) -> list[RecordedEdit]:
    query = select(topic_edit).where(_E.tenant_id == tenant_id).order_by(_E.edit_id)
    return [RecordedEdit.from_row(dict(row)) for row in connection.execute(query).mappings()]


def _seq(connection: Connection, tenant_id: str) -> int:
    return connection.scalar(select(topic_draft.c.seq).where(topic_draft.c.tenant_id == tenant_id)) or 0


def _count(connection: Connection, tenant_id: str, seq: int) -> None:
    """Note that the draft is another than it was at `seq`; the tenant is locked."""
    mine = topic_draft.c.tenant_id == tenant_id
    if not connection.execute(update(topic_draft).where(mine).values(seq=seq + 1)).rowcount:
        connection.execute(insert(topic_draft).values(tenant_id=tenant_id, seq=seq + 1))


def _draft(connection: Connection, tenant_id: str) -> Draft:
    return draft_of(_versions(connection, tenant_id), _edits(connection, tenant_id), _seq(connection, tenant_id))


def _candidate(connection: Connection, tenant_id: str) -> Candidate:
    return candidate_of(_draft(connection, tenant_id), read_corrections(connection, tenant_id))


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
