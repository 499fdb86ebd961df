"""The sources' address."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.errors import documented
from serve.responses import kept
from serve.sources.repository import SourceRepository
from serve.sources.schemas import SourceList
from serve.sources.service import summarise
from serve.tenancy import NothingPublished

router = APIRouter(prefix="/sources", tags=["sources"])


@router.get(
    "",
    operation_id="list_sources",
    summary="How well HubSpot was read",
    response_model=SourceList,
    responses=documented(*AUTH_ERRORS, NothingPublished),
)
def list_sources(request: Request, caller: Viewer) -> Response:
    """Every stream as it stood when the published build was computed, and in a few sentences what is amiss."""
    with caller.session() as session:

        def content() -> dict[str, Any]:
            streams = SourceRepository(session).streams()
            return {"items": streams, "summary": summarise(streams), "build": session.stamp}

        return kept(request, caller.user, session.version, content)
