"""What a candidate sets: names, values and presets, and what is refused with the list of what there is."""

import pytest

from analysis.backtest.settings import Setting
from core.errors import Terminal
from core.vocabulary import TriggerPreset, TriggerType
from orchestration.candidates import Current, InvalidSetting, candidate_settings

CURRENT = Current(
    TriggerPreset.BALANCED, {(TriggerType.FRUSTRATED, "t_notify"): 4.0, (TriggerType.FRUSTRATED, "gone"): 1.0}
)


def said(*wanted: str, preset: str = "") -> list[str]:
    return [str(one) for one in candidate_settings(CURRENT, wanted, preset)]


def test_what_is_set_stands_beside_what_is_set_now() -> None:
    assert candidate_settings(CURRENT, ["significant_support.z_min=2.0"]) == (
        Setting(TriggerType.SIGNIFICANT_SUPPORT, "z_min", current=2.33, candidate=2.0),
    )
    assert said("frustrated.t_on=2", "frustrated.t_on=1.5") == ["frustrated.t_on 0.5 → 1.5"], "the last word counts"
    assert said("frustrated.t_on=2", "significant_support.z_min=2.33") == ["frustrated.t_on 0.5 → 2"]
    assert said("frustrated.t_notify=2.5") == ["frustrated.t_notify 4 → 2.5"], "beside the tenant's own value"
    assert said("significant_support.count_direction=inbound") == ["significant_support.count_direction both → inbound"]


def test_a_preset_is_where_a_candidate_starts_and_own_values_go_before_it() -> None:
    assert "frustrated.t_on 0.5 → 2.5" in said(preset="quiet")
    assert "frustrated.t_on 0.5 → 1" in said("frustrated.t_on=1", preset="quiet")
    assert not [one for one in said(preset="quiet") if "frustrated.t_notify" in one]


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("frustrated.t_onn=2.5", "frustrated.t_on: 0.01 to 1000 points"),
        ("nonsense=1", "frustrated.t_on: 0.01 to 1000 points"),
        ("frustrated=1", "frustrated.t_on: 0.01 to 1000 points"),
        ("t_on=1", "frustrated.t_on: 0.01 to 1000 points"),
        ("frustrated.t_on", "is a number of points"),
        ("frustrated.t_on=much", "is a number of points"),
        ("frustrated.t_on=-1", "may be 0.01 to 1000 points"),
        ("frustrated.t_on=nan", "may be 0.01 to 1000 points"),
        ("significant_support.count_direction=1", "is one of both, inbound, outbound"),
        ("frustrated.t_on=0.5", "Nothing would be different"),
    ],
)
def test_what_cannot_be_is_refused(setting: str, why: str) -> None:
    with pytest.raises(Terminal, match=why):
        candidate_settings(CURRENT, [setting])


def test_an_unheard_of_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSetting, match="known are balanced, quiet"):
        candidate_settings(CURRENT, [], "loud")
    with pytest.raises(InvalidSetting, match="Nothing would be different"):
        candidate_settings(CURRENT, [], "balanced")
