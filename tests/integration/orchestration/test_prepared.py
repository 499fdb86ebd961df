"""What is tried over what was made ready is what the full backtest says, whatever is changed; and it is quick and without words."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from analysis.evals.shipped import add_shipped_precision
from core.appdb.directory import Tenant
from core.installation import Installation
from core.settings import Settings
from core.tenants import cell, tenant_id
from orchestration.backtest import backtest
from orchestration.prepared import TRIED_DAYS, forget_prepared, try_settings
from tests.support.planted_warehouse import AS_OF, planted_rows
from tests.support.warehouse_fixtures import fill

CANDIDATES = [
    # Compared with finished scores; of one trigger, with severities; of one that says who counts; of all at once.
    ["frustrated.t_on=2.5", "significant_support.t_off=0.5"],
    ["frustrated.severity_high=2", "silently_struggling.company_age_days=300", "significant_support.tickets_7d_min=2"],
    ["frustrated.window_days=7", "silently_struggling.t_on=1", "silently_struggling.t_off=1"],
]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder / "data"))
        patch.setenv("AS_OF", AS_OF.isoformat())
        place = Installation(Settings())
        add_shipped_precision(place.warehouse)
        fill(place.warehouse.url, planted_rows())
        place.directory.save(Tenant(tenant_id=tenant_id("acme"), name="Acme", cell=cell("acme")))
        yield place
        place.app_database.dispose()


def test_whatever_is_tried_comes_to_what_the_backtest_says(place: Installation) -> None:
    acme = place.directory.tenant("acme")
    first_on = AS_OF.date() - timedelta(days=TRIED_DAYS - 1)
    same = try_settings(place, acme)
    assert (same.settings, same.changes) == ((), ())
    assert same.current.load.opened > 5

    for number, wanted in enumerate(CANDIDATES):
        started = time.perf_counter()
        tried = try_settings(place, acme, wanted=wanted).as_json()
        took = time.perf_counter() - started
        assert took < 5, "the copy was made anew"
        assert tried["changes"], "a candidate that changes nothing proves nothing"
        if number < 2:
            assert tried == backtest(place, acme, first_on, wanted=wanted).as_json()
    # A candidate leaves nothing behind that the next one would meet.
    assert try_settings(place, acme).as_json() == same.as_json()
    assert (
        try_settings(place, acme, wanted=CANDIDATES[0]).as_json()
        == try_settings(place, acme, wanted=CANDIDATES[0]).as_json()
    )


def test_what_is_kept_holds_no_words_and_goes_when_it_is_told_to(place: Installation) -> None:
    try_settings(place, place.directory.tenant("acme"))
    folder = place.settings.stores.data_dir / "prepared" / "acme"
    held = b"".join(one.read_bytes() for one in folder.iterdir())
    words = {
        str(row.values[name])
        for row in planted_rows()
        for name in ("content", "own_text", "email")
        if row.values.get(name)
    }
    assert len(words) > 3
    assert not [one for one in words if len(one) > 20 and one.encode() in held]
    assert json.loads((folder / "about.json").read_text())["companies"]
    assert forget_prepared(place, "acme") >= 2
    assert not Path(folder).exists()
