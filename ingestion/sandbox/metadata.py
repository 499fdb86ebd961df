"""Handlers of everything that is not a record: pipelines, property catalogue, owners, the account itself."""

from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from ingestion.sandbox.catalogue import TICKETS, Pipeline, PropertyDefinition
from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.door import Call
from ingestion.sandbox.objects import page_size, paged, record_id
from ingestion.sandbox.refusals import json_response, not_found
from ingestion.sandbox.world import Owner, Portal

OWNERS_DEFAULT, OWNERS_MAX = 100, 500


def scopes_of_account(_request: Request) -> list[tuple[str, ...]]:
    """Any token may ask about its own account."""
    return []


def scopes_of_owners(_request: Request) -> list[tuple[str, ...]]:
    """Reading owners has a scope of its own."""
    return [("crm.objects.owners.read",)]


def list_pipelines(call: Call) -> Response:
    """``GET …/pipelines/{type}``: all pipelines with their stages, unpaged. Only tickets have any here."""
    found = call.portal.pipelines() if call.kind().name == TICKETS else []
    numbered = [_pipeline(call.portal, one, order) for order, one in enumerate(found) if not one.archived]
    return json_response({"results": numbered})


def get_pipeline(call: Call) -> Response:
    """``GET …/pipelines/{type}/{id}``: one pipeline."""
    wanted = call.request.path_params["pipeline_id"]
    found = call.portal.pipelines() if call.kind().name == TICKETS else []
    for order, one in enumerate(found):
        if one.id == wanted:
            return json_response(_pipeline(call.portal, one, order))
    raise not_found(f"No pipeline with id {wanted} exists.")


def list_properties(call: Call) -> Response:
    """``GET …/properties/{type}``: the property catalogue, unpaged; the archived part of it on request."""
    is_archived = call.is_flag_set("archived")
    found = [one for one in call.portal.definitions(call.kind().name) if one.archived == is_archived]
    return json_response({"results": [_definition(call.portal, one) for one in found]})


def get_property(call: Call) -> Response:
    """``GET …/properties/{type}/{name}``: one property's definition."""
    wanted, is_archived = call.request.path_params["property_name"], call.is_flag_set("archived")
    for one in call.portal.definitions(call.kind().name):
        if one.name == wanted and one.archived == is_archived:
            return json_response(_definition(call.portal, one))
    raise not_found(f"Property {wanted} does not exist.")


def list_owners(call: Call) -> Response:
    """``GET …/owners``: staff of the tenant, or former staff with ``archived=true``."""
    limit = page_size(call.request, most=OWNERS_MAX, default=OWNERS_DEFAULT)
    start = record_id(call.request.query_params.get("after") or "0", "after")
    email, is_archived = call.request.query_params.get("email"), call.is_flag_set("archived")
    found = [
        one
        for one in call.portal.owners()
        if one.archived == is_archived and int(one.id) >= start and email in {None, "", one.email}
    ]
    following = found[limit].id if len(found) > limit else None
    return json_response(paged(call.request, [_owner(call.portal, one) for one in found[:limit]], following))


def get_owner(call: Call) -> Response:
    """``GET …/owners/{id}``: one owner, archived or not as asked."""
    wanted, is_archived = call.request.path_params["owner_id"], call.is_flag_set("archived")
    for one in call.portal.owners():
        if one.id == wanted and one.archived == is_archived:
            return json_response(_owner(call.portal, one))
    raise not_found(f"No owner with id {wanted} exists.")


def account_details(call: Call) -> Response:
    """``GET /account-info/…/details``: the portal's id, time zone, currency and web host."""
    portal = call.portal
    offset = portal.now().astimezone(ZoneInfo(portal.time_zone)).utcoffset()
    seconds = 0 if offset is None else int(offset.total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    body = {
        "portalId": portal.portal_id,
        "accountType": "STANDARD",
        "timeZone": portal.time_zone,
        "companyCurrency": portal.tenant.currency,
        "additionalCurrencies": [],
        "utcOffset": f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}",
        "utcOffsetMilliseconds": seconds * 1000,
        "uiDomain": portal.ui_domain,
        "dataHostingLocation": "eu1" if portal.ui_domain.startswith("app-eu1") else "na1",
    }
    return json_response(body)


def _pipeline(portal: Portal, one: Pipeline, order: int) -> dict[str, Any]:
    born = to_iso(portal.born_at)
    stages = [
        {
            "id": stage.id,
            "label": stage.label,
            "displayOrder": place,
            "metadata": _stage_metadata(stage.state),
            "createdAt": born,
            "updatedAt": born,
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        for place, stage in enumerate(one.stages)
    ]
    return {
        "id": one.id,
        "label": one.label,
        "displayOrder": order,
        "stages": stages,
        "createdAt": born,
        "updatedAt": born,
        "archived": one.archived,
    }


def _stage_metadata(state: str | None) -> dict[str, str]:
    if state is None:
        return {}
    return {"ticketState": state, "isClosed": "true" if state == "CLOSED" else "false"}


def _definition(portal: Portal, one: PropertyDefinition) -> dict[str, Any]:
    born = to_iso(portal.born_at)
    options = [
        {"label": label, "value": value, "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(one.options)
    ]
    return {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "fieldType": one.field_type,
        "groupName": one.group_name,
        "description": one.description,
        "options": options,
        "displayOrder": -1,
        "calculated": one.calculated,
        "externalOptions": False,
        "hasUniqueValue": one.has_unique_value,
        "hidden": one.hidden,
        "hubspotDefined": one.hubspot_defined,
        "formField": False,
        "dataSensitivity": "non_sensitive",
        "archived": one.archived,
        "createdAt": born,
        "updatedAt": born,
        "modificationMetadata": {
            "archivable": not one.hubspot_defined,
            "readOnlyDefinition": one.hubspot_defined,
            "readOnlyValue": one.calculated,
        },
    }


def _owner(portal: Portal, one: Owner) -> dict[str, Any]:
    born = to_iso(portal.born_at)
    return {
        "id": one.id,
        "email": one.email,
        "type": "PERSON",
        "firstName": one.first_name,
        "lastName": one.last_name,
        "userId": None if one.archived else one.user_id,
        "userIdIncludingInactive": one.user_id,
        "teams": [],
        "createdAt": born,
        "updatedAt": born,
        "archived": one.archived,
    }
