"""The audit trail's address."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Admin
from serve.errors import InvalidRequest, documented
from serve.paging import InvalidCursor
from serve.responses import PRIVATE, json_response
from serve.trail.repository import entries
from serve.trail.schemas import AuditPage, AuditQuery

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get(
    "",
    operation_id="list_audit",
    summary="Who did what",
    response_model=AuditPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, InvalidRequest),
)
def list_audit(caller: Admin, wanted: Annotated[AuditQuery, Query()]) -> Response:
    """What people did about access, connections and settings, the latest first; needs the role admin."""
    with caller.session() as session:
        page = entries(session, wanted)
    return json_response({"items": page.items, "next_cursor": page.next_cursor}, headers=PRIVATE)
