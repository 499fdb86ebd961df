"""HubSpot's endpoints as Python: pages in, records out. One version constant per API family; nothing here decides what to read.

v1 to v3 end in September 2027 and v4 in March 2027, so only dated paths are used. Searches are walked by id alone: HubSpot
refuses offsets beyond 10,000, and an offset into a result that changes meanwhile skips records.

A search can only be walked a page after the other; everything else (long lists, batches, links) is asked for several at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from core.logging import get_logger
from ingestion.hubspot.ahead import Crew
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.errors import PartialAnswer, PortalTimedOut, RequestRefused
from ingestion.hubspot.listing import Listing, Page
from ingestion.hubspot.whereabouts import Whereabouts

OBJECTS = ASSOCIATIONS = PIPELINES = PROPERTIES = OWNERS = ACCOUNT = "2026-09"

Json = dict[str, Any]

_LIST_PAGE, _SEARCH_PAGE, _LINK_BATCH, _OWNER_PAGE = 100, 200, 1000, 500
_BATCH, _BATCH_WITH_HISTORY = 100, 50
_SMALLEST_PAGE = 10
# HubSpot's proxy answers 414 near 8 kB; the rest of the address and a proxy's own prefix need room too.
_LONGEST_PROPERTIES = 6_000
_NO_LINKS = "crm.associations.NO_ASSOCIATIONS_FOUND"
_NOT_FOUND = "OBJECT_NOT_FOUND"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MILLISECOND = timedelta(milliseconds=1)

_log = get_logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Wanted:
    """What to read of each record.

    Attributes:
        object_type: As in paths.
        properties: Names; all are read, whether or not they fit into an address.
        history: Properties whose earlier values are wanted too, under `propertiesWithHistory`; HubSpot then reads half as many
            records a request.
    """

    object_type: str
    properties: Sequence[str]
    history: Sequence[str] = ()


class Portal:
    """What one portal holds. Not to be used from within the crew's own threads.

    Args:
        client: Makes the calls.
        crew: Makes several at a time.
    """

    def __init__(self, client: HubSpotClient, crew: Crew) -> None:
        self._client = client
        self._crew = crew

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
            for page in self._pages(f"/crm/owners/{OWNERS}", params, "owners"):
                yield from page.records

    def pages(self, wanted: Wanted, *, archived: bool) -> Iterator[Page]:
        """All records by ascending id, a page after the other.

        A list is read from the database, not from the search index, so it is complete. Where the property names do not fit
        into an address, only ids are listed and the records are read in batches; so is what a list would give for half a page
        only.

        Args:
            wanted: What of each record.
            archived: The recycling bin instead of the live records.
        """
        path, params, what = self._list_of(wanted, archived=archived)
        return self._whole(wanted, self._pages(path, params, what), archived=archived)

    def everything(self, wanted: Wanted, *, resume: str | None) -> Iterator[Page]:
        """All live records, read in several places of the list at once (`listing`).

        Args:
            wanted: What of each record.
            resume: A page's `after`, to read what was left when that page had come.
        """
        path, params, what = self._list_of(wanted, archived=False)
        listing = Listing(
            # The parameters are shared: a page size that was too much once stays smaller.
            lambda after: self._page(path, params, after, what),
            lambda: self._newest(wanted.object_type),
        )
        return self._whole(wanted, listing.pages(resume), archived=False)

    def _list_of(self, wanted: Wanted, *, archived: bool) -> tuple[str, Json, str]:
        names = ",".join(wanted.properties)
        params: Json = {
            "limit": _LIST_PAGE,
            "archived": _flag(archived),
            "properties": "hs_object_id" if len(names) > _LONGEST_PROPERTIES else names,
        }
        what = _called(wanted.object_type, archived)
        return f"/crm/objects/{OBJECTS}/{wanted.object_type}", params, what

    def _whole(self, wanted: Wanted, listed: Iterator[Page], *, archived: bool) -> Iterator[Page]:
        """Listed pages with what the list itself could not give."""

        def by_id(page: Page) -> Page:
            return Page(self._read(wanted, _ids(page.records), archived=archived), page.after)

        def with_history(page: Page) -> Page:
            bare = Wanted(wanted.object_type, (), wanted.history)
            found = {str(one["id"]): one for one in self._read(bare, _ids(page.records), archived=archived)}
            key = "propertiesWithHistory"
            records = [one | {key: found.get(str(one["id"]), {}).get(key)} for one in page.records]
            return Page(records, page.after)

        if len(",".join(wanted.properties)) > _LONGEST_PROPERTIES:
            return self._crew.map(by_id, listed)
        return self._crew.map(with_history, listed) if wanted.history else listed

    def _newest(self, object_type: str) -> int | None:
        """The highest id of a live record, as far as the search index knows."""
        answer = _object(
            self._client.post(
                f"/crm/objects/{OBJECTS}/{object_type}/search",
                {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "limit": 1, "properties": []},
                what=f"the newest of {object_type}",
                is_search=True,
            )
        )
        ids = _ids(_results(answer))
        return int(ids[0]) if ids else None

    def ids(self, object_type: str) -> Iterator[str]:
        """The ids of all live records, ascending; a hundred a request."""
        for page in self.pages(Wanted(object_type, ("hs_object_id",)), archived=False):
            yield from (str(one["id"]) for one in page.records)

    def records(self, wanted: Wanted, ids: Iterable[str], *, archived: bool) -> Iterator[list[Json]]:
        """The records with these ids, those that exist, read from the database; some at a time.

        An id whose record was merged into another may bring that other record: look at the ids that come back.
        """
        size = _BATCH_WITH_HISTORY if wanted.history else _BATCH
        return self._crew.map(lambda some: self._read(wanted, some, archived=archived), _batches(ids, size))

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

    def whereabouts(self, object_type: str, ids: Iterable[str]) -> dict[str, Whereabouts]:
        """Where each of these records is: live, in the bin, merged into another, or nowhere. Costs a request an id not found."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Whereabouts] = {}
        for is_archived in (False, True):
            wanted = Wanted(object_type, ("hs_object_id",))
            missing = [one for one in asked if one not in found]
            for records in self.records(wanted, missing, archived=is_archived):
                here = Whereabouts.archived() if is_archived else Whereabouts.live()
                found |= {str(one["id"]): here for one in records if str(one["id"]) in set(missing)}
        lost = [one for one in asked if one not in found]
        found |= zip(lost, self._crew.map(lambda one: self._whereabouts(object_type, one), lost), strict=True)
        return found

    def links(self, from_type: str, to_type: str, ids: Iterable[str]) -> Iterator[dict[str, list[Json]]]:
        """HubSpot's `to` entries by record id, all pages of them, for a thousand records at a time; empty for a record without any.

        Raises:
            PartialAnswer: HubSpot left a record out for another reason than that it has no links.
        """
        return self._crew.map(lambda some: self._links(from_type, to_type, some), _batches(ids, _LINK_BATCH))

    def _links(self, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {one: [] for one in ids}
        inputs: list[Json] = [{"id": one} for one in ids]
        while inputs:
            following: list[Json] = []
            for answer in _bisected(lambda some: [self._link_page(from_type, to_type, some)], inputs):
                following += _take_links(answer, found)
            inputs = following
        return found

    def _link_page(self, from_type: str, to_type: str, inputs: Sequence[Json]) -> Json:
        what = f"links from {from_type} to {to_type}"
        answer = _object(
            self._client.post(
                f"/crm/associations/{ASSOCIATIONS}/{from_type}/{to_type}/batch/read",
                {"inputs": list(inputs)},
                what=what,
            )
        )
        for error in answer.get("errors") or ():
            if error.get("subCategory") != _NO_LINKS:
                raise _partial(what, error)
        return answer

    def _read(self, wanted: Wanted, ids: Sequence[str], *, archived: bool) -> list[Json]:
        """As `records`, in this thread."""
        found: list[Json] = []
        body: Json = {"properties": list(wanted.properties)}
        if wanted.history:
            body["propertiesWithHistory"] = list(wanted.history)
        what = _called(wanted.object_type, archived)

        def read(some: Sequence[str]) -> list[Json]:
            answer = self._client.post(
                f"/crm/objects/{OBJECTS}/{wanted.object_type}/batch/read",
                {"inputs": [{"id": one} for one in some], **body},
                {"archived": _flag(archived)},
                what=what,
            )
            for error in _object(answer).get("errors") or ():
                # A record that was deleted since its id was listed is no failure; anything else is not to be taken for that.
                if error.get("category") != _NOT_FOUND:
                    raise _partial(what, error)
            return _results(answer)

        for some in _batches(ids, _BATCH_WITH_HISTORY if wanted.history else _BATCH):
            found += _bisected(read, some)
        return found

    def _whereabouts(self, object_type: str, record_id: str) -> Whereabouts:
        params = {"properties": "hs_object_id"}
        try:
            found = self._client.get(
                f"/crm/objects/{OBJECTS}/{object_type}/{record_id}", params, what=f"{object_type} {record_id}"
            )
        except RequestRefused as refused:
            if refused.status == 404:
                return Whereabouts.nowhere()
            raise
        held = str(_object(found).get("id") or "")
        return Whereabouts.live() if held == record_id else Whereabouts.merged_into(held)

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

    def _pages(self, path: str, params: Json, what: str) -> Iterator[Page]:
        after: str | None = None
        while True:
            page = self._page(path, params, after, what)
            yield page
            after = page.after
            if after is None:
                return

    def _page(self, path: str, params: Json, after: str | None, what: str) -> Page:
        """One page; where HubSpot takes too long over it, `limit` becomes smaller in the given parameters, for good."""
        while True:
            asked = params if after is None else params | {"after": after}
            try:
                answer = _object(self._client.get(path, asked, what=what))
            except PortalTimedOut:
                params["limit"] = _smaller(asked["limit"])
                continue
            following = ((answer.get("paging") or {}).get("next") or {}).get("after")
            return Page(_results(answer), str(following) if following else None)


def _ids(records: Iterable[Json]) -> list[str]:
    return [str(one["id"]) for one in records]


def _batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _partial(what: str, error: Json) -> PartialAnswer:
    return PartialAnswer(
        f"HubSpot answered in part, reading {what}: {error.get('message') or error.get('category')}. "
        f"What is held so far stays; the next sync reads it again."
    )


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
