"""The handler that edits a record, as HubSpot's own screens and customers' scripts do while somebody else reads.

Left out on purpose: creating records, and editing links; tests and the generator do both on the portal itself.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from ingestion.sandbox.catalogue import ObjectKind, PropertyDefinition
from ingestion.sandbox.door import Call
from ingestion.sandbox.objects import find_record, json_object
from ingestion.sandbox.refusals import invalid, json_response, not_found
from ingestion.sandbox.rendering import Renderer


def update_object(call: Call) -> Response:
    """``PATCH …/{type}/{id}``: sets the given properties of a live record; all of them, or none where one cannot be set."""
    kind, request = call.kind(), call.request
    values = json_object(call.body).get("properties")
    if not isinstance(values, dict):
        raise invalid("properties: a JSON object of values by property name is required.")
    given, id_property = request.path_params["object_id"], request.query_params.get("idProperty")
    with call.portal.reading() as (stores, _links):
        if complaints := _complaints(kind, call.portal.live_definitions(kind.name), values):
            raise invalid(f"Property values were not valid: {orjson.dumps(complaints).decode()}")
        record = find_record(call.portal, kind, stores[kind.name], given, id_property)
        if record is None or record.archived_at is not None:
            raise not_found()
        call.portal.upsert(kind.name, values, object_id=record.id)
        return json_response(Renderer(call.portal, kind, list(values)).record(record))


def _complaints(
    kind: ObjectKind, definitions: Mapping[str, PropertyDefinition], values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    set_by_hubspot = {"hs_object_id", kind.created_property, kind.modified_property}
    complaints = []
    for name, value in values.items():
        definition = definitions.get(name)
        if definition is None:
            problem, message = "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
        elif definition.calculated or name in set_by_hubspot:
            problem, message = "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
        elif (
            definition.options
            and definition.field_type != "checkbox"
            and value
            and value not in dict(definition.options)
        ):
            problem, message = "INVALID_OPTION", f"{value} was not one of the allowed options"
        else:
            continue
        complaints.append({"isValid": False, "message": message, "error": problem, "name": name})
    return complaints
