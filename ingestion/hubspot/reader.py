"""HubSpot's endpoints as Python: pages in, records out. One version constant per API family; nothing here decides what to read.

v1 to v3 end in September 2027 and v4 in March 2027, so only dated paths are used. Searches are walked by id alone: HubSpot
refuses offsets beyond 10,000, and an offset into a result that changes meanwhile skips records.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from core.logging import get_logger
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.errors import PartialAnswer, PortalTimedOut, RequestRefused

OBJECTS = ASSOCIATIONS = PIPELINES = PROPERTIES = OWNERS = ACCOUNT = "2026-09"

Json = dict[str, Any]

_LIST_PAGE, _SEARCH_PAGE, _BATCH, _LINK_BATCH, _OWNER_PAGE = 100, 200, 100, 1000, 500
_SMALLEST_PAGE = 10
# HubSpot's proxy answers 414 near 8 kB; the rest of the address and a proxy's own prefix need room too.
_LONGEST_PROPERTIES = 6_000
_NO_LINKS = "crm.associations.NO_ASSOCIATIONS_FOUND"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MILLISECOND = timedelta(milliseconds=1)

_log = get_logger(__name__)
_T = TypeVar("_T")


class Portal:
    """What one portal holds."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    @property
    def server_time(self) -> datetime:
        """HubSpot's present as of its last answer."""
        return self._client.server_time

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        self._client.close()

    def account(self) -> Json:
        """Portal id, time zone, web host, currency."""
        account = _object(self._client.get(f"/account-info/{ACCOUNT}/details", what="account details"))
        zone = account.get("timeZone")
        self._client.note_time_zone(zone if isinstance(zone, str) else None)
        return account

    def definitions(self, object_type: str) -> list[Json]:
        """The property catalogue of an object type, archived properties included."""
        path = f"/crm/properties/{PROPERTIES}/{object_type}"
        return [
            {**one, "archived": is_archived}
            for is_archived in (False, True)
            for one in _results(
                self._client.get(path, {"archived": _flag(is_archived)}, what=f"properties of {object_type}")
            )
        ]

    def pipelines(self) -> list[Json]:
        """Ticket pipelines with their stages."""
        return _results(self._client.get(f"/crm/pipelines/{PIPELINES}/tickets", what="ticket pipelines"))

    def owners(self) -> Iterator[Json]:
        """The tenant's staff; former staff too, or old tickets would lose their owner."""
        for is_archived in (False, True):
            params: Json = {"limit": _OWNER_PAGE, "archived": _flag(is_archived)}
            yield from (record for page in self._pages(f"/crm/owners/{OWNERS}", params, "owners") for record in page)

    def pages(self, object_type: str, properties: Sequence[str], *, archived: bool) -> Iterator[list[Json]]:
        """All records by ascending id with all `properties`, a page at a time.

        A list is read from the database, not from the search index, so it is complete. Where the property names do not fit
        into an address, only ids are listed and the records are read in batches.
        """
        names = ",".join(properties)
        is_by_id = len(names) > _LONGEST_PROPERTIES
        params: Json = {
            "limit": _LIST_PAGE,
            "archived": _flag(archived),
            "properties": "hs_object_id" if is_by_id else names,
        }
        for page in self._pages(f"/crm/objects/{OBJECTS}/{object_type}", params, _called(object_type, archived)):
            if is_by_id:
                yield self.batch(object_type, [str(one["id"]) for one in page], properties, archived=archived)
            else:
                yield page

    def batch(self, object_type: str, ids: Sequence[str], properties: Sequence[str], *, archived: bool) -> list[Json]:
        """The records with these ids, those that exist, read from the database; in HubSpot's order."""
        found: list[Json] = []
        for start in range(0, len(ids), _BATCH):

            def read(some: Sequence[str]) -> list[Json]:
                return _results(
                    self._client.post(
                        f"/crm/objects/{OBJECTS}/{object_type}/batch/read",
                        {"inputs": [{"id": one} for one in some], "properties": list(properties)},
                        {"archived": _flag(archived)},
                        what=_called(object_type, archived),
                    )
                )

            found += _bisected(read, ids[start : start + _BATCH])
        return found

    def changed_ids(self, object_type: str, modified: str, since: datetime, until: datetime) -> Iterator[list[str]]:
        """Ids of live records modified in `[since, until]` as far as the search index knows, ascending, a page at a time."""
        limit, last = _SEARCH_PAGE, ""
        window = [_filter(modified, "GTE", _millis(since)), _filter(modified, "LTE", _millis(until))]
        while True:
            filters = [*window, _filter("hs_object_id", "GT", last)] if last else window
            try:
                answer = self._search(object_type, filters, limit, modified)
            except PortalTimedOut:
                limit = _smaller(limit)
                continue
            ids = [str(one["id"]) for one in _results(answer)]
            if not ids:
                return
            yield ids
            last = max(ids, key=int)
            if not answer.get("paging"):
                return

    def total(self, object_type: str, modified: str, until: datetime) -> int:
        """How many live records were last modified until then, by HubSpot's own count."""
        answer = self._search(object_type, [_filter(modified, "LTE", _millis(until))], 1, modified)
        return int(answer.get("total") or 0)

    def links(self, to: str, ticket_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Links of tickets to `to`, by ticket id; a ticket without any has an empty list.

        Raises:
            PartialAnswer: HubSpot left a ticket out for another reason than that it has no links.
        """
        found: dict[str, list[Json]] = {one: [] for one in ticket_ids}
        for start in range(0, len(ticket_ids), _LINK_BATCH):
            inputs: list[Json] = [{"id": one} for one in ticket_ids[start : start + _LINK_BATCH]]
            while inputs:
                following: list[Json] = []
                for answer in _bisected(lambda some: [self._link_page(to, some)], inputs):
                    following += _take_links(answer, found)
                inputs = following
        return found

    def _link_page(self, to: str, inputs: Sequence[Json]) -> Json:
        what = f"links from tickets to {to}"
        answer = _object(
            self._client.post(
                f"/crm/associations/{ASSOCIATIONS}/tickets/{to}/batch/read", {"inputs": list(inputs)}, what=what
            )
        )
        for error in answer.get("errors") or ():
            if error.get("subCategory") != _NO_LINKS:
                raise PartialAnswer(
                    f"HubSpot answered in part, reading {what}: {error.get('message') or error.get('category')}. "
                    f"The links held so far stay; the next sync reads them again."
                )
        return answer

    def _search(self, object_type: str, filters: list[Json], limit: int, modified: str) -> Json:
        return _object(
            self._client.post(
                f"/crm/objects/{OBJECTS}/{object_type}/search",
                {
                    "filterGroups": [{"filters": filters}],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": [modified],
                    "limit": limit,
                },
                what=f"changed {object_type}",
                is_search=True,
            )
        )

    def _pages(self, path: str, params: Json, what: str) -> Iterator[list[Json]]:
        params = dict(params)
        while True:
            try:
                answer = _object(self._client.get(path, params, what=what))
            except PortalTimedOut:
                params["limit"] = _smaller(params["limit"])
                continue
            yield _results(answer)
            after = ((answer.get("paging") or {}).get("next") or {}).get("after")
            if not after:
                return
            params["after"] = after


def _take_links(answer: Json, found: dict[str, list[Json]]) -> list[Json]:
    """Add an answer's links to what was found; returns the inputs whose links go on on another page."""
    following = []
    for row in answer.get("results") or ():
        ticket_id = str(row["from"]["id"])
        found.setdefault(ticket_id, []).extend(row.get("to") or ())
        after = ((row.get("paging") or {}).get("next") or {}).get("after")
        if after:
            following.append({"id": ticket_id, "after": after})
    return following


def _bisected(read: Callable[[Sequence[Any]], list[_T]], inputs: Sequence[Any]) -> list[_T]:
    """`read` all inputs, halving the batch as often as HubSpot refuses it because of one of them.

    Raises:
        RequestRefused: A single input is refused.
    """
    try:
        return read(inputs)
    except RequestRefused as refused:
        if refused.status != 400 or len(inputs) == 1:
            raise
        _log.warning("hubspot.batch_refused", inputs=len(inputs))
        half = len(inputs) // 2
        return _bisected(read, inputs[:half]) + _bisected(read, inputs[half:])


def _smaller(limit: int) -> int:
    if limit <= _SMALLEST_PAGE:
        raise PortalTimedOut(
            f"HubSpot takes too long even over a page of {limit} records. This passes by itself; run the sync again later."
        )
    return max(_SMALLEST_PAGE, limit // 2)


def _filter(name: str, operator: str, value: str) -> Json:
    return {"propertyName": name, "operator": operator, "value": value}


def _millis(moment: datetime) -> str:
    return str((moment - _EPOCH) // _MILLISECOND)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _called(object_type: str, archived: bool) -> str:
    return f"archived {object_type}" if archived else object_type


def _object(answer: Any) -> Json:
    return answer if isinstance(answer, dict) else {}


def _results(answer: Any) -> list[Json]:
    return list(_object(answer).get("results") or ())
