"""Tenants, their connections and what the warehouse is told of them."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.appdb.directory import (
    HubSpotCredentials,
    NotConnected,
    PortalTaken,
    Tenant,
    TenantDirectory,
    Topic,
    UnknownTenant,
)
from core.appdb.tables import connection, metadata
from core.secrets import UnreadableSecret, Vault
from core.tenants import cell, tenant_id
from core.vocabulary import ConnectionStatus

ACME = Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme"))
TOKEN = HubSpotCredentials(access_token=SecretStr("a-very-secret-token"))


@pytest.fixture
def directory(app_database: Engine) -> TenantDirectory:
    return TenantDirectory(app_database, Vault(Fernet.generate_key().decode()))


def test_a_tenant_is_added_once_and_then_brought_up_to_date(directory: TenantDirectory) -> None:
    directory.save(ACME)
    renamed = Tenant(**{**vars(ACME), "name": "Acme Ltd"})
    directory.save(renamed)
    assert directory.tenants() == [renamed]
    assert directory.tenant("acme") == renamed
    assert directory.cells() == ["acme"]
    with pytest.raises(UnknownTenant, match="nobody"):
        directory.tenant("nobody")


def test_credentials_are_readable_with_our_key_only_and_never_stored_in_the_clear(
    directory: TenantDirectory, app_database: Engine
) -> None:
    directory.save(ACME)
    with pytest.raises(NotConnected, match="acme"):
        directory.hubspot_credentials(ACME.tenant_id)
    directory.connect_hubspot(ACME.tenant_id, TOKEN, hub_id="17")
    assert directory.hubspot_credentials(ACME.tenant_id) == TOKEN
    with app_database.connect() as reading:
        everything = [str(row) for table in metadata.sorted_tables for row in reading.execute(select(table))]
    assert not any("a-very-secret-token" in row for row in everything)
    stranger = TenantDirectory(app_database, Vault(Fernet.generate_key().decode()))
    with pytest.raises(UnreadableSecret, match="ENCRYPTION_KEY differs"):
        stranger.hubspot_credentials(ACME.tenant_id)


def test_a_portal_belongs_to_one_tenant(directory: TenantDirectory) -> None:
    directory.save(ACME)
    directory.save(Tenant(tenant_id=tenant_id("globex"), name="Globex", cell=cell("globex")))
    directory.connect_hubspot(ACME.tenant_id, TOKEN, hub_id="17")
    directory.connect_hubspot(ACME.tenant_id, TOKEN, hub_id="17")
    with pytest.raises(PortalTaken, match="already connected to tenant acme"):
        directory.connect_hubspot(tenant_id("globex"), TOKEN, hub_id="17")


def test_a_failed_sync_keeps_the_time_of_the_last_good_one(directory: TenantDirectory, app_database: Engine) -> None:
    directory.save(ACME)
    directory.connect_hubspot(ACME.tenant_id, TOKEN)
    good = datetime(2026, 11, 1, tzinfo=UTC)
    directory.note_sync(ACME.tenant_id, synced_at=good, error=None)
    directory.note_sync(ACME.tenant_id, synced_at=datetime(2026, 11, 2, tzinfo=UTC), error="HubSpot said no.")
    with app_database.connect() as reading:
        [row] = reading.execute(select(connection)).mappings()
    assert (row["status"], row["last_synced_at"], row["error_message"]) == (
        ConnectionStatus.ERROR,
        good,
        "HubSpot said no.",
    )


def test_topics_people_edited_are_left_alone(directory: TenantDirectory) -> None:
    directory.save(ACME)
    directory.save_topics(ACME.tenant_id, [Topic(name="Billing", description="as edited")])
    directory.save_topics(
        ACME.tenant_id, [Topic(name="Billing", description="as seeded"), Topic(name="Login", description="seeded")]
    )
    topics = directory.app_state()["topics"]
    assert [(topic["name"], topic["description"]) for topic in topics] == [
        ("Billing", "as edited"),
        ("Login", "seeded"),
    ]
