"""The command line on a real installation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import churnboard
from core.appdb import open_app_database
from core.appdb.directory import Tenant, TenantDirectory, UnknownTenant
from core.appdb.webhooks import WebhookInbox
from core.connections import NotConnected
from core.tenants import TenantId, cell, tenant_id
from core.webhooks import WebhookEvent
from tests.support.connections import connect, grant, served_store
from tests.support.published import add_tenant


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUBSPOT_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(churnboard.shared.console, "width", 400)
    return open_app_database(f"sqlite:///{tmp_path / 'app.db'}")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(churnboard.app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def row(output: str, tenant: str) -> str:
    [line] = [line for line in output.splitlines() if f" {tenant} " in line]
    return line


def test_connections_are_listed_with_what_is_wrong_and_without_what_is_secret(engine: Engine, tmp_path: Path) -> None:
    for slug in ("acme", "beta", "gamma"):
        add_tenant(engine, slug)
    expires_at = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    acme = served_store(engine, tmp_path, "acme")
    acme.keep(grant(expires_at=expires_at), hub_id="17", scopes=("oauth", "tickets"))
    acme.note_sync(synced_at=expires_at + timedelta(hours=1), error=None)
    connect(engine, tmp_path, "beta", said="no")
    output = run("connections", "list")
    for shown in ("active", "17", "until 2026-11-01 12:30 UTC", "2026-11-01 13:30 UTC", "crm.objects.owners.read"):
        assert shown in row(output, "acme")
    assert "tickets," not in row(output, "acme")
    assert "HubSpot said no." in row(output, "beta")
    assert "never connected" in row(output, "gamma")
    assert "secret" not in output


def test_disconnecting_works_while_hubspot_is_away(engine: Engine, tmp_path: Path) -> None:
    add_tenant(engine, "acme")
    store = connect(engine, tmp_path, "acme")
    assert "HubSpot could not be told" in run("connections", "disconnect", "acme")
    assert "disconnected" in row(run("connections", "list"), "acme")
    with pytest.raises(NotConnected):
        store.credentials()
    with pytest.raises(NotConnected, match="acme"):
        run("connections", "disconnect", "acme")


def test_what_hubspot_told_is_listed_by_portal_strangers_included(engine: Engine, tmp_path: Path) -> None:
    add_tenant(engine, "acme")
    served_store(engine, tmp_path, "acme").keep(grant(), hub_id="17")
    came_at = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    for portal, count in (("17", 3), ("99", 2)):
        events = [
            WebhookEvent(
                portal_id=portal,
                subscription_type="ticket.creation",
                object_type="ticket",
                raw={"portalId": portal, "objectId": number},
            )
            for number in range(count)
        ]
        WebhookInbox(engine).keep(events, received_at=came_at)
    WebhookInbox(engine).take([TenantId("acme")], now=came_at, limit=1)
    output = run("webhooks", "list")
    [ours] = [line for line in output.splitlines() if "acme" in line]
    assert [cell.strip() for cell in ours.split("│")[1:-1]] == [
        *("17", "acme", "3", "2026-11-01 12:30 UTC"),
        *("3", "2026-11-01 12:30 UTC", "1"),
    ]
    [theirs] = [line for line in output.splitlines() if " 99 " in line]
    assert [cell.strip() for cell in theirs.split("│")[1:-1]] == [
        *("99", "connected by nobody", "2", "2026-11-01 12:30 UTC"),
        *("", "", ""),
    ]


def test_masking_is_switched_tenant_by_tenant_and_listed(engine: Engine) -> None:
    for slug in ("acme", "beta"):
        add_tenant(engine, slug)
    assert "Masking is off for acme." in run("tenants", "masking", "acme", "off")
    listed = run("tenants", "list")
    assert " off " in row(listed, "acme")
    assert " on " in row(listed, "beta")
    assert "Masking is on for acme." in run("tenants", "masking", "acme", "on")
    assert " on " in row(run("tenants", "list"), "acme")
    odd = CliRunner().invoke(churnboard.app, ["tenants", "masking", "acme", "maybe"])
    assert odd.exit_code == 2
    with pytest.raises(UnknownTenant):
        run("tenants", "masking", "nobody", "on")


def test_who_owns_cards_and_when_they_expire_is_said_tenant_by_tenant(engine: Engine) -> None:
    directory = TenantDirectory(engine)
    directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme")))
    said = " ".join(run("tenants", "cards", "acme", "--default-owner", "77", "--expire-after-days", "30").split())
    assert "are owned by 77" in said
    assert "expire after 30 days" in said
    row = directory.app_state()["tenants"][0]
    assert (row["default_owner_id"], row["expire_after_days"]) == ("77", 30)
    directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme Ltd", cell=cell("acme")))
    assert directory.tenant("acme").default_owner_id == "77", "bringing a tenant up to date leaves it as it was set"
    run("tenants", "cards", "acme", "--default-owner", "")
    assert (directory.tenant("acme").default_owner_id, directory.tenant("acme").expire_after_days) == (None, 30)
    said = " ".join(run("tenants", "cards", "acme", "--expire-after-days", "0").split())
    assert "have the owner of their company" in said
    assert "never expire" in said
