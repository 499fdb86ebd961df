"""Addresses of the tenant's settings, of what its people wrote, and of its end."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from core.errors import ChangedMeanwhile
from core.vocabulary import AuditAction, TaskKind
from serve.auth.dependencies import AUTH_ERRORS, Admin, Viewer
from serve.errors import (
    Conflict,
    DatabaseUnavailable,
    InvalidRequest,
    NotFound,
    Unprocessable,
    documented,
    refusal,
    status_of,
)
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.schemas import Text
from serve.services import services_of
from serve.tenant.repository import changes_since, settings, written
from serve.tenant.schemas import (
    DeletionAsked,
    Farewell,
    NewSettings,
    Receipt,
    SettingsChangedBody,
    TenantSettings,
    Written,
)
from serve.trail.changes import details, of_settings

router = APIRouter(tags=["tenant"])


class SettingsChangedMeanwhile(Conflict):
    """Somebody changed the settings after you looked; nothing was done."""


class NotItsName(Unprocessable):
    """What was typed is not the tenant's name; nothing was done."""


class NoSuchOwner(Unprocessable):
    """No company of the published build has that owner."""


class NoSuchReceipt(NotFound):
    """There is no receipt of that id."""


@router.get(
    "/tenant",
    operation_id="get_tenant",
    summary="What can be set of the tenant",
    response_model=TenantSettings,
    responses=documented(*AUTH_ERRORS),
)
def get_tenant(caller: Viewer) -> Response:
    """Name, currency, masking, who owns what nobody owns, when low cards expire, and how long words are kept."""
    with caller.session() as session:
        return json_response(settings(session), headers=PRIVATE)


_CHANGE_ERRORS = documented(*AUTH_ERRORS, NoSuchOwner, SettingsChangedMeanwhile, InvalidRequest)
_CHANGE_ERRORS[status_of(SettingsChangedMeanwhile)]["model"] = SettingsChangedBody


@router.put(
    "/tenant",
    operation_id="change_tenant",
    summary="Set it",
    response_model=TenantSettings,
    responses=_CHANGE_ERRORS,
)
def change_tenant(caller: Admin, wanted: Annotated[NewSettings, Body()]) -> Response:
    """Sets all of it; needs the role admin. Masking and retention hold at once, the rest with the next refresh."""
    with caller.session() as session:
        held = settings(session)
    known = {one["owner_id"] for one in held["owners"]} | {held["default_owner_id"], None}
    if wanted.default_owner_id not in known:
        raise NoSuchOwner(
            f"No company has the owner {wanted.default_owner_id!r}: take one of `owners` of GET /api/v1/tenant, or null."
        )
    writer, values = caller.writer, wanted.model_dump(exclude={"version"})
    try:
        with writer.together():
            before = writer.tenant.change(expected_version=wanted.version, **values)
            if before is not None:
                said = details(of_settings(before, values), version=wanted.version + 1)
                writer.audit(AuditAction.SETTINGS_CHANGED, "tenant", held["tenant_id"], said)
    except ChangedMeanwhile as error:
        with caller.session() as session:
            return refusal(
                SettingsChangedMeanwhile(str(error)),
                settings=settings(session),
                changes=changes_since(session, wanted.version),
            )
    with caller.session() as session:
        return json_response(settings(session), headers=PRIVATE)


@router.get(
    "/tenant/export",
    operation_id="export_tenant",
    summary="What your people decided and wrote",
    response_model=Written,
    responses=documented(*AUTH_ERRORS),
)
def export_tenant(caller: Admin) -> Response:
    """What cannot be read from HubSpot again: comments, outcomes, topics, corrections, rules, settings; needs the role admin."""
    with caller.session() as session:
        body = written(session)
    named = f'attachment; filename="churnboard-{body["tenant_id"]}.json"'
    return json_response(body, headers=PRIVATE | {"Content-Disposition": named})


@router.post(
    "/tenant/deletion",
    operation_id="delete_tenant",
    summary="Delete the tenant",
    status_code=202,
    response_model=DeletionAsked,
    responses=documented(*AUTH_ERRORS, NotItsName, InvalidRequest),
)
def delete_tenant(caller: Admin, wanted: Annotated[Farewell, Body()]) -> Response:
    """Deletes everything of the tenant from every store, its users too, and then searches for what is left; needs the role admin.

    It cannot be taken back. HubSpot is disconnected, and otherwise not touched.
    """
    with caller.session() as session:
        name = session.settings()["name"]
    if wanted.name.strip() != name:
        raise NotItsName(f"To delete everything, type the name exactly as it is written: {name}")
    writer = caller.writer
    receipt_id = writer.deletion.ask()
    writer.tasks.ask(TaskKind.TENANT_DELETION, {"receipt_id": receipt_id}, asked_by=caller.user.subject)
    return json_response({"receipt_id": receipt_id}, status=202, headers=NO_STORE)


@router.get(
    "/receipts/{receipt_id}",
    operation_id="get_receipt",
    summary="How the deletion of a tenant went",
    response_model=Receipt,
    responses=documented(NoSuchReceipt, InvalidRequest, DatabaseUnavailable),
)
def get_receipt(request: Request, receipt_id: Annotated[Text, Path()]) -> Response:
    """Needs no token: its users are gone with the tenant. Whoever has the id, which nobody can guess, may read it."""
    found = services_of(request).tenancy.receipt(receipt_id)
    if found is None:
        raise NoSuchReceipt("There is no receipt of that id: look at the address you were given when you asked for it.")
    body = {name: getattr(found, name) for name in Receipt.model_fields}
    return json_response(body, headers=NO_STORE)
