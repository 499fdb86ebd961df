"""The button for everything says what it did, and says so when there is nothing to do."""

from pathlib import Path

import dagster as dg
import pytest

from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings, StoreSettings
from core.tenants import cell, tenant_id
from orchestration.build import build_definitions
from orchestration.refresh import NothingToRefresh


def test_without_a_tenant_it_says_how_to_add_one(tmp_path: Path) -> None:
    place = Installation(Settings(stores=StoreSettings(data_dir=tmp_path)))
    job = build_definitions(resources={"place": place}).resolve_job_def("everything")
    with dg.instance_for_test() as instance, pytest.raises(NothingToRefresh, match="churnboard tenants add"):
        job.execute_in_process(instance=instance)
    place.directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme")))
    with dg.instance_for_test() as instance, pytest.raises(NothingToRefresh, match="No tenant's HubSpot is connected"):
        job.execute_in_process(instance=instance)
    place.app_database.dispose()
