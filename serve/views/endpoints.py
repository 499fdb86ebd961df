"""The addresses of saved views."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Member, Viewer
from serve.errors import InvalidRequest, documented
from serve.responses import PRIVATE, json_response
from serve.schemas import Text
from serve.views import service
from serve.views.schemas import NewView, SavedView, SavedViewId, SavedViews
from serve.views.service import NameTaken, NotYourView, ViewLimitReached, ViewNotFound

router = APIRouter(prefix="/views", tags=["board"])


@router.get(
    "",
    operation_id="list_views",
    summary="Ways of looking at the board",
    response_model=SavedViews,
    responses=documented(*AUTH_ERRORS),
)
def list_views(caller: Viewer) -> Response:
    """The views you saved, and those your colleagues share, by name."""
    return json_response({"items": service.seen(caller)}, headers=PRIVATE)


@router.post(
    "",
    operation_id="add_view",
    summary="Save a view",
    status_code=201,
    response_model=SavedView,
    responses=documented(*AUTH_ERRORS, NameTaken, ViewLimitReached, InvalidRequest),
)
def add_view(caller: Member, wanted: NewView) -> Response:
    """Keep filters and sort under a name, for yourself or for everybody of your company; needs the role member."""
    return json_response(service.add(caller, wanted), status=201, headers=PRIVATE)


@router.put(
    "/{view_id}",
    operation_id="change_view",
    summary="Change a view",
    response_model=SavedView,
    responses=documented(*AUTH_ERRORS, ViewNotFound, NotYourView, NameTaken, InvalidRequest),
)
def change_view(caller: Member, view_id: Annotated[Text, Path()], wanted: NewView) -> Response:
    """Replace name, filters and readers of a view of yours; an admin changes shared ones too."""
    return json_response(service.change(caller, view_id, wanted), headers=PRIVATE)


@router.delete(
    "/{view_id}",
    operation_id="delete_view",
    summary="Delete a view",
    response_model=SavedViewId,
    responses=documented(*AUTH_ERRORS, ViewNotFound, NotYourView, InvalidRequest),
)
def delete_view(caller: Member, view_id: Annotated[Text, Path()]) -> Response:
    """Let go of a view of yours; an admin deletes shared ones too."""
    service.remove(caller, view_id)
    return json_response({"view_id": view_id}, headers=PRIVATE)
