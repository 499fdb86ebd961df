"""Fan-out: from what the database says was announced to every stream of the tenant that is open in this process.

Announcements come from any process: another API, the pipeline. One watcher asks the database, while anybody listens, four times
a second how far each listened-to tenant's announcements have come; what is new is read once per tenant, in a session of one of its
listeners, and handed to all of them. A listener that does not keep up is told to read anew instead of being waited for.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from core.logging import get_logger
from core.tenants import TenantId
from core.vocabulary import LiveType
from serve.auth.users import User, UserDirectory
from serve.errors import Unavailable
from serve.tenancy import Tenancy

_log = get_logger(__name__)

INTERVAL_SECONDS = 0.25
"""How often the database is asked for news while anybody listens."""

HEARTBEAT_SECONDS = 15.0
"""After how long without news a stream is told that it is alive; proxies close what is silent, often after 60 s."""

MOST_STREAMS = 1_000
"""Streams per process."""

MOST_STREAMS_OF_ONE = 20
"""Streams of one user per process."""

WAITING = 200
"""Messages kept for a stream that is not read, at less than a kilobyte each; also how many missed ones are sent again."""

STARTED = "started"
"""First message of a stream: from here on nothing is missed."""

RELOAD = "reload"
"""Message to a stream that has missed something: what it shows has to be read anew."""


class TooManyStreams(Unavailable):
    """This process, or this user, has as many open streams as it may."""


class Stopping(Unavailable):
    """The process is about to end."""


@dataclass(frozen=True)
class Message:
    """Something to tell a browser.

    Attributes:
        position: Of the announcement, or up to which nothing is left to say.
        kind: A `LiveType`, `STARTED` or `RELOAD`.
        body: With it, JSON.
    """

    position: int
    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)


def as_told_to(user: User, messages: Iterable[Message]) -> Iterator[Message]:
    """The messages that a user is told, as they are told them: who else was notified is nobody's business."""
    for message in messages:
        if message.kind != LiveType.NOTIFICATION:
            yield message
        elif user.subject in message.body["recipients"]:
            yield Message(message.position, message.kind, {"recipients": [user.subject]})


