"""The stream: what one process announces reaches every open browser of the tenant at another, and nobody else's."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, delete

from core.appdb import live as announcements
from core.appdb.engine import writing
from core.appdb.live import announce
from core.appdb.tables import user as user_table
from core.vocabulary import CardStatus, LiveType, Role
from serve.auth.users import User, UserDirectory
from serve.live import hub as hubs
from serve.live.hub import LiveHub
from serve.live.schemas import BuildAnnounced, CardAnnounced
from serve.tenancy import Tenancy
from tests.integration.serve.conftest import Installation, NewTenant
from tests.integration.serve.test_isolation import kid
from tests.support.api import local_settings, rsa_key, signed
from tests.support.published import add_tenant, card
from tests.support.served import served_api

CARD = card(1)


@dataclass
class Frame:
    """One message as a browser gets it."""

    kind: str
    position: int
    body: dict[str, Any]


class Stream:
    """An open stream, read as it comes."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> Frame:
        """The next message; comments are passed over."""
        found: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name in {"event", "data", "id"}:
                found[name] = value
            if not line and found:
                return Frame(found["event"], int(found["id"]), json.loads(found["data"]))
        raise EOFError("the stream ended")

    def comment(self) -> str:
        """The next comment."""
        return next(line for line in self._lines if line.startswith(":"))


