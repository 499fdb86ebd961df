"""Handlers of the object endpoints: list, get, batch read and search of every object type."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ingestion.sandbox import search
from ingestion.sandbox.catalogue import ObjectKind, kind_of
from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.door import Call
from ingestion.sandbox.ranges import ranges_by_id
from ingestion.sandbox.records import Record, RecordStore
from ingestion.sandbox.refusals import invalid, json_response, not_found
from ingestion.sandbox.rendering import Renderer, inline_links, listed
from ingestion.sandbox.world import Portal

PAGE_DEFAULT, PAGE_MAX, PAGE_MAX_WITH_HISTORY = 10, 100, 50

_CACHED_SEARCHES = 32


def scopes_of_object(request: Request) -> list[tuple[str, ...]]:
    """The scopes of the object type in the path."""
    kind = kind_of(request.path_params["object_type"])
    return [] if kind is None else [kind.scopes]


def list_objects(call: Call) -> Response:
    """``GET …/{type}``: all records by ascending id, a page at a time, without filter or sort."""
    kind, request = call.kind(), call.request
    with_history = listed(request, "propertiesWithHistory")
    limit = page_size(request, most=PAGE_MAX_WITH_HISTORY if with_history else PAGE_MAX, default=PAGE_DEFAULT)
    start = record_id(request.query_params.get("after") or "0", "after")
    renderer = Renderer(call.portal, kind, listed(request, "properties"), with_history)
    wanted_links = listed(request, "associations")
    with call.portal.reading() as (stores, links):
        records, following = stores[kind.name].page(start=start, limit=limit, archived=call.is_flag_set("archived"))
        results = [renderer.record(record) for record in records]
        if wanted_links:
            _add_links(
                results, records, links_of=lambda one: inline_links(links, kind, one, wanted_links, _path(request))
            )
    return json_response(paged(request, results, following))


def get_object(call: Call) -> Response:
    """``GET …/{type}/{id}``: one record, by id or by a property with unique values."""
    kind, request = call.kind(), call.request
    renderer = Renderer(call.portal, kind, listed(request, "properties"), listed(request, "propertiesWithHistory"))
    wanted_links = listed(request, "associations")
    given, id_property = request.path_params["object_id"], request.query_params.get("idProperty")
    with call.portal.reading() as (stores, links):
        record = find_record(call.portal, kind, stores[kind.name], given, id_property)
        if record is None or (record.archived_at is not None) != call.is_flag_set("archived"):
            raise not_found()
        result = renderer.record(record)
        if wanted_links:
            _add_links(
                [result],
                [record],
                links_of=lambda one: inline_links(links, kind, one, wanted_links, _path(request).rsplit("/", 1)[0]),
            )
    return json_response(result)


def batch_read(call: Call) -> Response:
    """``POST …/{type}/batch/read``: up to 100 records by id; the ones not found come as one error.

    Ids that were merged into one record bring that record once, under its own id.
    """
    kind, body = call.kind(), json_object(call.body)
    with_history = body.get("propertiesWithHistory") or []
    inputs = batch_inputs(body, most=PAGE_MAX_WITH_HISTORY if with_history else PAGE_MAX)
    renderer = Renderer(call.portal, kind, body.get("properties"), with_history)
    is_archived, id_property = call.is_flag_set("archived"), body.get("idProperty")
    started = call.portal.now()
    results: dict[int, dict[str, Any]] = {}
    missing: list[str] = []
    with call.portal.reading() as (stores, _links):
        for given in dict.fromkeys(inputs):
            record = find_record(call.portal, kind, stores[kind.name], given, id_property)
            if record is None or (record.archived_at is not None) != is_archived:
                missing.append(given)
            else:
                results[record.id] = renderer.record(record)
    errors = [_not_read(kind, missing)] if missing else []
    status = 207 if errors and not call.is_dated else 200
    found = list(results.values())
    return batch_response(call.portal, started_at=to_iso(started), results=found, errors=errors, status=status)


class SearchEndpoint:
    """``POST …/{type}/search``. Remembers the order of the latest searches, so that paging through one costs one scan."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, tuple[int, Sequence[int]]] = OrderedDict()

    def __call__(self, call: Call) -> Response:
        """Answer one page of a search."""
        kind = call.kind()
        definitions = call.portal.live_definitions(kind.name)
        query = search.parse(call.body, kind, definitions, wall=call.wall)
        renderer = Renderer(call.portal, kind, query.properties)
        with call.portal.reading() as (stores, links):
            store = stores[kind.name]
            now = call.portal.now()
            key = self._key(call, kind)
            known = self._known(key, call.body, store)
            if known is not None:
                total = len(known)
                page = [
                    (record, record.properties)
                    for one in known[query.offset : query.offset + query.limit]
                    if (record := store.find(one)) is not None
                ]
            else:
                found = [
                    (record, properties)
                    for record, properties in store.indexed(now)
                    if query.test(record.id, properties, lambda one, other: links.of(kind.name, one, other))
                ]
                found.sort(key=lambda one: query.sort_key(one[1].get(query.sort_property)), reverse=query.is_descending)
                self._remember(key, store, found)
                total, page = len(found), found[query.offset : query.offset + query.limit]
            results = [{**renderer.record(record, properties), "archived": False} for record, properties in page]
        body: dict[str, Any] = {"total": total, "results": results}
        end = query.offset + query.limit
        if end < total:
            body["paging"] = {"next": {"after": str(end)}}
        return json_response(body)

    def _known(self, key: bytes, body: dict[str, Any], store: RecordStore) -> Sequence[int] | None:
        """The ids found, in order, without a scan; None where it takes one."""
        ranges = ranges_by_id(body)
        if ranges is not None and (found := store.within(ranges)) is not None:
            return found
        version, ids = self._found.get(key, (-1, ()))
        return ids if version == store.version and not store.is_index_behind else None

    def _remember(self, key: bytes, store: RecordStore, found: list[tuple[Record, dict[str, str]]]) -> None:
        if b'"associations.' in key or store.is_index_behind:
            return
        self._found[key] = (store.version, [record.id for record, _properties in found])
        self._found.move_to_end(key)
        while len(self._found) > _CACHED_SEARCHES:
            self._found.popitem(last=False)

    @staticmethod
    def _key(call: Call, kind: ObjectKind) -> bytes:
        deciding = {name: call.body.get(name) for name in ("filterGroups", "sorts", "query")}
        return orjson.dumps([call.portal.portal_id, kind.name, deciding])


