"""The address of what a model was asked."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from core.vocabulary import AnalysisTask
from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.errors import InvalidRequest, documented
from serve.prompts.repository import PromptNotFound, wordings
from serve.prompts.schemas import PromptWordings
from serve.responses import PRIVATE, json_response
from serve.schemas import Text

router = APIRouter(prefix="/prompts", tags=["board"])


@router.get(
    "/{task}/{prompt_version}",
    operation_id="get_prompt",
    summary="What a prompt version says",
    response_model=PromptWordings,
    responses=documented(*AUTH_ERRORS, PromptNotFound, InvalidRequest),
)
def get_prompt(
    caller: Viewer, task: Annotated[AnalysisTask, Path()], prompt_version: Annotated[Text, Path()]
) -> Response:
    """The very words that a reading's `prompt_version` names, as they were when tickets were first read with them."""
    with caller.session() as session:
        return json_response({"items": wordings(session, task, prompt_version)}, headers=PRIVATE)
