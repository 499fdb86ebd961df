"""The topics' addresses. Whoever may act on cards may edit, ship and go back: a version that was shipped is never lost."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from core.errors import ChurnboardError
from core.vocabulary import TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Member, Viewer
from serve.errors import InvalidRequest, documented, refusal, status_of
from serve.responses import PRIVATE, conditional, json_response
from serve.schemas import Text
from serve.tasks.endpoints import asked
from serve.tasks.schemas import TaskView
from serve.tenancy import TenantSession
from serve.topics import service
from serve.topics.acts import (
    AcceptRequest,
    DiscoveryRequest,
    EditRequest,
    PreviewRequest,
    RestoreRequest,
    RetagRequest,
    ShipRequest,
    UndoRequest,
)
from serve.topics.repository import ProposalNotFound, TopicRepository, VersionNotFound
from serve.topics.schemas import (
    DiffQuery,
    DraftChangedBody,
    ProposalDismissed,
    ProposalQuery,
    TopicDiff,
    TopicDraft,
    TopicList,
    TopicProposals,
    TopicVersionHead,
    TopicVersions,
)
from serve.topics.service import DraftChangedMeanwhile, DraftNotEmpty, IllegalEdit, NothingNew
from serve.version import VERSION

router = APIRouter(prefix="/topics", tags=["topics"])

Number = Annotated[Text, Path(examples=["3"])]
"""A number from a list; whatever is none names nothing there is."""


def _on_draft(*errors: type[ChurnboardError]) -> dict[int | str, dict[str, Any]]:
    described = documented(*AUTH_ERRORS, DraftChangedMeanwhile, *errors, InvalidRequest)
    described[status_of(DraftChangedMeanwhile)]["model"] = DraftChangedBody
    return described


@router.get(
    "",
    operation_id="list_topics",
    summary="What tickets are sorted by, and what is worked on",
    response_model=TopicList,
    responses=documented(*AUTH_ERRORS),
)
def list_topics(request: Request, caller: Viewer) -> Response:
    """Every topic of the draft with its rules, beside volume, trend and tone of what is in force in the published build."""
    return _read(request, caller, service.topic_list)


@router.post(
    "/edits",
    operation_id="edit_topics",
    summary="Edit the draft",
    status_code=201,
    response_model=TopicDraft,
    responses=_on_draft(IllegalEdit),
)
def edit_topics(caller: Member, wanted: EditRequest) -> Response:
    """Topics are added, described, renamed, merged, split, archived, moved; rules added, changed, removed. Nothing is shipped."""
    return _answer(lambda: service.edit(caller, wanted.edit, seq=wanted.seq), status=201)


@router.post(
    "/undo",
    operation_id="undo_topic_edits",
    summary="Take back what is not shipped",
    response_model=TopicDraft,
    responses=_on_draft(),
)
def undo_topic_edits(caller: Member, wanted: UndoRequest) -> Response:
    """The last edit of the draft, or all of them."""
    return _answer(lambda: service.undo(caller, seq=wanted.seq, is_all=wanted.is_all))


@router.get(
    "/versions",
    operation_id="list_topic_versions",
    summary="Every version that was shipped",
    response_model=TopicVersions,
    responses=documented(*AUTH_ERRORS),
)
def list_topic_versions(request: Request, caller: Viewer) -> Response:
    """The newest first; that one is in force."""
    return _read(request, caller, service.versions)


@router.post(
    "/versions/{version}/restore",
    operation_id="restore_topic_version",
    summary="Go back to an older version",
    status_code=201,
    response_model=TopicVersionHead,
    responses=_on_draft(VersionNotFound, DraftNotEmpty, NothingNew),
)
def restore_topic_version(caller: Member, version: Number, wanted: RestoreRequest) -> Response:
    """Its content is in force again, as a new version. Corrections are not tried: it is the way out when something is wrong."""
    return _answer(lambda: service.restore(caller, version, seq=wanted.seq), status=201)


@router.get(
    "/diff",
    operation_id="compare_topics",
    summary="What is different between two versions",
    response_model=TopicDiff,
    responses=documented(*AUTH_ERRORS, VersionNotFound, InvalidRequest),
)
def compare_topics(request: Request, caller: Viewer, wanted: Annotated[DiffQuery, Query()]) -> Response:
    """Line by line; without parameters what shipping now would change."""
    return _read(request, caller, lambda session: service.diff(session, wanted))


@router.get(
    "/proposals",
    operation_id="list_topic_proposals",
    summary="Topics that were found in tickets",
    response_model=TopicProposals,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def list_topic_proposals(request: Request, caller: Viewer, wanted: Annotated[ProposalQuery, Query()]) -> Response:
    """Those to decide on unless told otherwise, most tickets first, with what customers wrote."""
    return _read(request, caller, lambda session: {"items": TopicRepository(session).proposals(wanted.status)})


@router.post(
    "/proposals/{proposal_id}/accept",
    operation_id="accept_topic_proposal",
    summary="Take a proposal into the draft",
    status_code=201,
    response_model=TopicDraft,
    responses=_on_draft(ProposalNotFound, IllegalEdit),
)
def accept_topic_proposal(caller: Member, proposal_id: Number, wanted: AcceptRequest) -> Response:
    """As it is, under another name, or merged into a topic there is; two who decide at once do not both."""
    return _answer(lambda: service.accept(caller, proposal_id, wanted), status=201)


@router.post(
    "/proposals/{proposal_id}/dismiss",
    operation_id="dismiss_topic_proposal",
    summary="Leave a proposal",
    response_model=ProposalDismissed,
    responses=documented(*AUTH_ERRORS, ProposalNotFound, InvalidRequest),
)
def dismiss_topic_proposal(caller: Member, proposal_id: Number) -> Response:
    """It is not shown any more; a later discovery may find it again."""
    return _answer(lambda: service.dismiss(caller, proposal_id))


@router.post(
    "/discovery",
    operation_id="discover_topics",
    summary="Look for topics in tickets",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def discover_topics(caller: Member, wanted: Annotated[DiscoveryRequest, Body()]) -> Response:
    """In the background; what is found stands under proposals. A model that costs money is asked only once that is confirmed."""
    return asked(caller, TaskKind.TOPIC_DISCOVERY, wanted.model_dump())


@router.post(
    "/preview",
    operation_id="preview_topics",
    summary="Try the draft out on past tickets",
    status_code=202,
    response_model=TaskView,
    responses=_on_draft(IllegalEdit),
)
def preview_topics(caller: Member, wanted: PreviewRequest) -> Response:
    """What the draft, or the draft with one more edit, would do to the newest tickets; nothing is changed. In the background."""
    return _asked(caller, lambda: service.previewing(caller, wanted))


@router.post(
    "/shipping",
    operation_id="ship_topics",
    summary="Put the draft in force",
    status_code=202,
    response_model=TaskView,
    responses=_on_draft(NothingNew),
)
def ship_topics(caller: Member, wanted: ShipRequest) -> Response:
    """In the background: corrected tickets are read with the draft; only if all read as people said it becomes the next version."""
    return _asked(caller, lambda: service.shipping(caller, wanted))


@router.post(
    "/retagging",
    operation_id="retag_tickets",
    summary="Sort old tickets by the version in force",
    status_code=202,
    response_model=TaskView,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def retag_tickets(caller: Member, wanted: Annotated[RetagRequest, Body()]) -> Response:
    """In the background; the result counts tickets from where to where. What is asked the same way as before costs nothing."""
    return asked(caller, TaskKind.TOPIC_RETAGGING, wanted.model_dump())


def _read(request: Request, caller: Viewer, content: Callable[[TenantSession], Mapping[str, Any]]) -> Response:
    """An answer whose ETag is of its content: it depends on the draft, on corrections, on proposals and on the build."""
    with caller.session() as session:
        body = content(session)
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_UTC_Z)).hexdigest()
        return conditional(request, (VERSION, session.tenant_id, digest), lambda: body)


def _answer(act: Callable[[], Mapping[str, Any]], *, status: int = 200) -> Response:
    try:
        return json_response(act(), status=status, headers=PRIVATE)
    except DraftChangedMeanwhile as changed:
        return refusal(changed, draft=changed.draft)


def _asked(caller: Member, task: Callable[[], tuple[TaskKind, dict[str, Any]]]) -> Response:
    try:
        return asked(caller, *task())
    except DraftChangedMeanwhile as changed:
        return refusal(changed, draft=changed.draft)
