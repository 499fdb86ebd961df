"""Bad days, scripted: what HubSpot, its gateways and the network do to some requests, for a while, in any combination.

A fault is data: which requests it meets, after how many of them, how often, and what it does. All faults a request meets act on it:
those that delay add up, one that answers in the API's place ends it, one that spoils an answer works on the answer the API gave.
`weather` carries them out; nothing here knows how.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import Terminal


class BadScript(Terminal):
    """A script of faults cannot be read."""


class Kind(StrEnum):
    """What a fault does."""

    LATENCY = "latency"
    """The answer is late by `seconds`."""
    RATE_LIMIT = "rate_limit"
    """429 with `policy`; `retry_after` seconds, or a date, where given."""
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
    TRUNCATED = "truncated"
    """A good status, and JSON that breaks off."""
    RESHAPED = "reshaped"
    """A good status, and JSON of another shape."""
    EMPTY = "empty"
    """A good status, and nothing."""
    SLOW_BODY = "slow_body"
    """The body trickles in over `seconds`."""
    RESET = "reset"
    """The connection breaks before the answer."""
    RESET_BODY = "reset_body"
    """The connection breaks in the middle of the answer."""


ENDING = frozenset(Kind) - {
    Kind.LATENCY,
    Kind.PARTIAL,
    Kind.TRUNCATED,
    Kind.RESHAPED,
    Kind.EMPTY,
    Kind.SLOW_BODY,
    Kind.RESET_BODY,
}
"""Kinds that answer in the API's place, or nobody at all: what comes behind them does not meet the request."""


class Fault(BaseModel):
    """One fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    scope: str = "tickets"
    status: int = Field(default=503, ge=400, le=599)
    record_id: str | None = None
    record_ids: tuple[str, ...] = ()


@dataclass
class Standing:
    """A fault at work.

    Attributes:
        met: Requests it matched.
        fired: Requests it acted on.
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

    def clear(self) -> None:
        """Let nothing act any more."""
        with self._lock:
            self.standings = []

    def fired(self, kind: Kind | None = None) -> int:
        """How often faults (of one kind) acted since they were added."""
        with self._lock:
            return sum(one.fired for one in self.standings if kind in {None, one.fault.kind})

    def acting(self, *, method: str, path: str, portal: str, body: bytes) -> list[Fault]:
        """The faults that act on a request, in order; counts them."""
        with self._lock:
            found: list[Fault] = []
            for one in self.standings:
                if _acts(one, method, path, portal, body):
                    found.append(one.fault)
                    if one.fault.kind in ENDING:
                        break
            return found


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
    return [one.fault.model_dump(mode="json", exclude_unset=True) | {"fired": one.fired} for one in standings]


def _acts(standing: Standing, method: str, path: str, portal: str, body: bytes) -> bool:
    fault = standing.fault
    if (fault.method and fault.method != method) or (fault.portal and fault.portal != portal):
        return False
    if not re.search(fault.path, path) or (fault.record_id and not _names(body, [fault.record_id])):
        return False
    if fault.kind is Kind.PARTIAL and fault.record_ids and not _names(body, fault.record_ids):
        return False
    standing.met += 1
    is_acting = standing.met > fault.after and (fault.times is None or standing.fired < fault.times)
    standing.fired += is_acting
    return is_acting


def _names(body: bytes, ids: Sequence[str]) -> bool:
    return any(f'"{one}"'.encode() in body for one in ids)
