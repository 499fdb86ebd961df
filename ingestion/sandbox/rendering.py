"""A record as HubSpot writes it: which properties, in what form, with which links and history."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from starlette.requests import Request

from ingestion.sandbox.catalogue import KINDS, LINK_TYPES, ObjectKind, PropertyDefinition, kind_of
from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.links import LinkTable
from ingestion.sandbox.records import Record
from ingestion.sandbox.world import Portal

INLINE_LINKS = 100
"""Association rows an object carries before it refers to a further page."""


def listed(request: Request, name: str) -> list[str]:
    """An array of the query string, written with commas, repeated, or both."""
    return [part for value in request.query_params.getlist(name) for part in value.split(",") if part]


class Renderer:
    """Writes the records of one answer.

    Args:
        portal: Whose records they are.
        kind: Their object type.
        asked: Property names asked for; the type's default set when there are none. Names that do not exist are left
            out without a word.
        with_history: Properties whose earlier values are wanted too.
    """

    def __init__(
        self, portal: Portal, kind: ObjectKind, asked: Iterable[str] | None, with_history: Iterable[str] = ()
    ) -> None:
        known: Mapping[str, PropertyDefinition] = portal.live_definitions(kind.name)
        self._history = [name for name in dict.fromkeys(with_history) if name in known]
        wanted = [*(asked or kind.default_properties), *self._history, *kind.always_returned]
        self._names = sorted({name for name in wanted if name in known})
        self._keeps_empty = portal.quirks.empty_properties == "null"
        self._kind = kind
        self._url = f"https://{portal.ui_domain}/contacts/{portal.portal_id}/record/{kind.type_id}/"

    def record(self, record: Record, properties: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One record; ``properties`` replaces its own values, as for search, which reads an index."""
        held = record.properties if properties is None else properties
        values = {name: held.get(name) for name in self._names}
        if not self._keeps_empty:
            values = {name: value for name, value in values.items() if value is not None}
        body: dict[str, Any] = {
            "id": str(record.id),
            "properties": values,
            "createdAt": to_iso(record.created_at),
            "updatedAt": held[self._kind.modified_property],
            "archived": record.archived_at is not None,
            "url": f"{self._url}{record.id}",
        }
        if record.archived_at is not None:
            body["archivedAt"] = to_iso(record.archived_at)
        if self._history:
            body["propertiesWithHistory"] = {name: _history(record, name) for name in self._history}
        return body


def _history(record: Record, name: str) -> list[dict[str, str]]:
    """Values of a property, newest first."""
    values = reversed(record.values_of(name))
    return [{"value": value, "timestamp": to_iso(moment), "sourceType": "CRM_UI"} for value, moment in values]


def inline_links(links: LinkTable, kind: ObjectKind, record_id: int, wanted: list[str], url: str) -> dict[str, Any]:
    """What stands under ``associations``: a primary link twice, types without links left out, 100 rows at most."""
    found: dict[str, Any] = {}
    for spelling in wanted:
        other = kind_of(spelling)
        if other is None or (kind.name, other.name) not in LINK_TYPES:
            continue
        rows = (
            {"id": str(to_id), "type": link_type.inline_name}
            for to_id, link_types in links.typed(kind.name, record_id, other.name)
            for link_type in link_types
        )
        page = list(islice(rows, INLINE_LINKS))
        if not page:
            continue
        found[KINDS[other.name].name] = {"results": page}
        following = next(rows, None)
        if following is not None:
            after = following["id"]
            link = f"{url}/{record_id}/associations/{other.name}?after={after}"
            found[other.name]["paging"] = {"next": {"after": after, "link": link}}
    return found
