import re
import subprocess
import sys
from pathlib import Path

import pytest

from core import chaos

ROOT = Path(__file__).parents[3]


def test_a_point_does_nothing_without_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_POINTS", "ingest.after_load:raise")
    chaos.point("ingest.after_load")


def test_a_planned_point_acts_on_its_hit_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos, "_hits", {})
    monkeypatch.setenv("CHAOS_SEED", "1")
    monkeypatch.setenv("CHAOS_POINTS", "ingest.after_load:raise@2, publish.after_stage:kill")
    chaos.point("ingest.after_load")
    with pytest.raises(chaos.ChaosError, match=r"ingest\.after_load"):
        chaos.point("ingest.after_load")
    chaos.point("ingest.after_load")


def test_kill_is_a_real_kill() -> None:
    code = "from core import chaos; chaos.point('publish.after_stage'); print('alive')"
    environment = {"CHAOS_SEED": "1", "CHAOS_POINTS": "publish.after_stage:kill", "PATH": ""}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, cwd=ROOT, check=False)
    assert (ended.returncode, ended.stdout) == (-9, b"")


def test_an_unknown_point_or_plan_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(chaos.ChaosPlanError, match="no chaos point"):
        chaos.point("ingest.after_lunch")
    monkeypatch.setenv("CHAOS_SEED", "1")
    monkeypatch.setenv("CHAOS_POINTS", "ingest.after_load:explode")
    with pytest.raises(chaos.ChaosPlanError, match="explode"):
        chaos.point("ingest.after_load")


def test_a_seed_alone_draws_the_same_way_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = [[chaos._drawn(str(seed), name, hit) for hit in (1, 2, 3)] for seed in range(20) for name in chaos.POINTS]
    again = [[chaos._drawn(str(seed), name, hit) for hit in (1, 2, 3)] for seed in range(20) for name in chaos.POINTS]
    assert draws == again
    fired = [action for row in draws for action in row if action]
    assert {"kill", "raise", "delay"} == set(fired)
    assert 0.08 < len(fired) / (3 * len(draws)) < 0.18


def test_every_point_is_somewhere_in_the_code() -> None:
    rooms = [ROOT / room for room in ("core", "ingestion", "analysis", "transforms", "orchestration")]
    code = "".join(file.read_text() for room in rooms for file in room.rglob("*.py") if file.name != "chaos.py")
    used = set(re.findall(r"""(?:chaos\.)?point\(\s*["']([a-z_.]+)["']""", code))
    assert used == chaos.POINTS
