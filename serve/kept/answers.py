"""What was answered lately, in memory: a shelf for each tenant, all of one version of its rows.

A shelf of another version than asked for is emptied as a whole, and so is one that nobody asked for in a while: what a new build,
an erasure or the end of a tenant took away is not held for long. Used from the event loop alone, therefore without a lock.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.tenants import TenantId
from serve.auth.users import User

Question = tuple[str, bytes, bytes]
"""Path, query and `Accept` of a request, as they came."""

_OVERHEAD = 1_000
"""Bytes that an answer takes beside its body and its question, at most."""

UNASKED_SECONDS = 600
"""After how long without a question a tenant's answers are let go, when next anything is kept."""

_LARGEST_SHARE = 8
"""An answer that alone would take this part of the room is not kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent.

    Attributes:
        tag: Its entity tag, without quotes.
        endpoint: What answered; its name is what the request is counted under.
        headers: Of the 200, or of the 304 where there is no body.
        body: None where the client had it already, and only that can be said again.
    """

    tag: str
    endpoint: Callable[..., Any]
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None


@dataclass
class _Shelf:
    version: tuple[str, ...]
    asked_at: float
    keys: set[tuple[str, Question]] = field(default_factory=set)


class KeptAnswers:
    """The shelves of one process."""

    def __init__(self, room_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make room; 0 bytes: nothing is kept."""
        self._room = room_bytes
        self._clock = clock
        self._tidied_at = clock()
        self._held = 0
        self._shelves: dict[TenantId, _Shelf] = {}
        self._answers: OrderedDict[tuple[TenantId, tuple[str, Question]], Answer] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        """About how much memory the answers take."""
        return self._held

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, user: User, version: tuple[str, ...], question: Question) -> Answer | None:
        """What the user was answered, or their role was, if that is still so.

        Args:
            user: Who asks.
            version: Of the tenant's rows, now.
            question: What is asked.
        """
        shelf = self._shelves.get(user.tenant_id)
        if shelf is None:
            return None
        if shelf.version != version:
            self._clear(user.tenant_id, shelf)
            return None
        shelf.asked_at = self._clock()
        for is_own in (False, True):
            key = (user.tenant_id, (_reader(user, is_own=is_own), question))
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
                return answer
        return None

    def keep(
        self, user: User, version: tuple[str, ...], question: Question, answer: Answer, *, is_own: bool = False
    ) -> None:
        """Keep an answer for the user's role, or where it is their own for them alone.

        Args:
            user: Who asked.
            version: Of the tenant's rows when they were read.
            question: What was asked.
            answer: All of it.
            is_own: Whether somebody else of the same role would be answered something else.
        """
        size = _size(question, answer)
        if size * _LARGEST_SHARE > self._room:
            return
        self._tidy()
        shelf = self._shelves.get(user.tenant_id)
        if shelf is not None and shelf.version != version:
            self._clear(user.tenant_id, shelf)
            shelf = None
        shelf = shelf or _Shelf(version, self._clock())
        key = (_reader(user, is_own=is_own), question)
        held = self._answers.get((user.tenant_id, key))
        if held is not None and held.body is not None and answer.body is None:
            return
        self._drop(user.tenant_id, key)
        self._answers[user.tenant_id, key] = answer
        self._shelves.setdefault(user.tenant_id, shelf).keys.add(key)
        self._held += size
        while self._held > self._room:
            self._drop(*next(iter(self._answers)))

    def _tidy(self) -> None:
        now = self._clock()
        if now - self._tidied_at < UNASKED_SECONDS / 10:
            return
        self._tidied_at = now
        for tenant_id, shelf in tuple(self._shelves.items()):
            if now - shelf.asked_at >= UNASKED_SECONDS:
                self._clear(tenant_id, shelf)

    def _clear(self, tenant_id: TenantId, shelf: _Shelf) -> None:
        for key in tuple(shelf.keys):
            self._drop(tenant_id, key)
        self._shelves.pop(tenant_id, None)

    def _drop(self, tenant_id: TenantId, key: tuple[str, Question]) -> None:
        answer = self._answers.pop((tenant_id, key), None)
        if answer is None:
            return
        self._held -= _size(key[1], answer)
        shelf = self._shelves[tenant_id]
        shelf.keys.discard(key)
        if not shelf.keys:
            del self._shelves[tenant_id]


def _reader(user: User, *, is_own: bool) -> str:
    """For whom an answer is; a subject may be called anything, so which of the two it is stands in front."""
    return f"subject:{user.subject}" if is_own else f"role:{user.role.value}"


def _size(question: Question, answer: Answer) -> int:
    return _OVERHEAD + len(answer.body or b"") + sum(len(part) for part in question)