@contextmanager
def listening(url: str, token: str, after: int | None = None) -> Iterator[Stream]:
    headers = {"Authorization": f"Bearer {token}"} | ({} if after is None else {"Last-Event-ID": str(after)})
    with httpx.stream("GET", f"{url}/api/v1/stream", headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


@pytest.fixture
def board(tenant: NewTenant) -> NewTenant:
    tenant.publish(cards=[CARD])
    return tenant


@pytest.fixture(scope="module")
def url(installation: Installation) -> Iterator[str]:
    with served_api(local_settings(installation.api.data_dir), installation.api.engine) as url:
        yield url


def test_what_one_process_writes_reaches_the_streams_of_another(board: NewTenant, url: str) -> None:
    with ExitStack() as open_:
        second = open_.enter_context(served_api(local_settings(board.api.data_dir), board.api.engine))
        token = board.api.token(board.tenant_id)
        streams = [open_.enter_context(listening(at, token)) for at in (url, second)]
        assert {stream.next().kind for stream in streams} == {"started"}
        act = {"type": "status_changed", "status": "working", "seq": 0}
        member = {"Authorization": f"Bearer {board.api.token(board.tenant_id, Role.MEMBER)}"}
        began = time.monotonic()
        done = httpx.post(f"{url}/api/v1/cards/{CARD['card_id']}/events", json=act, headers=member)
        for stream in streams:
            told = stream.next()
            assert told.kind == "card"
            # Every field of the state, and what the one who did it was answered.
            assert told.body["state"] == done.json()["state"]
            CardAnnounced.model_validate(told.body)
            assert told.body["event"]["actor"] == f"demo|{board.tenant_id}|member"
        assert time.monotonic() - began < 1
        board.publish("build-2", cards=[CARD])
        for stream in streams:
            told = stream.next()
            assert (told.kind, BuildAnnounced.model_validate(told.body).build_id) == ("build", "build-2")


def test_a_tenant_hears_nothing_of_another(board: NewTenant, url: str) -> None:
    other = NewTenant(board.api, add_tenant(board.api.engine, f"{board.tenant_id}x"))
    other.publish(cards=[CARD])
    with (
        listening(url, board.api.token(board.tenant_id)) as mine,
        listening(url, board.api.token(other.tenant_id)) as theirs,
    ):
        assert (mine.next().kind, theirs.next().kind) == ("started", "started")
        other.act(CARD, 1, CardStatus.WORKING)
        assert theirs.next().body["event"]["actor"] == f"demo|{other.tenant_id}|member"
        # The same card id, so that nothing but the tenant tells the two apart.
        board.act(CARD, 1, CardStatus.WORKING)
        told = mine.next()
    assert told.body["event"]["actor"] == f"demo|{board.tenant_id}|member"


def test_who_was_away_is_told_what_they_missed(board: NewTenant, url: str) -> None:
    token = board.api.token(board.tenant_id)
    with listening(url, token) as stream:
        last = stream.next().position
    board.act(CARD, 1, CardStatus.WORKING)
    board.act(CARD, 2, CardStatus.COMPLETED, kind="completed")
    with listening(url, token, after=last) as stream:
        told = [stream.next() for _ in range(3)]
        assert [frame.kind for frame in told] == ["started", "card", "card"]
        assert [frame.body["state"]["seq"] for frame in told[1:]] == [1, 2]
        board.act(CARD, 3, CardStatus.NEW, kind="reopened")
        assert stream.next().body["state"]["reopen_count"] == 1


@pytest.mark.parametrize("after", [0, 10**6])
def test_who_was_away_for_too_long_or_knows_too_much_reads_anew(
    board: NewTenant, url: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "KEPT", 2)
    for seq in range(1, 5):
        board.act(CARD, seq, CardStatus.WORKING)
    with listening(url, board.api.token(board.tenant_id), after=after) as stream:
        assert [stream.next().kind, stream.next().kind] == ["started", "reload"]


def test_a_stream_ends_with_its_token_and_with_its_user(
    board: NewTenant, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "HEARTBEAT_SECONDS", 0.3)
    subject = f"demo|{board.tenant_id}|member"
    board.api.token(board.tenant_id, Role.MEMBER)
    now = datetime.now(UTC)
    # Clocks may differ by half a minute.
    short = signed(rsa_key("issuer"), kid(board.api), sub=subject, exp=now - timedelta(seconds=28))
    long = signed(rsa_key("issuer"), kid(board.api), sub=subject)
    with listening(url, short) as stream:
        assert stream.next().kind == "started"
        with pytest.raises(EOFError):
            stream.next()
    with listening(url, long) as stream:
        assert stream.next().kind == "started"
        assert stream.comment() == ": still here"
        with board.api.engine.begin() as connection:
            connection.execute(delete(user_table).where(user_table.c.subject == subject))
        with pytest.raises(EOFError):
            stream.next()


def test_streams_are_counted(board: NewTenant, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "MOST_STREAMS_OF_ONE", 1)
    token = board.api.token(board.tenant_id)
    with listening(url, token) as stream:
        stream.next()
        answer = httpx.get(f"{url}/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["error"]) == (503, "TooManyStreams")
        other = board.api.token(board.tenant_id, Role.MEMBER)
        with listening(url, other) as second:
            assert second.next().kind == "started"
    # Whoever leaves makes room.
    for _ in range(50):
        answer_status = _status(url, token)
        if answer_status == 200:
            return
        time.sleep(0.1)
    pytest.fail("the place was not given back")


def _status(url: str, token: str) -> int:
    with httpx.stream("GET", f"{url}/api/v1/stream", headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.status_code


def test_a_slow_reader_is_told_to_read_anew_and_holds_nobody_up(
    board: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "WAITING", 3)
    engine, users = board.api.engine, UserDirectory(board.api.engine)
    user = users.keep_demo_user(board.tenant_id, Role.VIEWER)

    async def scene() -> tuple[list[str], list[str]]:
        hub = LiveHub(Tenancy(engine), users)
        slow, quick = _open(hub, user), _open(hub, user)
        assert [(await anext(one)).kind for one in (slow, quick)] == ["started", "started"]  # type: ignore[union-attr]
        heard = []
        for seq in range(1, 6):
            await asyncio.to_thread(board.act, CARD, seq, CardStatus.WORKING)
            heard.append((await anext(quick)).kind)  # type: ignore[union-attr]
        behind = [(await anext(slow)).kind for _ in range(2)]  # type: ignore[union-attr]
        assert hub.stream_count == 2
        hub.close()
        assert [one async for one in quick] == []
        await slow.aclose()
        assert hub.stream_count == 0
        return heard, behind

    heard, behind = asyncio.run(scene())
    assert heard == ["card"] * 5
    assert behind[0] == "reload"


def _open(hub: LiveHub, user: User) -> Any:
    return hub.listen(user, after=None, until=datetime.now(UTC) + timedelta(minutes=1))


def test_announcements_become_visible_in_their_order(board: NewTenant) -> None:
    """Nobody who has seen a number will ever find a smaller one that they have not."""
    engine: Engine = board.api.engine
    before = _newest(engine, board.tenant_id)
    order: list[str] = []

    def second() -> None:
        with writing(engine) as connection:
            announce(connection, board.tenant_id, LiveType.BUILD, {"which": "second"})
            order.append("second numbered")

    with writing(engine) as connection:
        assert announce(connection, board.tenant_id, LiveType.BUILD, {"which": "first"}) == before + 1
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first about to commit")
    thread.join()
    assert order == ["first about to commit", "second numbered"]
    with writing(engine) as connection:
        announce(connection, board.tenant_id, LiveType.BUILD, {})
        connection.get_transaction().rollback()  # type: ignore[union-attr]
    assert _newest(engine, board.tenant_id) == before + 2


def _newest(engine: Engine, tenant_id: str) -> int:
    with Tenancy(engine).session(UserDirectory(engine).keep_demo_user(tenant_id, Role.VIEWER)) as session:
        return session.live_position()
