"""What people do to topics: written through the tenant's book, failures told in the API's own words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from core.topics import Edit, InvalidEdit, TaxonomyContent, edited
from core.topics.diff import differences
from core.topics.draft import DraftMoved, NothingToShip, UnshippedEdits
from core.topics.proposals import UnknownProposal
from core.vocabulary import TaskKind, TopicEditKind
from serve.auth.dependencies import Caller
from serve.errors import Conflict, Unprocessable
from serve.tenancy import TenantSession
from serve.topics.acts import AcceptRequest, PreviewRequest, ShipRequest, TopicEdit
from serve.topics.repository import ProposalNotFound, TopicRepository, VersionNotFound
from serve.topics.schemas import DiffQuery
from serve.topics.views import draft_view, rule_view, topic_views, version_view


class DraftChangedMeanwhile(Conflict):
    """Somebody changed the draft since you saw it; `draft` is what it is now."""

    def __init__(self, message: str, draft: dict[str, Any]) -> None:
        super().__init__(message)
        self.draft = draft


class DraftNotEmpty(Conflict):
    """The draft has edits that going back would lose."""


class NothingNew(Conflict):
    """It would say what is in force already."""


class IllegalEdit(Unprocessable):
    """The taxonomy does not allow that edit."""


def topic_list(session: TenantSession) -> dict[str, Any]:
    """The draft, topic by topic, with the figures of what is in force."""
    topics = TopicRepository(session)
    candidate, figures = topics.candidate(), topics.figures()
    draft = candidate.draft
    return {
        "in_force": version_view(draft.base) if draft.base else None,
        "draft": draft_view(candidate),
        "topics": topic_views(draft, figures),
        "rules": [rule_view(rule) for rule in draft.content.rules if rule.topic is None],
        "coverage": figures.coverage if figures else [],
        "build": session.stamp if figures else None,
    }


def versions(session: TenantSession) -> dict[str, Any]:
    """Every version, newest first."""
    return {"items": [version_view(one) for one in reversed(TopicRepository(session).versions())]}


def diff(session: TenantSession, wanted: DiffQuery) -> dict[str, Any]:
    """What is different between two versions, or a version and what would be shipped.

    Raises:
        VersionNotFound: There is none of that number.
    """
    topics = TopicRepository(session)
    candidate = topics.candidate()
    held = {one.version: one.content for one in topics.versions()}
    if missing := [number for number in (wanted.before, wanted.after) if number is not None and number not in held]:
        raise VersionNotFound(f"There is no version {missing[0]}: GET /api/v1/topics/versions lists them.")
    base = candidate.draft.base
    before = wanted.before if wanted.before is not None else base.version if base else None
    found = differences(
        held[before] if before is not None else TaxonomyContent(),
        candidate.content if wanted.after is None else held[wanted.after],
    )
    return {"before": before, "after": wanted.after, "items": [asdict(one) for one in found]}


def edit(caller: Caller, wanted: TopicEdit, *, seq: int) -> dict[str, Any]:
    """Make one edit; returns the draft with it.

    Raises:
        DraftChangedMeanwhile, IllegalEdit: As they say; nothing was written.
    """
    kind, details = wanted.told()
    return _changed(
        caller, lambda: caller.writer.topics.edit(kind, details, author=caller.user.subject, expected_seq=seq)
    )


def undo(caller: Caller, *, seq: int, is_all: bool) -> dict[str, Any]:
    """Take back the last edit, or all; returns the draft without.

    Raises:
        DraftChangedMeanwhile: Nothing was taken back.
    """
    return _changed(caller, lambda: caller.writer.topics.undo(is_all=is_all, expected_seq=seq))


def restore(caller: Caller, version: str, *, seq: int) -> dict[str, Any]:
    """Put an older version in force again, as a new one; returns that.

    Raises:
        VersionNotFound, DraftChangedMeanwhile, DraftNotEmpty, NothingNew: As they say; nothing was written.
    """
    with caller.session() as session:
        held = {str(one.version): one.version for one in TopicRepository(session).versions()}
    if version not in held:
        raise VersionNotFound("There is no such version: GET /api/v1/topics/versions lists them.")
    with _told(caller):
        return version_view(caller.writer.topics.rollback(held[version], author=caller.user.subject, expected_seq=seq))


def accept(caller: Caller, number: str, wanted: AcceptRequest) -> dict[str, Any]:
    """Take a proposal into the draft; returns the draft with it.

    Raises:
        ProposalNotFound, DraftChangedMeanwhile, IllegalEdit: As they say; nothing was written.
    """
    with caller.session() as session:
        topics = TopicRepository(session)
        proposal = topics.open_proposal(number)
        content = topics.draft().content
    description = proposal["description"] if wanted.description is None else wanted.description
    if wanted.merge_into is None:
        kind = TopicEditKind.ADD
        details = {"name": wanted.name or proposal["name"], "description": description, "parent": wanted.parent}
    else:
        kind = TopicEditKind.DESCRIBE
        held = content.topic(wanted.merge_into)
        both = " ".join(part for part in (held.description if held else "", description) if part)
        details = {"name": wanted.merge_into, "description": both}
    return _changed(
        caller,
        lambda: caller.writer.topics.accept(
            proposal["proposal_id"], kind, details, author=caller.user.subject, expected_seq=wanted.seq
        ),
    )


def dismiss(caller: Caller, number: str) -> dict[str, Any]:
    """Leave a proposal; returns the number of it.

    Raises:
        ProposalNotFound: There is no open one of that number.
    """
    with caller.session() as session:
        proposal_id = TopicRepository(session).open_proposal(number)["proposal_id"]
    with _told(caller):
        caller.writer.topics.dismiss(proposal_id, author=caller.user.subject)
    return {"proposal_id": proposal_id}


def shipping(caller: Caller, wanted: ShipRequest) -> tuple[TaskKind, dict[str, Any]]:
    """The task that ships the draft.

    Raises:
        DraftChangedMeanwhile, NothingNew: As they say; nothing was asked for.
    """
    with caller.session() as session:
        candidate = TopicRepository(session).candidate()
    _check_seq(candidate.draft.seq, wanted.seq, draft_view(candidate))
    if not candidate.has_changes:
        raise NothingNew("The draft says what is in force already: there is nothing to ship.")
    return TaskKind.TOPIC_SHIPPING, {"seq": wanted.seq, "note": wanted.note}


def previewing(caller: Caller, wanted: PreviewRequest) -> tuple[TaskKind, dict[str, Any]]:
    """The task that tries the draft out, with one more edit where one is given.

    Raises:
        DraftChangedMeanwhile, IllegalEdit: As they say; nothing was asked for.
    """
    with caller.session() as session:
        candidate = TopicRepository(session).candidate()
    _check_seq(candidate.draft.seq, wanted.seq, draft_view(candidate))
    trial = None
    if wanted.edit is not None:
        kind, details = wanted.edit.told()
        try:
            edited(candidate.draft.content, Edit(kind, details, caller.user.subject))
        except InvalidEdit as illegal:
            raise IllegalEdit(str(illegal)) from illegal
        trial = {"kind": kind.value, "details": details}
    told = {"seq": wanted.seq, "sample": wanted.sample, "is_confirmed": wanted.is_confirmed}
    return TaskKind.TOPIC_PREVIEW, told | {"edit": trial}


def _check_seq(held: int, seen: int, draft: dict[str, Any]) -> None:
    if held != seen:
        raise DraftChangedMeanwhile(
            f"Somebody changed the topics meanwhile. Look at the draft again, then send `seq` {held}.", draft
        )


def _changed(caller: Caller, change: Callable[[], object]) -> dict[str, Any]:
    with _told(caller):
        change()
    return _draft(caller)


def _draft(caller: Caller) -> dict[str, Any]:
    with caller.session() as session:
        return draft_view(TopicRepository(session).candidate())


@contextmanager
def _told(caller: Caller) -> Iterator[None]:
    """Say what the book refuses in the API's words."""
    try:
        yield
    except DraftMoved as moved:
        raise DraftChangedMeanwhile(str(moved), _draft(caller)) from moved
    except InvalidEdit as illegal:
        raise IllegalEdit(str(illegal)) from illegal
    except UnshippedEdits as unshipped:
        raise DraftNotEmpty(
            "The draft has edits, which were made to another taxonomy: ship them, or take them back, then go back."
        ) from unshipped
    except NothingToShip as nothing:
        raise NothingNew("That version says what is in force already.") from nothing
    except UnknownProposal as gone:
        raise ProposalNotFound(
            "There is no such proposal any more: somebody decided on it, or a later discovery replaced it. Look at the list again."
        ) from gone
