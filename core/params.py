"""The triggers' parameters as dbt's seed `trigger_param_defaults` declares them: value, unit, allowed range, the presets' values.

Pure: reads the seed, says whether a value fits, and what holds for a tenant. The seed stands where dbt wants it and is read as a
file, so that the API, which does not know dbt, is told by the same rows. How a value comes to be in force on a day is
`models/intermediate/int_trigger_params.sql`; what tenants have set is kept by `core.appdb.triggers`.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from core.errors import Terminal
from core.vocabulary import ParamOrigin, TriggerPreset, TriggerType

SEED = Path(__file__).parents[1] / "transforms" / "seeds" / "trigger_param_defaults.csv"

Key = tuple[TriggerType, str]
"""A trigger and the name of one of its parameters."""


class UnknownParam(Terminal):
    """No trigger has a parameter of that name."""


class UnfitValue(Terminal):
    """A value that is no number, or outside of what the parameter allows."""


@dataclass(frozen=True, kw_only=True)
class Param:
    """One parameter of one trigger.

    Attributes:
        values: Per preset its value.
        unit: What it is counted in.
        minimum: The smallest value allowed.
        maximum: The largest.
        choices: Where the value stands for a word, the words in the order of their values from 0; empty elsewhere.
        description: What it does, in one sentence.
    """

    trigger_type: TriggerType
    name: str
    values: Mapping[TriggerPreset, float]
    unit: str
    minimum: float
    maximum: float
    choices: tuple[str, ...]
    description: str

    def parse(self, text: str) -> float:
        """The value somebody typed.

        Raises:
            UnfitValue: It is no number (or none of the words), or not within the range.
        """
        called = f"{self.trigger_type}.{self.name}"
        if self.choices:
            if text not in self.choices:
                raise UnfitValue(f"{called} is one of {', '.join(self.choices)}, not {text!r}.")
            return float(self.choices.index(text))
        try:
            value = float(text)
        except ValueError:
            raise UnfitValue(f"{called} is a number of {self.unit}, and {text!r} is none.") from None
        if not self.allows(value):
            raise UnfitValue(f"{called} may be {self.range} {self.unit}, not {text}.")
        return value

    def allows(self, value: float) -> bool:
        """Whether a tenant may set it to this."""
        # A comparison with NaN is never true, so it is refused here too.
        is_within = math.isfinite(value) and self.minimum <= value <= self.maximum
        return is_within and (not self.choices or value == int(value))

    def said(self, value: float) -> str:
        """A value as people write it."""
        return self.choices[int(value)] if self.choices else _plain(value)

    @property
    def range(self) -> str:
        """What is allowed, in words."""
        return " or ".join(self.choices) if self.choices else f"{_plain(self.minimum)} to {_plain(self.maximum)}"


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What holds for a tenant, and where it comes from."""

    param: Param
    value: float
    origin: ParamOrigin


@cache
def params() -> Mapping[Key, Param]:
    """Every parameter, in the order of the seed."""
    with SEED.open(encoding="utf-8", newline="") as file:
        return {(one.trigger_type, one.name): one for one in map(_param, csv.DictReader(file))}


def param(trigger_type: TriggerType, name: str) -> Param:
    """One parameter.

    Raises:
        UnknownParam: The trigger has none of that name; the message names those it has.
    """
    found = params().get((trigger_type, name))
    if found is None:
        names = [known for trigger, known in params() if trigger == trigger_type]
        close = get_close_matches(name, names, n=1)
        meant = f"did you mean {close[0]}?" if close else f"it has {', '.join(names)}."
        raise UnknownParam(f"{trigger_type} has no parameter {name!r}: {meant}")
    return found


def in_force(preset: TriggerPreset, own: Mapping[Key, float]) -> list[InForce]:
    """What holds under a preset and a tenant's own values, which go before it; names that are no parameters are left out."""
    return [
        InForce(
            param=one,
            value=own.get(key, one.values[preset]),
            origin=ParamOrigin.OWN if key in own else ParamOrigin(preset),
        )
        for key, one in params().items()
    ]


def _param(row: Mapping[str, str]) -> Param:
    return Param(
        trigger_type=TriggerType(row["trigger_type"]),
        name=row["name"],
        values={TriggerPreset.BALANCED: float(row["value"]), TriggerPreset.QUIET: float(row["quiet_value"])},
        unit=row["unit"],
        minimum=float(row["minimum"]),
        maximum=float(row["maximum"]),
        choices=tuple(row["choices"].split("|")) if row["choices"] else (),
        description=row["description"],
    )


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
