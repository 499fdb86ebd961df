"""The addresses of one ticket and of corrections. A list of tickets is another matter."""

import hashlib
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Member, Viewer
from serve.corrections import service
from serve.corrections.repository import TicketNotFound
from serve.corrections.schemas import (
    Corrected,
    CorrectionPage,
    CorrectionQuery,
    CorrectionView,
    Ticket,
    ToneSaid,
    TopicsSaid,
)
from serve.corrections.service import CorrectionNotFound, NothingToCorrect, UnknownTopic
from serve.errors import InvalidRequest, documented
from serve.responses import PRIVATE, conditional, json_response
from serve.schemas import Text
from serve.tenancy import NothingPublished
from serve.version import VERSION

router = APIRouter(tags=["corrections"])

TicketId = Annotated[Text, Path()]


@router.get(
    "/tickets/{ticket_id}",
    operation_id="get_ticket",
    summary="One ticket as it was read",
    response_model=Ticket,
    responses=documented(*AUTH_ERRORS, TicketNotFound, NothingPublished, InvalidRequest),
)
def get_ticket(request: Request, caller: Viewer, ticket_id: TicketId) -> Response:
    """What it said when it was opened, what was read out of it, the cards it stands behind, and what people corrected."""
    with caller.session() as session:
        body = service.ticket(session, ticket_id)
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_UTC_Z)).hexdigest()
        return conditional(request, (VERSION, session.tenant_id, digest), lambda: body)


@router.put(
    "/tickets/{ticket_id}/topics",
    operation_id="correct_ticket_topics",
    summary="Say what a ticket is about",
    response_model=Corrected,
    responses=documented(
        *AUTH_ERRORS, TicketNotFound, NothingPublished, NothingToCorrect, UnknownTopic, InvalidRequest
    ),
)
def correct_ticket_topics(caller: Member, ticket_id: TicketId, said: TopicsSaid) -> Response:
    """It counts from the next refresh on, whatever is shipped next must read it so, and similar tickets are read by it."""
    return json_response({"items": service.correct_topics(caller, ticket_id, said)}, headers=PRIVATE)


@router.put(
    "/tickets/{ticket_id}/sentiment",
    operation_id="correct_ticket_sentiment",
    summary="Say how a ticket sounds",
    response_model=Corrected,
    responses=documented(*AUTH_ERRORS, TicketNotFound, NothingPublished, NothingToCorrect, InvalidRequest),
)
def correct_ticket_sentiment(caller: Member, ticket_id: TicketId, said: ToneSaid) -> Response:
    """Its tone, whether it speaks of leaving, or both: a case that prompts are held against. Cards do not change yet."""
    return json_response({"items": service.correct_tone(caller, ticket_id, said)}, headers=PRIVATE)


@router.get(
    "/corrections",
    operation_id="list_corrections",
    summary="What people said readings should have been",
    response_model=CorrectionPage,
    responses=documented(*AUTH_ERRORS, InvalidRequest),
)
def list_corrections(caller: Viewer, wanted: Annotated[CorrectionQuery, Query()]) -> Response:
    """The newest first, those that do not stand any more included."""
    with caller.session() as session:
        return json_response(service.page(session, wanted), headers=PRIVATE)


@router.delete(
    "/corrections/{correction_id}",
    operation_id="withdraw_correction",
    summary="Take a correction back",
    response_model=CorrectionView,
    responses=documented(*AUTH_ERRORS, CorrectionNotFound, InvalidRequest),
)
def withdraw_correction(caller: Member, correction_id: Annotated[Text, Path()]) -> Response:
    """It neither counts nor teaches any more; one before it, of the same ticket and field, stands again."""
    return json_response(service.withdraw(caller, correction_id), headers=PRIVATE)
