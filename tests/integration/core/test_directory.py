"""Tenants and what the warehouse is told of them."""

import pytest
from sqlalchemy import Engine

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.locking import UnknownTenant
from core.tenants import cell, tenant_id

ACME = Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme"))


@pytest.fixture
def directory(app_database: Engine) -> TenantDirectory:
    return TenantDirectory(app_database)


def test_a_tenant_is_added_once_and_then_brought_up_to_date(directory: TenantDirectory) -> None:
    directory.save(ACME)
    renamed = Tenant(**{**vars(ACME), "name": "Acme Ltd"})
    directory.save(renamed)
    assert directory.tenants() == [renamed]
    assert directory.tenant("acme") == renamed
    assert directory.cells() == ["acme"]
    with pytest.raises(UnknownTenant, match="nobody"):
        directory.tenant("nobody")


def test_masking_is_on_until_it_is_switched_off_and_stays_off(directory: TenantDirectory) -> None:
    directory.save(ACME)
    assert directory.tenant("acme").is_masked
    directory.switch_masking("acme", is_masked=False)
    directory.save(ACME)
    assert not directory.tenant("acme").is_masked
    assert "is_masked" not in directory.app_state()["tenants"][0]
    directory.switch_masking("acme", is_masked=True)
    assert directory.tenant("acme").is_masked
    with pytest.raises(UnknownTenant, match="nobody"):
        directory.switch_masking("nobody", is_masked=True)
