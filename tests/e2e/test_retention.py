"""Words that a tenant keeps no longer go in the night, through the real job, from every store; everything is still counted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from core.tenants import tenant_id
from core.vocabulary import ErasureSource
from orchestration.assets.housekeeping import nothing_older_is_kept
from orchestration.retention import old_tickets
from tests.support.databases import throw_away_database
from tests.support.scene import Scene, playing, small_world

pytestmark = pytest.mark.slow

KEPT_DAYS = 60
LOADED = "select id as ticket_id, subject, content from raw_hubspot.tickets where tenant_id = :tenant"


class Night:
    """One scene with months of tickets, and a tenant that keeps the words of two."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        [slug] = scene.world.portals
        self.tenant = tenant_id(slug)
        scene.refresh()

    def housekeeping(self) -> dict[str, Any]:
        """Run the job as its schedule does; what the asset says it did."""
        run = self.scene.definitions.resolve_job_def("housekeeping").execute_in_process(instance=self.scene.instance)
        assert run.success
        [event] = [
            one
            for one in run.get_asset_materialization_events()
            if one.asset_key == dg.AssetKey(["housekeeping", "retention"])
        ]
        return {name: value.value for name, value in event.materialization.metadata.items()}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.scene.place.warehouse.rows(sql, tenant=self.tenant)

    def words(self) -> set[str]:
        """Tickets that anything is said of where they were loaded."""
        return {row["ticket_id"] for row in self.rows(LOADED) if row["subject"] or row["content"]}

    def published_words(self) -> set[str]:
        """Tickets that any kept build has words of."""
        query = text("select ticket_id from published_ticket_readings where subject is not null or text is not null")
        with self.scene.place.app_database.connect() as connection:
            return set(connection.scalars(query))

    def counted(self) -> list[dict[str, Any]]:
        """What is counted of every day, whatever words there are."""
        return self.rows(
            "select metric_on, ticket_count, negative_count + very_negative_count as unhappy_count, unread_count "
            "from marts.sentiment_daily where tenant_id = :tenant order by metric_on"
        )


@pytest.fixture(scope="module", params=["files", "postgres"])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder: Path = tmp_path_factory.mktemp("night")
    world = small_world(tenants=1, tickets=60, months=5)
    if request.param == "files":
        with playing(folder, world) as scene:
            yield Night(scene)
        return
    with throw_away_database() as url, playing(folder, world, postgres=url) as scene:
        yield Night(scene)


def test_words_that_are_kept_no_longer_go_and_everything_else_stays(night: Night) -> None:
    place, tenants = night.scene.place, night.scene.place.directory
    assert night.housekeeping()["tickets"] == 0, "nobody has set a limit"
    tickets, counted = len(night.rows(LOADED)), night.counted()

    tenants.set_retention(night.tenant, KEPT_DAYS)
    today = datetime.now(UTC).date()
    old = set(old_tickets(place, tenants.tenant(night.tenant), today))
    worded = night.words()
    assert old & worded
    assert worded - old
    ended = {
        row["ticket_id"]: row["is_open"]
        for row in night.rows("select ticket_id, is_open from intermediate.int_tickets where tenant_id = :tenant")
    }
    assert not any(ended[one] for one in old), "an open ticket keeps its words"
    verdict = nothing_older_is_kept(place=place)
    assert isinstance(verdict, dg.AssetCheckResult)
    assert not verdict.passed, "what is too old is said to be so before it goes"

    assert night.housekeeping() == {"tenants": 1, "tickets": len(old), "places_left": 0}
    assert night.words() == worded - old
    assert not old & night.published_words()
    assert len(night.rows(LOADED)) == tickets
    [request] = place.erasures.of(night.tenant)
    assert (request.source, set(request.ticket_ids), request.residue_count) == (ErasureSource.RETENTION, old, 0)
    verdict = nothing_older_is_kept(place=place)
    assert isinstance(verdict, dg.AssetCheckResult)
    assert verdict.passed

    # Loaded and built anew they are as before, only without words; the next night finds nothing to do.
    night.scene.refresh()
    assert not old & (night.words() | night.published_words())
    assert night.counted() == counted
    assert night.housekeeping() == {"tenants": 0, "tickets": 0, "places_left": 0}


def test_a_night_later_only_what_has_grown_old_since_goes(night: Night) -> None:
    place, tenants = night.scene.place, night.scene.place.directory
    before = set(place.erasures.suppressed_tickets(night.tenant))
    tenants.set_retention(night.tenant, KEPT_DAYS - 20)
    shorter = old_tickets(place, tenants.tenant(night.tenant), datetime.now(UTC).date() + timedelta(days=1))
    assert not before & set(shorter)
    done = night.housekeeping()
    # What is asked within one day is one request.
    assert len(before) < done["tickets"] <= len(before) + len(shorter)
    assert done["places_left"] == 0
