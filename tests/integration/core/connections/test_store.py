"""Stored connections on both engines: encrypted, one portal a tenant, changed only by whoever saw what is stored."""

import threading
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.appdb.tables import metadata
from core.connections import ConnectionStore, Credentials, NotConnected, OtherPortal, PortalTaken
from core.secrets import UnreadableSecret, Vault
from core.vocabulary import ConnectionStatus
from tests.support.connections import grant, store_of

TOKEN = Credentials(access_token=SecretStr("access-secret-static"))


@pytest.fixture
def acme(app_database: Engine) -> ConnectionStore:
    return store_of(app_database, "acme")


@pytest.fixture
def globex(app_database: Engine) -> ConnectionStore:
    return store_of(app_database, "globex")


def test_credentials_are_readable_with_our_key_only_and_never_stored_in_the_clear(
    acme: ConnectionStore, app_database: Engine
) -> None:
    with pytest.raises(NotConnected, match="acme"):
        acme.credentials()
    acme.keep(grant(), hub_id="17")
    assert acme.credentials().refresh_token == SecretStr("refresh-secret-first")
    acme.keep(TOKEN)
    assert acme.credentials() == TOKEN
    with app_database.connect() as reading:
        everything = [str(row) for table in metadata.sorted_tables for row in reading.execute(select(table))]
    assert not any("-secret-" in row for row in everything)
    stranger = store_of(app_database, "acme", vault=Vault(Fernet.generate_key().decode()))
    with pytest.raises(UnreadableSecret, match="ENCRYPTION_KEY differs"):
        stranger.credentials()


def test_a_connection_is_described_without_its_secrets(acme: ConnectionStore) -> None:
    assert acme.connection() is None
    given, connected_at = grant(), datetime(2026, 11, 1, tzinfo=UTC)
    acme.keep(given, hub_id="17", scopes=given.scopes, connected_by="ann", connected_at=connected_at)
    held = acme.connection()
    assert held is not None
    assert (held.status, held.hub_id, held.scopes) == (ConnectionStatus.ACTIVE, "17", ("oauth", "tickets"))
    assert (held.connected_by, held.connected_at, held.expires_at) == ("ann", connected_at, given.expires_at)
    assert "secret" not in repr(held)
    assert "secret-first" not in repr(acme.credentials())


def test_a_portal_belongs_to_one_tenant_until_it_is_disconnected(
    acme: ConnectionStore, globex: ConnectionStore
) -> None:
    acme.keep(TOKEN, hub_id="17")
    acme.keep(TOKEN, hub_id="17")
    for attempt in range(2):
        with pytest.raises(PortalTaken, match="already connected to another workspace") as refused:
            globex.keep(TOKEN, hub_id="17")
        assert "acme" not in str(refused.value), attempt
        # The second time there is a row to update instead of one to insert.
        globex.keep(TOKEN)
    acme.disconnect()
    globex.keep(TOKEN, hub_id="17")


def test_of_two_tenants_that_connect_one_portal_at_once_one_gets_it(
    acme: ConnectionStore, globex: ConnectionStore
) -> None:
    together, outcomes = threading.Barrier(2), []

    def connect(store: ConnectionStore) -> None:
        together.wait()
        try:
            store.keep(grant(store.tenant_id), hub_id="17")
            outcomes.append("connected")
        except PortalTaken:
            outcomes.append("refused")

    threads = [threading.Thread(target=connect, args=(store,)) for store in (acme, globex)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["connected", "refused"]


def test_one_tenant_that_connects_twice_at_once_is_connected(acme: ConnectionStore) -> None:
    together, failures = threading.Barrier(4), []

    def connect(name: str) -> None:
        together.wait()
        try:
            acme.keep(grant(name), hub_id="17")
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's failure
            failures.append(error)

    threads = [threading.Thread(target=connect, args=(f"n{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert acme.credentials().access_token.get_secret_value().startswith("access-secret-n")


def test_records_of_two_portals_never_meet_in_one_tenant(acme: ConnectionStore) -> None:
    acme.keep(grant(), hub_id="17")
    with pytest.raises(OtherPortal, match=r"portal 17.*portal 18"):
        acme.keep(grant("second"), hub_id="18")
    acme.disconnect()
    with pytest.raises(OtherPortal):
        acme.keep(grant("second"), hub_id="18")
    acme.keep(grant("third"), hub_id="17")
    assert acme.credentials().access_token == SecretStr("access-secret-third")


def test_a_refresh_that_ends_after_somebody_connected_or_left_changes_nothing(acme: ConnectionStore) -> None:
    acme.keep(grant(), hub_id="17")
    before = acme.credentials()
    assert acme.renew(grant("second", scopes=("oauth",)), replacing=before)
    held = acme.connection()
    assert held is not None
    assert held.scopes == ("oauth",)
    assert not acme.renew(grant("late"), replacing=before)
    acme.note_revoked("Connect again.", replacing=before)
    assert acme.credentials().access_token == SecretStr("access-secret-second")
    held = acme.connection()
    assert held is not None
    assert held.status is ConnectionStatus.ACTIVE
    present = acme.credentials()
    acme.disconnect("Gone.")
    assert not acme.renew(grant("late"), replacing=present)
    with pytest.raises(NotConnected):
        acme.credentials()


def test_a_failed_sync_keeps_the_time_of_the_last_good_one(acme: ConnectionStore) -> None:
    acme.keep(TOKEN)
    good = datetime(2026, 11, 1, tzinfo=UTC)
    acme.note_sync(synced_at=good, error=None)
    later = datetime(2026, 11, 2, tzinfo=UTC)
    acme.note_sync(synced_at=later, error="HUBSPOT_CLIENT_SECRET is wrong.", is_broken=False)
    held = acme.connection()
    assert held is not None
    assert (held.status, held.error_message) == (ConnectionStatus.ACTIVE, "HUBSPOT_CLIENT_SECRET is wrong.")
    acme.note_sync(synced_at=later, error="HubSpot said no.")
    held = acme.connection()
    assert held is not None
    assert (held.status, held.last_synced_at, held.error_message) == (ConnectionStatus.ERROR, good, "HubSpot said no.")


def test_a_sync_that_ends_after_a_disconnect_does_not_connect_again(acme: ConnectionStore) -> None:
    acme.keep(TOKEN)
    acme.disconnect("Gone.")
    acme.note_sync(synced_at=datetime(2026, 11, 2, tzinfo=UTC), error=None)
    held = acme.connection()
    assert held is not None
    assert (held.status, held.error_message) == (ConnectionStatus.DISCONNECTED, "Gone.")
