"""Handlers of the endpoints that end a record: into the recycling bin, into another record, or gone for good.

They are here because integrations and customers' own scripts call them while somebody else reads.
"""

from starlette.requests import Request
from starlette.responses import Response

from ingestion.sandbox.catalogue import CONTACTS, MERGED_TYPES, kind_of
from ingestion.sandbox.door import Call
from ingestion.sandbox.objects import find_record, json_object, record_id
from ingestion.sandbox.refusals import invalid, json_response, not_found
from ingestion.sandbox.rendering import Renderer


def scopes_to_write(request: Request) -> list[tuple[str, ...]]:
    """The scopes for changing records of the object type in the path."""
    kind = kind_of(request.path_params["object_type"])
    return [] if kind is None else list(kind.write_scopes)


def archive_object(call: Call) -> Response:
    """``DELETE …/{type}/{id}``: into the recycling bin. What lies there already stays there, without a complaint."""
    kind, given = call.kind(), call.request.path_params["object_id"]
    with call.portal.reading() as (stores, _links):
        record = find_record(call.portal, kind, stores[kind.name], given, None)
        if record is None:
            raise not_found()
        if record.archived_at is None:
            call.portal.archive(kind.name, str(record.id))
    return Response(status_code=204)


def merge_objects(call: Call) -> Response:
    """``POST …/{type}/merge``: two records become a new one, which is the answer."""
    kind, body = call.kind(), json_object(call.body)
    if kind.name not in MERGED_TYPES:
        raise invalid(f"Objects of type {kind.name} cannot be merged.")
    names = ("primaryObjectId", "objectIdToMerge")
    primary_id, other_id = (record_id(str(body.get(name, "")), name) for name in names)
    if call.portal.resolved(kind.name, primary_id) == call.portal.resolved(kind.name, other_id):
        raise invalid(f"Cannot merge {kind.singular} {primary_id} with itself.")
    try:
        new_id = call.portal.merge(kind.name, str(primary_id), str(other_id))
    except KeyError:
        raise not_found(f"There are no live {kind.name} {primary_id} and {other_id} to merge.") from None
    with call.portal.reading() as (stores, _links):
        record = stores[kind.name].find(int(new_id))
        if record is None:
            raise not_found()
        return json_response(Renderer(call.portal, kind, None).record(record))


def privacy_delete(call: Call) -> Response:
    """``POST …/contacts/gdpr-delete``: a contact is erased, named by id or by another property with unique values.

    For an address no contact has HubSpot answers the same: it keeps the address from being used. The sandbox keeps no such list.
    """
    kind, body = call.kind(), json_object(call.body)
    if kind.name != CONTACTS:
        raise invalid(f"Objects of type {kind.name} cannot be deleted for privacy; only contacts can.")
    given, id_property = str(body.get("objectId", "")), body.get("idProperty")
    with call.portal.reading() as (stores, _links):
        record = find_record(call.portal, kind, stores[kind.name], given, id_property)
        if record is not None:
            call.portal.privacy_delete(str(record.id))
    if record is None and id_property != "email":
        raise not_found()
    return Response(status_code=204)