class _Listener:
    """One open stream; None in its queue is the end."""

    def __init__(self, user: User) -> None:
        self.user = user
        self._waiting: asyncio.Queue[Message | None] = asyncio.Queue(WAITING)

    def offer(self, message: Message) -> None:
        if self._waiting.full():
            self._forget()
            message = Message(message.position, RELOAD)
        self._waiting.put_nowait(message)

    def end(self) -> None:
        if self._waiting.full():
            self._forget()
        self._waiting.put_nowait(None)

    async def next(self) -> Message | None:
        return await self._waiting.get()

    def _forget(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()


@dataclass
class _Channel:
    """One tenant's listeners, and up to where they were told."""

    position: int
    listeners: set[_Listener] = field(default_factory=set)

    def tell(self, messages: list[Message]) -> None:
        for listener in self.listeners:
            for message in as_told_to(listener.user, messages):
                listener.offer(message)


class LiveHub:
    """Every stream this process has open."""

    def __init__(self, tenancy: Tenancy, users: UserDirectory) -> None:
        self._tenancy = tenancy
        self._users = users
        self._channels: dict[TenantId, _Channel] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def stream_count(self) -> int:
        """Open streams."""
        return sum(len(channel.listeners) for channel in self._channels.values())

    def check_room(self, user: User) -> None:
        """Refuse a user for whom there is no room.

        Raises:
            TooManyStreams: As many as there may be are open.
            Stopping: No more are taken.
        """
        if self._is_closed:
            raise Stopping("This server is stopping: try again in a moment, another one will answer.")
        if self.stream_count >= MOST_STREAMS:
            raise TooManyStreams(f"This server has {MOST_STREAMS} streams open and takes no more: try again later.")
        channel = self._channels.get(user.tenant_id)
        mine = [one for one in channel.listeners if one.user.subject == user.subject] if channel else []
        if len(mine) >= MOST_STREAMS_OF_ONE:
            raise TooManyStreams(f"You have {MOST_STREAMS_OF_ONE} streams open: close the board in another tab.")

    async def listen(self, user: User, *, after: int | None, until: datetime) -> AsyncGenerator[Message | None, None]:
        """What is announced to the user's tenant, as it happens; None where nothing has been for `HEARTBEAT_SECONDS`.

        Args:
            user: Who listens.
            after: Position of the last message they have; None: they start now.
            until: When it ends at the latest.
        """
        start = await run_in_threadpool(self._position, user)
        channel = self._channels.setdefault(user.tenant_id, _Channel(start))
        with self._registered(channel, user) as listener:
            # Looked at once more: what came up to here is read now, and whatever comes after is offered.
            start, missed = await run_in_threadpool(self._missed, user, after)
            yield Message(start, STARTED)
            for message in as_told_to(user, missed):
                yield message
            while True:
                left = (until - datetime.now(UTC)).total_seconds()
                if left <= 0:
                    return
                try:
                    news = await asyncio.wait_for(listener.next(), min(HEARTBEAT_SECONDS, left))
                except TimeoutError:
                    yield None
                    continue
                if news is None:
                    return
                if news.position > start:
                    yield news

    def close(self) -> None:
        """End every stream, and take no more."""
        self._is_closed = True
        for channel in self._channels.values():
            for listener in channel.listeners:
                listener.end()

    @contextmanager
    def _registered(self, channel: _Channel, user: User) -> Iterator[_Listener]:
        listener = _Listener(user)
        channel.listeners.add(listener)
        if self._is_closed:
            listener.end()
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch(), name="live")
        try:
            yield listener
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners and self._channels.get(user.tenant_id) is channel:
                del self._channels[user.tenant_id]

    async def _watch(self) -> None:
        looked_at, is_failing = asyncio.get_running_loop().time(), False
        while self._channels:
            await asyncio.sleep(INTERVAL_SECONDS)
            try:
                await self._tell_news()
                if asyncio.get_running_loop().time() - looked_at >= HEARTBEAT_SECONDS:
                    looked_at = asyncio.get_running_loop().time()
                    await self._end_those_without_access()
                is_failing = False
            except SQLAlchemyError:
                # The database comes back, and what was announced meanwhile is still there.
                if not is_failing:
                    _log.exception("live.database_unavailable")
                is_failing = True
                await asyncio.sleep(HEARTBEAT_SECONDS / 5)

    async def _tell_news(self) -> None:
        positions = await run_in_threadpool(self._tenancy.live_positions, list(self._channels))
        for tenant_id, position in positions.items():
            channel = self._channels.get(tenant_id)
            if channel is None or position <= channel.position or not channel.listeners:
                continue
            user = next(iter(channel.listeners)).user
            messages = await run_in_threadpool(self._read, user, channel.position, position)
            channel.position = position
            channel.tell(messages)

    async def _end_those_without_access(self) -> None:
        listeners = [one for channel in self._channels.values() for one in channel.listeners]
        known = await run_in_threadpool(self._users.still_known, [one.user for one in listeners])
        for listener in listeners:
            if (listener.user.tenant_id, listener.user.subject) not in known:
                listener.end()

    def _position(self, user: User) -> int:
        with self._tenancy.session(user) as session:
            return session.live_position()

    def _missed(self, user: User, after: int | None) -> tuple[int, list[Message]]:
        position = self._position(user)
        if after is None or after == position:
            return position, []
        if after > position:
            # It was told so by a database that is no longer there.
            return position, [Message(position, RELOAD)]
        return position, self._read(user, after, position)

    def _read(self, user: User, after: int, position: int) -> list[Message]:
        """The announcements from one position to another, or word that they are too many, or too old to be there."""
        if position - after > WAITING:
            return [Message(position, RELOAD)]
        with self._tenancy.session(user) as session:
            rows = session.live_events(after, position - after)
        if len(rows) < position - after:
            return [Message(position, RELOAD)]
        return [Message(row["position"], row["type"], row["body"]) for row in rows]
