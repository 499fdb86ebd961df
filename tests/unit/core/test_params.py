"""Parameters are declared once, in the seed; what does not fit is refused with a sentence."""

import pytest

from core.params import UnfitValue, UnknownParam, in_force, param, params
from core.vocabulary import ParamOrigin, TriggerPreset, TriggerType

FRUSTRATED, SUPPORT = TriggerType.FRUSTRATED, TriggerType.SIGNIFICANT_SUPPORT


def test_every_trigger_has_its_thresholds_in_every_preset() -> None:
    for trigger in TriggerType:
        for preset in TriggerPreset:
            on, notify, off = (param(trigger, name).values[preset] for name in ("t_on", "t_notify", "t_off"))
            assert off <= on <= notify


def test_quiet_is_quieter() -> None:
    for trigger in TriggerType:
        for name in ("t_on", "t_notify", "t_off"):
            values = param(trigger, name).values
            assert values[TriggerPreset.QUIET] >= values[TriggerPreset.BALANCED]
    quiet = {one.name: one.values[TriggerPreset.QUIET] for one in params().values() if one.trigger_type is FRUSTRATED}
    told = ("t_on", "t_notify", "t_off", "window_days", "half_life_days", "min_p")
    assert tuple(quiet[name] for name in told) == (2.5, 5, 1, 14, 5, 0.75)


def test_each_value_of_a_preset_is_one_a_tenant_may_set() -> None:
    for one in params().values():
        assert all(one.parse(one.said(value)) == value for value in one.values.values())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("window_days", "-7", "frustrated.window_days may be 1 to 365 days, not -7."),
        ("window_days", "366", "may be 1 to 365 days"),
        ("window_days", "nan", "not nan"),
        ("t_on", "inf", "0.01 to 1000 points, not inf"),
        ("t_on", "", "is a number of points, and '' is none"),
        ("t_on", "a lot", "'a lot' is none"),
        ("min_p", "1.01", "0 to 1 probability"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(name: str, text: str, said: str) -> None:
    with pytest.raises(UnfitValue) as refused:
        param(FRUSTRATED, name).parse(text)
    assert said in str(refused.value)


def test_a_choice_is_named_by_its_word() -> None:
    direction = param(SUPPORT, "count_direction")
    assert [direction.parse(word) for word in ("both", "inbound", "outbound")] == [0, 1, 2]
    assert (direction.said(1), direction.range) == ("inbound", "both or inbound or outbound")
    with pytest.raises(UnfitValue, match="both, inbound, outbound, not '1'"):
        direction.parse("1")


def test_an_unknown_name_is_told_the_nearest_or_all() -> None:
    with pytest.raises(UnknownParam, match="did you mean window_days"):
        param(FRUSTRATED, "windowdays")
    with pytest.raises(UnknownParam, match="it has t_on, t_notify"):
        param(FRUSTRATED, "shoe size")
    with pytest.raises(UnknownParam, match="frustrated has no parameter 'z_min'"):
        param(FRUSTRATED, "z_min")


def test_a_tenants_own_value_goes_before_its_preset() -> None:
    held = {
        (one.param.trigger_type, one.param.name): one
        for one in in_force(TriggerPreset.QUIET, {(FRUSTRATED, "t_on"): 9.0, (FRUSTRATED, "unheard_of"): 1.0})
    }
    assert set(held) == set(params())
    own, preset = held[FRUSTRATED, "t_on"], held[FRUSTRATED, "t_off"]
    assert (own.value, own.origin) == (9, ParamOrigin.OWN)
    assert (preset.value, preset.origin) == (1, ParamOrigin.QUIET)
