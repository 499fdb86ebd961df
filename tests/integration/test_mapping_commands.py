"""`churnboard mapping`, against a HubSpot that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from core.fields import FieldMapping
from core.installation import Installation
from core.settings import Settings
from core.vocabulary import MappedField, MrrUnit
from ingestion.hubspot.mappable import Mappable, UnfitMapping, suggestions
from ingestion.sandbox.catalogue import PropertyDefinition
from ingestion.sandbox.describe import describe
from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from orchestration.demo.connect import connect_tenants
from tests.support.portals import TickingClock, reading, sync
from tests.support.scene import UNTIL

TENANT = "lumenbrook"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    world = generate_world(seed=5, tenants=3, tickets=90, months=5, until=UNTIL)
    with running_sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def place(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation that knows the sandbox's tenants, named by the environment, as the command finds it."""
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.base_url)
    # A terminal as wide as the tables, so that no cell is cut.
    monkeypatch.setattr(churnboard.shared.console, "_width", 220)
    place = Installation(Settings())
    connect_tenants(place, describe(sandbox.world))
    yield place
    place.app_database.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, ["mapping", *arguments])


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.output


def test_the_best_suggestion_is_what_each_vendor_means(sandbox: RunningSandbox) -> None:
    for portal in sandbox.world.portals.values():
        with reading(portal, sandbox.base_url) as opened:
            found = Mappable.in_portal(opened)
        best = {field: suggestions(field, found)[:1] for field in MappedField if not field.is_stages}
        meant = {field: getattr(portal.tenant, f"{field}_property") for field in best}
        assert {field: one[0].name if one else None for field, one in best.items()} == meant
        assert [field for field, name in meant.items() if name is None] == [MappedField.CHURN]


def test_a_mapping_is_shown_changed_taken_back_and_remembered(
    place: Installation, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    assert "0 of 0" in said("show", TENANT), "nothing was loaded yet"
    portal = sandbox.world.portal(TENANT)
    sync(portal, sandbox.base_url, place.warehouse, tmp_path, now=TickingClock())
    shown = said("show", TENANT)
    assert "monthly_recurring_revenue a month" in shown
    values = [portal.properties_of("companies", one).get("last_login_at") for one in portal.ids("companies")]
    filled = [value for value in values if value]
    assert f"{len(filled):,} of {len(values):,}" in shown
    assert str(filled[0]) in shown
    assert "monthly_recurring_revenue" in said("suggest", TENANT)

    assert "next refresh" in said("set", TENANT, "mrr", "usage_30d", "--unit", "year", "--currency", "eur")
    assert "nothing was changed" in said("set", TENANT, "mrr", "usage_30d", "--unit", "year", "--currency", "eur")
    expected = FieldMapping(field=MappedField.MRR, property_name="usage_30d", unit=MrrUnit.YEAR, currency="EUR")
    assert place.mappings.current(TENANT)[MappedField.MRR] == expected
    with reading(portal, sandbox.base_url) as opened:
        stages = list(Mappable.in_portal(opened).stages)
    said("set", TENANT, "waiting_stages", *stages[:2])
    said("set", TENANT, "new_stages", "none")
    said("clear", TENANT, "renewal")
    current = place.mappings.current(TENANT)
    assert current[MappedField.NEW_STAGES].stage_ids == ()
    assert len(current[MappedField.WAITING_STAGES].stage_ids or ()) == 2
    assert MappedField.RENEWAL not in current
    history = said("history", TENANT)
    assert "usage_30d a year EUR" in history
    assert "cleared" in history
    connect_tenants(place, describe(sandbox.world))
    assert place.mappings.current(TENANT) == current, "what people mapped is left alone"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mrr", "monthly_recurring_revenu"), "Did you mean monthly_recurring_revenue?"),
        (("mrr", "renewal_date"), "is of type date, mrr needs number"),
        (("mrr", "retired_mrr"), "is archived in HubSpot"),
        (("usage", "usage_30d", "--unit", "month"), "--unit and --currency belong to mrr"),
        (("usage", "usage_30d", "renewal_date"), "one company property, not to 2"),
        (("mrr", "usage_30d", "--currency", "EUR", "--currency-property", "plan"), "one of the two options"),
        (("waiting_stages", "0/999"), "HubSpot has no ticket stage '0/999'"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    sandbox: RunningSandbox, place: Installation, arguments: tuple[str, ...], says: str
) -> None:
    portal = sandbox.world.portal(TENANT)
    portal.add_property("companies", PropertyDefinition("retired_mrr", "Retired", "number"))
    portal.remove_property("companies", "retired_mrr")
    before = place.mappings.history(TENANT)
    result = run("set", TENANT, *arguments)
    assert result.exit_code != 0
    is_ours = isinstance(result.exception, UnfitMapping)
    assert says in (str(result.exception) if is_ours else " ".join(result.output.replace("│", " ").split()))
    assert place.mappings.history(TENANT) == before
