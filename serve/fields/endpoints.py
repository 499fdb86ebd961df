"""The fields' address."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from core.vocabulary import AuditAction, MappedField, OnboardingStep, TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Viewer
from serve.errors import InvalidRequest, documented
from serve.fields.repository import FieldRepository
from serve.fields.schemas import FieldChoices, FieldList, FieldsSaved, FieldView
from serve.fields.service import UnfitChoice, mappings
from serve.responses import PRIVATE, json_response
from serve.tasks.repository import TaskRepository
from serve.tenancy import TenantSession
from serve.trail.changes import details, of_fields

router = APIRouter(prefix="/fields", tags=["fields"])

_NOW = PRIVATE | {"Cache-Control": "no-store"}
_NOTHING: dict[str, Any] = dict.fromkeys(FieldView.model_fields)


@router.get(
    "",
    operation_id="list_fields",
    summary="What HubSpot's properties mean",
    response_model=FieldList,
    responses=documented(*AUTH_ERRORS),
)
def list_fields(caller: Viewer) -> Response:
    """Every field with what it is mapped to, and every property and stage it could be, with values as they were loaded."""
    with caller.session() as session:
        return json_response(_fields(session), headers=_NOW)


@router.put(
    "",
    operation_id="map_fields",
    summary="Say what HubSpot's properties mean",
    response_model=FieldsSaved,
    responses=documented(*AUTH_ERRORS, InvalidRequest, UnfitChoice),
)
def map_fields(caller: Admin, wanted: FieldChoices) -> Response:
    """Adds a version of each field that changes, all or none, and has cards worked out anew; needs the role admin."""
    with caller.session() as session:
        repository = FieldRepository(session)
        chosen = mappings(wanted.items, repository.candidates(), repository.current())
    subject, writer = caller.user.subject, caller.writer
    with writer.together():
        changed = writer.mappings.set(chosen, author=subject)
        writer.onboarding.confirm(OnboardingStep.FIELDS, by=subject)
        if changed:
            writer.audit(AuditAction.FIELDS_MAPPED, "fields", "hubspot", details(of_fields(changed)))
    task_id = None
    if changed:
        with caller.session() as session:
            versions = [row["version"] for row in FieldRepository(session).newest().values()]
        # One that began before this change did not see it: it is not the same task.
        task_id = caller.writer.tasks.ask(TaskKind.IMPORT, {"mapping_count": sum(versions)}, asked_by=subject)
    with caller.session() as session:
        task = TaskRepository(session).task(task_id) if task_id else None
        body = {**_fields(session), "changed_count": len(changed), "task": task}
    return json_response(body, headers=_NOW)


def _fields(session: TenantSession) -> dict[str, Any]:
    repository = FieldRepository(session)
    newest = repository.newest()
    items = [
        _NOTHING | {"field": field} | {name: row[name] for name in FieldView.model_fields if name in row}
        for field in MappedField
        for row in [newest.get(field, {})]
    ]
    return {"items": items, "candidates": repository.candidates()}
