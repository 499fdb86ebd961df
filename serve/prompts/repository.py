"""Words of prompts out of a tenant session."""

from typing import Any

from sqlalchemy import select

from core.vocabulary import AnalysisTask
from serve.errors import NotFound
from serve.prompts.schemas import PromptWording
from serve.tenancy import TenantSession, prompt_wordings

_WORDING = prompt_wordings().c
_WORDINGS = select(*(_WORDING[name] for name in PromptWording.model_fields)).order_by(
    _WORDING.first_used_at, _WORDING.fingerprint
)


class PromptNotFound(NotFound):
    """None of your tickets was read with that version, or the reading is older than the keeping of words."""


def wordings(session: TenantSession, task: AnalysisTask, prompt_version: str) -> list[dict[str, Any]]:
    """What a version says, oldest first.

    Raises:
        PromptNotFound: Nothing is kept of it.
    """
    of_version = _WORDINGS.where(_WORDING.task == task, _WORDING.prompt_version == prompt_version)
    if found := session.standing(of_version):
        return found
    raise PromptNotFound(
        f"The words of {task} {prompt_version} are not kept: none of your tickets was read with it, or the reader asks no model. "
        f"They are kept from the next reading on."
    )
