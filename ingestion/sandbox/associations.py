"""Handlers of the association endpoints: batch read of links, and the labels between two object types."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ingestion.sandbox.catalogue import EMAILS, LINK_TYPES, NOTES, LinkType, ObjectKind, kind_of
from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.door import Call
from ingestion.sandbox.objects import batch_inputs, batch_response, json_object, record_id
from ingestion.sandbox.records import RecordStore
from ingestion.sandbox.refusals import invalid, json_response

INPUTS_MAX = 1_000
LINKS_PER_PAGE = 500

NO_ASSOCIATIONS = "crm.associations.NO_ASSOCIATIONS_FOUND"


def scopes_of_pair(request: Request) -> list[tuple[str, ...]]:
    """The scopes of both object types in the path."""
    kinds = [kind_of(request.path_params[name]) for name in ("from_type", "to_type")]
    return [kind.scopes for kind in kinds if kind is not None]


def batch_read_links(call: Call) -> Response:
    """``POST …/associations/{from}/{to}/batch/read``: links of up to 1,000 records.

    A record without links is not in ``results`` but in ``errors``, and the answer is then a 207. A record with more
    than 500 links carries its own ``paging``; its next page is asked for with the same id and that ``after``.
    """
    from_kind, to_kind = _pair(call)
    given = batch_inputs(json_object(call.body), most=INPUTS_MAX)
    ids = [record_id(one, "id") for one in given]
    starts = [record_id(str(one.get("after") or "0"), "after") for one in call.body["inputs"]]
    started = call.portal.now()
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    numeric = call.portal.quirks.is_association_id_numeric
    with call.portal.reading() as (stores, links):
        for from_id, start in dict(zip(ids, starts, strict=True)).items():
            linked = [
                pair
                for pair in links.typed(from_kind.name, from_id, to_kind.name)
                if pair[0] >= start and is_shown(to_kind.name, stores[to_kind.name], pair[0])
            ]
            if not linked:
                errors.append(_no_links(from_kind, to_kind, from_id))
                continue
            row: dict[str, Any] = {
                "from": {"id": str(from_id)},
                "to": [
                    {
                        "toObjectId": to_id if numeric else str(to_id),
                        "associationTypes": [_typed(one) for one in types],
                    }
                    for to_id, types in linked[:LINKS_PER_PAGE]
                ],
            }
            if len(linked) > LINKS_PER_PAGE:
                after = str(linked[LINKS_PER_PAGE][0])
                row["paging"] = {"next": {"after": after, "link": f"?after={after}"}}
            results.append(row)
    return batch_response(
        call.portal, started_at=to_iso(started), results=results, errors=errors, status=207 if errors else 200
    )


def is_shown(object_type: str, store: RecordStore, record_id: int) -> bool:
    """Whether a link to a record is told of: a message in the bin belongs to nothing."""
    record = store.find(record_id)
    return object_type not in {EMAILS, NOTES} or (record is not None and record.archived_at is None)


def labels(call: Call) -> Response:
    """``GET …/associations/{from}/{to}/labels``: the association types between two object types."""
    from_kind, to_kind = _pair(call)
    types = LINK_TYPES[from_kind.name, to_kind.name]
    both = [types.primary, types.unlabelled] if types.primary else [types.unlabelled]
    every = [*both, *call.portal.labels(from_kind.name, to_kind.name)]
    return json_response({"results": [_typed(one) for one in every]})


def _pair(call: Call) -> tuple[ObjectKind, ObjectKind]:
    from_kind, to_kind = call.kind("from_type"), call.kind("to_type")
    if (from_kind.name, to_kind.name) not in LINK_TYPES:
        raise invalid(f"No association is defined from {from_kind.name} to {to_kind.name}.")
    return from_kind, to_kind


def _typed(one: LinkType) -> dict[str, Any]:
    return {"category": one.category, "typeId": one.type_id, "label": one.label}


def _no_links(from_kind: ObjectKind, to_kind: ObjectKind, from_id: int) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": NO_ASSOCIATIONS,
        "message": f"No {to_kind.singular} is associated with {from_kind.singular} {from_id}.",
        "context": {
            "fromObjectId": [str(from_id)],
            "fromObjectType": [from_kind.singular],
            "toObjectType": [to_kind.singular],
        },
    }
