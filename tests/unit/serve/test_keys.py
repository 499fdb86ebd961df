"""Keys of a real issuer: rotation, outage, nonsense."""

from collections.abc import Iterator

import pytest

from serve.auth.keys import IssuerUnavailable, RemoteKeys
from tests.support.api import rsa_key
from tests.support.jwks import JwksServer


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[JwksServer]:
    with JwksServer() as server:
        server.publish("one", rsa_key("issuer"))
        yield server


def test_keys_are_fetched_once(server: JwksServer) -> None:
    keys = RemoteKeys(server.url)
    assert [keys.key("one") is not None for _ in range(5)] == [True] * 5
    assert server.requests == 1


def test_made_up_keys_do_not_make_us_ask_again_and_again(server: JwksServer) -> None:
    keys = RemoteKeys(server.url)
    assert [keys.key(f"made-up-{number}") for number in range(20)] == [None] * 20
    assert server.requests <= 2


def test_a_silent_issuer_is_left_alone_for_a_moment(server: JwksServer) -> None:
    clock = Clock()
    keys = RemoteKeys(server.url, clock=clock)
    server.body = b"<html>"
    for _ in range(5):
        with pytest.raises(IssuerUnavailable, match="try again"):
            keys.key("one")
    assert server.requests == 1
    server.publish("one", rsa_key("issuer"))
    clock.now += 11
    assert keys.key("one") is not None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 7}', b'{"keys": [7]}', b'{"keys": [{"kty": "oct"}]}', b"\xff"],
)
def test_nonsense_is_an_outage(server: JwksServer, body: bytes) -> None:
    server.body = body
    with pytest.raises(IssuerUnavailable):
        RemoteKeys(server.url).key("one")


def test_a_key_we_saw_outlives_an_outage_for_a_day(server: JwksServer) -> None:
    clock = Clock()
    keys = RemoteKeys(server.url, clock=clock)
    known = keys.key("one")
    server.stop()
    # As if the client's own cache had run out; it keeps time by itself.
    keys._client.jwk_set_cache.jwk_set_with_timestamp = None  # type: ignore[union-attr]
    assert keys.key("one") is known
    with pytest.raises(IssuerUnavailable):
        keys.key("another")
    clock.now += 25 * 3600
    with pytest.raises(IssuerUnavailable):
        keys.key("one")
