"""Candidate settings: what somebody asks for, held against the parameters there are and what is in force."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from analysis.backtest.settings import Key, Setting
from core.errors import Terminal
from core.installation import Installation
from core.params import Param, in_force, params
from core.tenants import TenantId
from core.vocabulary import TriggerPreset


class InvalidSetting(Terminal):
    """No parameter of that name, a preset that is none, or nothing that would be different."""


@dataclass(frozen=True)
class Current:
    """What a tenant's triggers are set to now: a preset, and its own values, which go before it."""

    preset: TriggerPreset
    own: dict[Key, float]

    @property
    def values(self) -> dict[Key, float]:
        """Every parameter there is, with its value."""
        return _values(self.preset, self.own)


def current_settings(place: Installation, tenant_id: TenantId) -> Current:
    """What holds for a tenant now."""
    return Current(place.triggers.preset(tenant_id), place.triggers.own_values(tenant_id))


def candidate_settings(
    current: Current,
    wanted: Iterable[str],
    preset: str = "",
    *,
    taken_back: Collection[Key] = (),
    is_same_allowed: bool = False,
) -> tuple[Setting, ...]:
    """What a candidate sets otherwise than it is set now.

    Args:
        current: What is set now.
        wanted: `trigger.name=value`, each; later ones win over earlier ones.
        preset: What the tenant's preset would be; its own values go before it, as they do when it is chosen. Empty: as it is.
        taken_back: The tenant's own values that would hold no more.
        is_same_allowed: Whether nothing may be different.

    Raises:
        InvalidSetting: A name that is none, with those there are; or nothing that would be different.
        UnfitValue: A value that the parameter cannot have.
    """
    if preset and preset not in set(TriggerPreset):
        raise InvalidSetting(f"There is no preset {preset!r}: known are {', '.join(TriggerPreset)}.")
    own = {key: value for key, value in current.own.items() if key not in taken_back}
    values = _values(TriggerPreset(preset or current.preset), own)
    for said in wanted:
        place, _, written = said.partition("=")
        known = _param(place.strip(), said)
        values[known.trigger_type, known.name] = known.parse(written.strip())
    before = current.values
    settings = tuple(
        Setting(*key, current=before[key], candidate=values[key], words=one.choices)
        for key, one in params().items()
        if values[key] != before[key]
    )
    if not settings and not is_same_allowed:
        raise InvalidSetting(
            "Nothing would be different from the current settings: give --set trigger.name=value, or --preset. "
            f"There are:\n{_listed()}"
        )
    return settings


def _values(preset: TriggerPreset, own: dict[Key, float]) -> dict[Key, float]:
    return {(one.param.trigger_type, one.param.name): one.value for one in in_force(preset, own)}


def _param(place: str, said: str) -> Param:
    trigger_type, _, name = place.partition(".")
    for key, one in params().items():
        if key == (trigger_type, name):
            return one
    raise InvalidSetting(f"{said!r} sets no parameter there is: write trigger.name=value. There are:\n{_listed()}")


def _listed() -> str:
    return "\n".join(f"  {one.trigger_type}.{one.name}: {one.range} {one.unit}" for one in params().values())
