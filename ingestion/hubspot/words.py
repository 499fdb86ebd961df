"""What may be loaded of a record whose person has been erased: nothing they wrote, nothing that names them.

By then nobody knows the name or the address any more, so nothing can be searched for: only what can be neither is kept. Those are
the columns the product counts with, HubSpot's own sentiment, and HubSpot's other numbers, flags and moments; a portal's own
properties go altogether. Pure.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ingestion.hubspot.tables import COMPANIES, CONTACTS, TICKETS

Record = Mapping[str, Any]

_TYPED: Final = {kind.name: frozenset(kind.typed) for kind in (TICKETS, COMPANIES, CONTACTS)}
_WORDS: Final = frozenset({"subject", "content", "firstname", "lastname", "email", "jobtitle", "name", "domain"})
_KEPT: Final = frozenset(
    {
        "hs_object_id",
        "hs_merged_object_ids",
        "hs_email_direction",
        "hs_email_status",
        "hubspot_owner_id",
        "hubspot_team_id",
        "createdate",
        "lastmodifieddate",
    }
)
_NAMES_SOMEBODY: Final = re.compile(
    r"name|mail|phone|contact|address|subject|body|text|html|content|header|thread|source|label|url|fax"
)
# A number, a flag, a date or a moment, as HubSpot writes them.
_IS_NO_WORD: Final = re.compile(
    r"-?\d+(\.\d+)?(e-?\d+)?|true|false|\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE
)
_SENTIMENT: Final = re.compile(r"hs_\w*_sentiment(_score)?")


def without_words(kind: str, record: Record) -> dict[str, Any]:
    """The record, its properties reduced to what can neither be the person's words nor name them.

    Args:
        kind: Object type: tickets, contacts, emails, notes.
        record: As HubSpot sends it; it is not changed.
    """
    return {**record, "properties": _thin(kind, record.get("properties") or {})}


def thin_properties(kind: str, properties: str) -> str:
    """The same for the JSON text of a row's `properties`, written as `mapping` writes it."""
    return orjson.dumps(_thin(kind, orjson.loads(properties)), option=orjson.OPT_SORT_KEYS).decode()


def _thin(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if _may_stay(kind, name, value)}


def _may_stay(kind: str, name: str, value: object) -> bool:
    if name in _WORDS:
        return False
    if name in _KEPT or name in _TYPED.get(kind, ()) or _SENTIMENT.fullmatch(name):
        return True
    is_theirs = not name.startswith("hs_") or _NAMES_SOMEBODY.search(name.removeprefix("hs_"))
    return not is_theirs and value is not None and bool(_IS_NO_WORD.fullmatch(str(value)))
