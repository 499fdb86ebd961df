"""Bad days, scripted: what HubSpot, its gateways and the network do to some requests, for a while, in any combination.

A fault is data: which requests it meets, after how many of them, how often, and what it does. All faults a request meets act on it:
those that delay add up, one that answers in the API's place ends it, one that spoils an answer works on the answer the API gave.
`weather` carries them out; nothing here knows how. One fault is not about requests: a search index that lags meets changes.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from core.errors import Terminal


class BadScript(Terminal):
    """A script of faults cannot be read."""


class Kind(StrEnum):
    """What a fault does."""

    LATENCY = "latency"
    """The answer is late by `seconds`."""
    RATE_LIMIT = "rate_limit"
    """429 with `policy`; `retry_after` where given."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a kind of fault
    """401: the token's time is over, whatever the clock says."""
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a kind of fault
    """401: the token is not known."""
    MISSING_SCOPE = "missing_scope"
    """403: `scope` was taken away."""
    BANNED = "banned"
    """403: the account is locked."""
    BAD_REQUEST = "bad_request"
    """400, where the body names `record_id` (or always, without one)."""
    URL_TOO_LONG = "url_too_long"
    """414 from the proxy, as HTML."""
    STATUS = "status"
    """`status` from a gateway (423, 477, 500, 502, 503, 504, 521 to 526, 530), as HTML; `retry_after` where given."""
    PARTIAL = "partial"
    """207: of a batch, the inputs in `record_ids` (or the last one) fail for a reason that is not "there is nothing"."""
    SEARCH_WALL = "search_wall"
    """Searches are refused beyond `wall` results, sooner than HubSpot's 10,000."""
    INDEX_LAG = "index_lag"
    """Changes made to a portal meanwhile are found by search only `seconds` later; lists have them at once."""
    TRUNCATED = "truncated"
    """A good status, and JSON that breaks off."""
    RESHAPED = "reshaped"
    """A good status, and JSON of another shape."""
    EMPTY = "empty"
    """A good status, and nothing."""
    SLOW_BODY = "slow_body"
    """The body trickles in over `seconds`."""
    RESET = "reset"
    """The connection is reset before the answer."""
    HANG_UP = "hang_up"
    """The connection is closed before the answer, as an idle one is."""
    RESET_BODY = "reset_body"
    """The connection is reset in the middle of the answer."""


SPOILING = frozenset({Kind.PARTIAL, Kind.TRUNCATED, Kind.RESHAPED, Kind.EMPTY, Kind.SLOW_BODY, Kind.RESET_BODY})
"""Kinds that let the API answer and change what it says, or how it arrives."""

ENDING = frozenset(Kind) - SPOILING - {Kind.LATENCY, Kind.SEARCH_WALL, Kind.INDEX_LAG}
"""Kinds that answer in the API's place, or nobody at all: what comes behind them does not meet the request."""

_OF_CALLERS = frozenset({Kind.EXPIRED_TOKEN, Kind.INVALID_TOKEN, Kind.MISSING_SCOPE, Kind.BANNED})
"""Kinds that answer whoever comes with a good token; others, as at the token endpoint, do not meet them."""

_PLACES = {Kind.PARTIAL: re.compile("/batch/read$"), Kind.SEARCH_WALL: re.compile("/search$")}
"""Where alone a kind has a meaning."""


class Fault(BaseModel):
    """One fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    kind: Kind
    path: str = ""
    """Regular expression found in the request's path; empty: every path."""
    method: str = ""
    """GET or POST; empty: both."""
    portal: str = ""
    """Tenant slug whose requests it meets; empty: everybody's."""
    after: int = Field(default=0, ge=0)
    """Matching requests that pass untouched first."""
    times: int | None = Field(default=1, ge=1)
    """Matching requests it then acts on; null: all, until it is cleared."""
    seconds: float = Field(default=0.0, ge=0, le=600)
    policy: str = Field(default="TEN_SECONDLY_ROLLING", pattern="^(TEN_SECONDLY_ROLLING|SECONDLY|DAILY)$")
    retry_after: str | None = None
    """Seconds, or a date as it is to be written."""
    is_retry_date: bool = False
    """Whether `retry_after` seconds are written as the date they lead to."""
    scope: str = "tickets"
    status: int = Field(default=503, ge=400, le=599)
    record_id: str | None = None
    record_ids: tuple[str, ...] = ()
    wall: int = Field(default=200, ge=1)

    @field_validator("path")
    @classmethod
    def _is_expression(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"{path} is not a regular expression: {error}") from error
        return path

    @field_validator("method")
    @classmethod
    def _is_upper(cls, method: str) -> str:
        return method.upper()

    @model_validator(mode="after")
    def _has_seconds(self) -> Self:
        if self.is_retry_date and not (self.retry_after or "").isdecimal():
            raise ValueError("is_retry_date needs retry_after in whole seconds")
        return self


