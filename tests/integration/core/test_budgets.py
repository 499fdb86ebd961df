"""Budgets of tenants, on both engines."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from core.appdb.budgets import Budgets
from core.appdb.directory import Tenant, TenantDirectory, UnknownTenant
from core.tenants import cell, tenant_id

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")


@pytest.fixture
def budgets(app_database: Engine) -> Budgets:
    for one in (ACME, GLOBEX):
        TenantDirectory(app_database).save(Tenant(tenant_id=one, name=one.title(), cell=cell(one)))
    return Budgets(app_database, 20.0)


def test_a_tenants_own_budget_outranks_the_installations(budgets: Budgets) -> None:
    assert budgets.monthly_usd(ACME) == 20
    first = budgets.set(ACME, 50, author="ada")
    assert first is not None
    assert (first.version, first.author) == (1, "ada")
    assert budgets.set(ACME, 50, author="bob") is None, "nothing new was said"
    assert (budgets.monthly_usd(ACME), budgets.monthly_usd(GLOBEX)) == (50, 20)
    assert budgets.set(ACME, 0, author="bob") is not None
    assert budgets.monthly_usd(ACME) == 0, "nothing is a budget too"
    assert budgets.set(ACME, None, author="ada") is not None
    assert budgets.monthly_usd(ACME) == 20
    assert [(one.version, one.monthly_usd) for one in budgets.history(ACME)] == [(1, 50), (2, 0), (3, None)]
    assert budgets.current([ACME, GLOBEX]).keys() == {ACME}


def test_who_never_had_one_has_nothing_to_take_back(budgets: Budgets) -> None:
    assert budgets.set(GLOBEX, None, author="ada") is None
    assert budgets.history(GLOBEX) == []


def test_without_a_setting_any_amount_may_be_spent(app_database: Engine, budgets: Budgets) -> None:
    assert Budgets(app_database, None).monthly_usd(ACME) is None


def test_nobody_has_a_budget_but_tenants_and_none_is_negative(budgets: Budgets) -> None:
    with pytest.raises(UnknownTenant, match="tenants list"):
        budgets.set("nobody", 5, author="ada")
    with pytest.raises(IntegrityError):
        budgets.set(ACME, -1, author="ada")
