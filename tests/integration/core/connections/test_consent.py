"""Pending consents on both engines: good once, briefly, for one browser."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from core.appdb.engine import writing
from core.appdb.tables import oauth_state
from core.connections.consent import LIFETIME, ConsentBook, PendingConsent
from core.tenants import TenantId
from tests.support.connections import VAULT, store_of

ACME, BACK = TenantId("acme"), "http://127.0.0.1:1/callback"


@pytest.fixture
def book(app_database: Engine) -> ConsentBook:
    store_of(app_database, "acme")
    return ConsentBook(lambda: writing(app_database), VAULT)


def test_a_state_is_good_once(book: ConsentBook) -> None:
    asked = book.ask(ACME, "ann", redirect_uri=BACK)
    pending = book.redeem(asked.state, asked.browser_token)
    assert pending is not None
    assert (pending.tenant_id, pending.subject, pending.redirect_uri) == (ACME, "ann", BACK)
    assert len(pending.code_verifier) >= 43, "RFC 7636 asks for no less"
    assert book.redeem(asked.state, asked.browser_token) is None


def test_of_many_that_redeem_at_once_one_gets_it(book: ConsentBook) -> None:
    asked = book.ask(ACME, "ann", redirect_uri=BACK)
    together, redeemed = threading.Barrier(6), []

    def redeem() -> None:
        together.wait()
        redeemed.append(book.redeem(asked.state, asked.browser_token))

    threads = [threading.Thread(target=redeem) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(one) for one in redeemed if one is not None] == [PendingConsent]
    assert len(redeemed) == 6


def test_another_browser_spends_it_and_gets_nothing(book: ConsentBook) -> None:
    asked = book.ask(ACME, "ann", redirect_uri=BACK)
    assert book.redeem(asked.state, "another browser's") is None
    assert book.redeem(asked.state, asked.browser_token) is None


def test_it_expires_and_is_swept_by_the_next_one(book: ConsentBook, app_database: Engine) -> None:
    start = datetime(2026, 11, 1, 12, tzinfo=UTC)
    asked = book.ask(ACME, "ann", redirect_uri=BACK, now=start)
    assert book.redeem(asked.state, asked.browser_token, now=start + LIFETIME) is None
    book.ask(ACME, "ann", redirect_uri=BACK, now=start)
    book.ask(ACME, "ann", redirect_uri=BACK, now=start + LIFETIME + timedelta(seconds=1))
    with app_database.connect() as reading:
        assert len(reading.execute(select(oauth_state)).all()) == 1


def test_nothing_that_opens_the_door_is_stored_in_the_clear(book: ConsentBook, app_database: Engine) -> None:
    asked = book.ask(ACME, "ann", redirect_uri=BACK)
    with app_database.connect() as reading:
        [row] = [str(one) for one in reading.execute(select(oauth_state))]
    pending = book.redeem(asked.state, asked.browser_token)
    assert pending is not None
    for secret in (asked.state, asked.browser_token, pending.code_verifier):
        assert secret not in row


@pytest.mark.parametrize("state", ["", "x", "\0", "💥", "a" * 5000])
def test_a_made_up_state_is_nobody_s(book: ConsentBook, state: str) -> None:
    assert book.redeem(state, state) is None