def page_size(request: Request, *, most: int, default: int) -> int:
    """The ``limit`` of a request.

    Raises:
        Refusal: 400 when it is no number from 1 to ``most``.
    """
    given = request.query_params.get("limit")
    if given is None:
        return default
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise invalid(f"Invalid limit {given!r}: a page holds 1 to {most} results.")
    return int(given)


def record_id(given: str, name: str) -> int:
    """A record id out of a request.

    Raises:
        Refusal: 400 when it is not a whole number.
    """
    if not (given.isascii() and given.isdecimal()):
        raise invalid(f"Invalid {name} {given!r}: a numeric id is expected.")
    return int(given)


def paged(request: Request, results: list[dict[str, Any]], following: int | str | None) -> dict[str, Any]:
    """A page with the way to the next one; the last page has no ``paging``."""
    if following is None:
        return {"results": results}
    link = str(request.url.include_query_params(after=following))
    return {"results": results, "paging": {"next": {"after": str(following), "link": link}}}


def batch_inputs(body: dict[str, Any], *, most: int) -> list[str]:
    """The ids of a batch.

    Raises:
        Refusal: 400 when there are too many or one has no id.
    """
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, dict) and "id" in one for one in inputs):
        raise invalid("Invalid input JSON: inputs must be a list of objects with an id.")
    if len(inputs) > most:
        raise invalid(f"Too many inputs: {len(inputs)}, a batch holds at most {most}.")
    return [str(one["id"]) for one in inputs]


def batch_response(
    portal: Portal, *, started_at: str, results: list[Any], errors: list[dict[str, Any]], status: int
) -> Response:
    """A finished batch, with its errors if there are any."""
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started_at,
        "completedAt": to_iso(portal.now()),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return json_response(body, status)


def json_object(body: Any) -> dict[str, Any]:
    """The object a request's body has to be.

    Raises:
        Refusal: 400 when it is anything else.
    """
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: the request body must be an object.")
    return body


def _not_read(kind: ObjectKind, missing: list[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Some {kind.name} were not found: deleted, archived, or never there.",
        "context": {"ids": missing},
    }


def find_record(
    portal: Portal, kind: ObjectKind, store: RecordStore, given: str, id_property: str | None
) -> Record | None:
    """A record by id, the id of one merged into it, or a property with unique values; archived ones too.

    Raises:
        Refusal: 400 when the id is none, or the property's values are not unique.
    """
    if id_property in {None, "", "hs_object_id"}:
        return store.find(portal.resolved(kind.name, record_id(given, "id")))
    definition = portal.live_definitions(kind.name).get(str(id_property))
    if definition is None or not definition.has_unique_value:
        raise invalid(f"Property {id_property!r} does not hold unique values and cannot be used to find a record.")
    for archived in (False, True):
        for one in store.ids(archived=archived):
            record = store.find(one)
            if record is not None and record.properties.get(definition.name) == given:
                return record
    return None


def _path(request: Request) -> str:
    return str(request.url.replace(query=""))


def _add_links(results: list[dict[str, Any]], records: list[Record], *, links_of: Any) -> None:
    for result, record in zip(results, records, strict=True):
        found = links_of(record.id)
        if found:
            result["associations"] = found