@dataclass
class Standing:
    """A fault at work.

    Attributes:
        met: Requests (of an index that lags: changes) it matched.
        fired: Those of them it acted on.
    """

    fault: Fault
    met: int = 0
    fired: int = 0


@dataclass
class FaultScript:
    """The faults of a sandbox; may be changed while it serves. Thread-safe."""

    standings: list[Standing] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Let these act from now on, behind those that already do."""
        with self._lock:
            self.standings += [Standing(fault) for fault in faults]

    def clear(self, kind: Kind | None = None) -> None:
        """Let nothing (or nothing of that kind) act any more."""
        with self._lock:
            self.standings = [one for one in self.standings if kind not in {None, one.fault.kind}]

    def listed(self) -> list[Standing]:
        """All faults in order, each with how often it acted so far."""
        with self._lock:
            return [replace(one) for one in self.standings]

    def fired(self, kind: Kind | None = None) -> int:
        """How often faults (of one kind) acted since they were added."""
        with self._lock:
            return sum(one.fired for one in self.standings if kind in {None, one.fault.kind})

    def acting(self, *, method: str, path: str, portal: str, body: bytes) -> list[Fault]:
        """The faults that act on a request, in order; counts them."""
        with self._lock:
            found: list[Fault] = []
            for one in self.standings:
                if _meets(one.fault, method, path, portal, body) and _acts(one):
                    found.append(one.fault)
                    if one.fault.kind in ENDING:
                        break
            return found

    def index_lag(self, portal: str) -> float:
        """Seconds for which search does not know a change that is being made to a tenant's portal; counts the change."""
        with self._lock:
            met = [
                one for one in self.standings if one.fault.kind is Kind.INDEX_LAG and one.fault.portal in {"", portal}
            ]
            return max((one.fault.seconds for one in met if _acts(one)), default=0.0)


def read_faults(raw: Any) -> list[Fault]:
    """Faults from decoded YAML or JSON: a list of mappings.

    Raises:
        BadScript: Something in it is no fault.
    """
    try:
        return TypeAdapter(list[Fault]).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadScript(f"The faults cannot be used: {where}: {first['msg']}. See docs/sandbox.md.") from error


def read_kind(raw: str | None) -> Kind | None:
    """A kind by its name; None for None.

    Raises:
        BadScript: There is no such kind.
    """
    try:
        return None if raw is None else Kind(raw)
    except ValueError as error:
        raise BadScript(f"There is no fault of kind {raw}. See docs/sandbox.md for those there are.") from error


def load_faults(file: Path) -> list[Fault]:
    """Faults from a YAML file.

    Raises:
        BadScript: It cannot be read, or something in it is no fault.
    """
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadScript(f"{file} is not a YAML file of faults: {error}.") from error
    return read_faults(raw)


def described(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """Faults as JSON, each with how often it acted."""
    return [
        one.fault.model_dump(mode="json", exclude_unset=True) | {"met": one.met, "fired": one.fired}
        for one in standings
    ]


def _meets(fault: Fault, method: str, path: str, portal: str, body: bytes) -> bool:
    if fault.kind is Kind.INDEX_LAG or (fault.kind in _OF_CALLERS and not portal):
        return False
    if (fault.method and fault.method != method) or (fault.portal and fault.portal != portal):
        return False
    place = _PLACES.get(fault.kind)
    if (place and not place.search(path)) or not re.search(fault.path, path):
        return False
    ids = fault.record_ids if fault.kind is Kind.PARTIAL else (fault.record_id,) if fault.record_id else ()
    return not ids or _names(body, ids)


def _acts(standing: Standing) -> bool:
    fault = standing.fault
    standing.met += 1
    is_acting = standing.met > fault.after and (fault.times is None or standing.fired < fault.times)
    standing.fired += is_acting
    return is_acting


def _names(body: bytes, ids: Sequence[str]) -> bool:
    return any(f'"{one}"'.encode() in body for one in ids)
