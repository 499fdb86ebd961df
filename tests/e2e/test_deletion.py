"""A tenant is deleted through the real stores: nothing of it is left, the other tenant is as it was, and a kill is taken up."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import chaos
from core.appdb.deletions import Deletion, DeletionBook
from core.appdb.engine import writing
from core.appdb.locking import UnknownTenant
from core.appdb.tables import PUBLISHED
from core.erasure.needles import gather
from core.erasure.registry import Subject
from core.vocabulary import DeletionStatus
from orchestration.deletion import delete_tenant
from orchestration.prepared import try_settings
from tests.support.databases import throw_away_database
from tests.support.scene import Scene, playing, small_world

pytestmark = pytest.mark.slow

WORLD = {"tenants": 2, "tickets": 60, "months": 5}


@pytest.fixture(params=["duckdb", "postgres"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if request.param == "duckdb":
        with playing(tmp_path, small_world(**WORLD), keeps_runs=True) as scene:
            yield scene
    else:
        with throw_away_database() as url, playing(tmp_path, small_world(**WORLD), postgres=url) as scene:
            yield scene


def ask(scene: Scene, tenant_id: str) -> Deletion:
    receipt_id = DeletionBook(tenant_id, lambda: writing(scene.place.app_database)).ask()
    found = scene.place.deletions.find(receipt_id)
    assert found is not None
    return found


def served(scene: Scene, tenant_id: str) -> int:
    cards = PUBLISHED["companies"]
    with scene.place.app_database.connect() as connection:
        query = select(func.count()).select_from(cards).where(cards.c.tenant_id == tenant_id)
        return int(connection.scalar(query) or 0)


def test_nothing_is_left_and_the_other_tenant_is_as_it_was(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    place = scene.place
    scene.refresh()
    gone, kept = sorted(scene.world.portals)
    if place.warehouse.dialect == "duckdb":
        assert try_settings(place, place.directory.tenant(gone)).current.load.opened >= 0
    before = {mart: [row for row in rows if kept in row] for mart, rows in scene.marts().items()}
    with place.warehouse.snapshot() as snapshot:
        contacts = [
            row["id"] for row in snapshot.rows("select id from raw_hubspot.contacts where tenant_id = :t", t=gone)
        ]
        needles = gather(snapshot, Subject(gone, contacts[:20], [])).in_bytes
    assert needles
    assert served(scene, gone)

    # Killed in the middle, and taken up again.
    receipt = ask(scene, gone)
    with monkeypatch.context() as patch:

        def die(name: str) -> None:
            if name == "delete.after_application":
                raise KeyboardInterrupt

        patch.setattr(chaos, "point", die)
        with pytest.raises(KeyboardInterrupt):
            delete_tenant(place, scene.instance, receipt)
    [begun] = place.deletions.open()
    assert begun.status is DeletionStatus.RUNNING
    with pytest.raises(UnknownTenant):
        place.directory.tenant(gone)

    done = delete_tenant(place, scene.instance, begun)
    assert (done.status, done.residue) == (DeletionStatus.DONE, []), done
    assert done.cleared["warehouse"] > 100
    assert done.cleared["application"] > 10
    assert done.searched["tables"] > 40
    held = b"".join(
        one.read_bytes()
        for one in place.settings.stores.data_dir.rglob("*")
        if one.is_file() and one.suffix in {".duckdb", ".db", ".jsonl", ".arrow"}
    ).lower()
    assert not [one for one in needles if one.lower().encode() in held]
    assert place.deletions.open() == []
    after = {mart: [row for row in rows if kept in row] for mart, rows in scene.marts().items()}
    assert after == before
    assert not any(gone in row for rows in scene.marts().values() for row in rows)
    assert served(scene, kept)
