"""The client on connections that go wrong below HTTP, and used by many threads at once."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from core.errors import ChurnboardError, Transient
from ingestion.hubspot import errors
from ingestion.hubspot.client import ATTEMPTS, HubSpotClient
from ingestion.hubspot.limiter import Limits, PortalLimiter
from tests.support.portals import UNLIMITED

Behaviour = Callable[[socket.socket], None]

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}'


class Server:
    """Answers one request a connection, each as scripted; the last behaviour goes on for ever."""

    def __init__(self, *script: Behaviour) -> None:
        self.requests: list[bytes] = []
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._stopped.is_set():
                connection.close()
                return
            behaviour = self._script.pop(0) if len(self._script) > 1 else self._script[0]
            thread = threading.Thread(target=self._answer, args=(connection, behaviour))
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with connection:
            self.requests.append(request_on(connection))
            try:
                behaviour(connection)
            except OSError:
                return

    def stop(self) -> None:
        self._stopped.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._listener.close()
        for thread in self._threads:
            thread.join()


def request_on(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65_536)
    length = re.search(rb"content-length: (\d+)", read, re.IGNORECASE)
    while length and len(read.split(b"\r\n\r\n", 1)[1]) < int(length[1]):
        read += connection.recv(65_536)
    return read


@contextmanager
def serving(*script: Behaviour) -> Iterator[Server]:
    server = Server(*script)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def says(*parts: bytes, every: float = 0.0) -> Behaviour:
    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(every)

    return answer


def reset_in_the_body(connection: socket.socket) -> None:
    connection.sendall(GOOD[:-4])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def client(server: Server, **changes: float) -> HubSpotClient:
    return HubSpotClient(
        server.url,
        "acme",
        SecretStr("x"),
        limiter=PortalLimiter(UNLIMITED),
        sleep=lambda _seconds: None,
        **changes,
    )


DRIPPING_BODY = says(GOOD[:-8], *[GOOD[-8:-7]] * 20, every=0.2)
DRIPPING_HEADERS = says(*[bytes([one]) for one in GOOD[:20]], every=0.2)
CUT_JSON = says(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a": 1')


@pytest.mark.parametrize(
    "broken",
    [reset_in_the_body, says(GOOD[:-4]), says(), CUT_JSON],
    ids=["reset", "closed early", "no answer", "cut JSON"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_breaks_off_is_asked_for_again(broken: Behaviour, method: str) -> None:
    with serving(broken, says(GOOD)) as server, client(server) as made:
        answer = made.get("/x", what="things") if method == "GET" else made.post("/x", {"b": 2}, what="things")
    assert answer == {"a": 1}
    assert len(server.requests) == 2
    assert server.requests[0].split(b"\r\n\r\n")[1] == server.requests[1].split(b"\r\n\r\n")[1]


@pytest.mark.parametrize(
    "slow", [says(every=5.0), DRIPPING_HEADERS, DRIPPING_BODY], ids=["silent", "headers drip", "body drips"]
)
def test_no_request_outlasts_its_time_however_its_bytes_come(slow: Behaviour) -> None:
    def then_wait(connection: socket.socket) -> None:
        slow(connection)
        connection.settimeout(5)
        connection.recv(1)  # until the client hangs up

    with serving(then_wait, says(GOOD)) as server, client(server, request_seconds=0.5) as made:
        began = time.monotonic()
        assert made.get("/x", what="things") == {"a": 1}
    assert time.monotonic() - began < 10
    assert len(server.requests) == 2


def test_an_endless_drip_is_told_from_an_outage() -> None:
    said = pytest.raises(errors.PortalTimedOut, match=r"tenant acme did not finish its answer .* reading things")
    with serving(DRIPPING_BODY) as server, client(server, request_seconds=0.3) as made, said:
        made.get("/x", what="things")
    assert len(server.requests) == ATTEMPTS


def test_a_closed_door_costs_no_budget() -> None:
    limiter = PortalLimiter(Limits(burst=1), sleep=pytest.fail)
    made = HubSpotClient("http://127.0.0.1:9", "acme", SecretStr("x"), limiter=limiter, sleep=lambda _seconds: None)
    with made, pytest.raises(errors.PortalUnavailable, match="Check the network"):
        made.get("/x", what="things")
    assert made.counts.sent == 0


def test_a_call_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.hubspot.client.CALL_SECONDS", 0.1)
    slow_no = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"

    def refuse(connection: socket.socket) -> None:
        time.sleep(0.2)
        connection.sendall(slow_no)

    with serving(refuse) as server, client(server) as made, pytest.raises(errors.PortalUnavailable):
        made.get("/x", what="things")
    assert len(server.requests) == 1


def test_many_threads_share_one_client() -> None:
    date = b"Date: Wed, 01 Jul 2026 10:00:00 GMT\r\n"
    with serving(says(GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n" + date + b"\r\n", 1))) as server:
        with client(server) as made, ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _number: made.get("/x", what="things"), range(200)))
            assert made.server_time == datetime(2026, 7, 1, 10, tzinfo=UTC)
            assert made.counts.sent == 200
        made.close()
        assert made.get("/x", what="things") == {"a": 1}, "a closed client opens new connections"
    assert answers == [{"a": 1}] * 200


def test_time_does_not_go_back_when_answers_overtake_each_other() -> None:
    moment = datetime(2026, 7, 1, 10, tzinfo=UTC)

    def dated(seconds: int, after: float) -> Behaviour:
        date = f"{moment + timedelta(seconds=seconds):%a, %d %b %Y %H:%M:%S GMT}".encode()

        def answer(connection: socket.socket) -> None:
            time.sleep(after)
            connection.sendall(GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\nDate: " + date + b"\r\n\r\n", 1))

        return answer

    with serving(dated(0, 1.0), dated(5, 0.0)) as server, client(server) as made:
        early = threading.Thread(target=lambda: made.get("/x", what="things"))
        early.start()
        while not server.requests:
            time.sleep(0.01)
        made.get("/x", what="things")
        early.join()
        assert made.server_time == moment + timedelta(seconds=5)


EXPIRED_BODY = b'{"category": "EXPIRED_AUTHENTICATION"}'
EXPIRED = b"HTTP/1.1 401 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(EXPIRED_BODY), EXPIRED_BODY)


class Tokens:
    """Hands out `old`, then `new`, taking its time; counts how often it was asked for what."""

    def __init__(self, failure: ChurnboardError | None = None) -> None:
        self.rejected: list[str | None] = []
        self._failure = failure

    def __call__(self, rejected: SecretStr | None) -> SecretStr:
        self.rejected.append(rejected and rejected.get_secret_value())
        if rejected is None:
            return SecretStr("old")
        time.sleep(0.3)
        if self._failure:
            raise self._failure
        return SecretStr("new")


@contextmanager
def expiring(tokens: Tokens) -> Iterator[HubSpotClient]:
    """A server that takes only the new token, once all threads have shown it the old one."""
    barrier = threading.Barrier(8)

    def answer_of(request: bytes) -> bytes:
        if b"Bearer new" in request:
            return GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
        barrier.wait(10)
        return EXPIRED

    def answer(connection: socket.socket) -> None:
        connection.sendall(answer_of(requests[connection]))

    requests: dict[socket.socket, bytes] = {}

    class Noting(Server):
        def _answer(self, connection: socket.socket, behaviour: Behaviour) -> None:
            with connection:
                requests[connection] = request_on(connection)
                behaviour(connection)

    server = Noting(answer)
    thread = threading.Thread(target=server.run)
    thread.start()
    with HubSpotClient(server.url, "acme", tokens, limiter=PortalLimiter(UNLIMITED)) as made:
        yield made
    server.stop()
    thread.join()


def test_one_thread_refreshes_the_token_for_all() -> None:
    tokens = Tokens()
    with expiring(tokens) as made, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _number: made.get("/x", what="things"), range(8))) == [{"a": 1}] * 8
    assert tokens.rejected == [None, "old"]


def test_a_refresh_that_fails_has_failed_for_all_who_waited() -> None:
    class TokenEndpointDown(Transient):
        pass

    tokens = Tokens(TokenEndpointDown("The token endpoint of tenant acme does not answer."))

    def call(made: HubSpotClient) -> str:
        with pytest.raises(TokenEndpointDown) as failed:
            made.get("/x", what="things")
        return str(failed.value)

    with expiring(tokens) as made, ThreadPoolExecutor(8) as pool:
        failures = list(pool.map(lambda _number: call(made), range(8)))
    assert set(failures) == {"The token endpoint of tenant acme does not answer."}
    assert tokens.rejected == [None, "old"]
