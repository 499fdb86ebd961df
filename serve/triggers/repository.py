"""What a tenant has set its triggers to, out of a session."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.params import Key, in_force, params
from core.vocabulary import TriggerPreset, TriggerType
from serve.tenancy import TenantSession, trigger_params, trigger_presets

_P, _C = trigger_params().c, trigger_presets().c
_VALUES = select(*_P).order_by(_P.valid_from_at, _P.trigger_type, _P.name, _P.version)
_PRESETS = select(*_C).order_by(_C.valid_from_at, _C.version)


@dataclass
class _Held:
    """What holds at some moment, while the changes are gone through."""

    preset: TriggerPreset = TriggerPreset.BALANCED
    own: dict[Key, float] = field(default_factory=dict)


class TriggerRepository:
    """Reads the triggers of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session
        self._values = session.standing(_VALUES)
        self._presets = session.standing(_PRESETS)

    @property
    def version(self) -> int:
        """How many changes were ever made."""
        return len(self._values) + len(self._presets)

    @property
    def preset(self) -> TriggerPreset:
        """What was chosen last."""
        return TriggerPreset(self._presets[-1]["preset"]) if self._presets else TriggerPreset.BALANCED

    @property
    def own(self) -> dict[Key, float]:
        """The tenant's own values now."""
        newest = {(TriggerType(row["trigger_type"]), row["name"]): row["value"] for row in self._values}
        return {key: value for key, value in newest.items() if value is not None}

    def params(self) -> list[dict[str, Any]]:
        """Every parameter with what holds now."""
        return [
            {
                "trigger_type": one.param.trigger_type,
                "name": one.param.name,
                "description": one.param.description,
                "unit": one.param.unit,
                "minimum": one.param.minimum,
                "maximum": one.param.maximum,
                "choices": list(one.param.choices),
                "balanced": one.param.values[TriggerPreset.BALANCED],
                "quiet": one.param.values[TriggerPreset.QUIET],
                "value": one.value,
                "origin": one.origin,
            }
            for one in in_force(self.preset, self.own)
        ]

    def history(self) -> list[dict[str, Any]]:
        """What was changed, moment by moment, the newest first."""
        names = {row["subject"]: row["name"] for row in self._session.users()}
        held, told, count = _Held(), [], 0
        for moment, author, rows in self._moments():
            changes = [_changed(held, row) for row in rows]
            count += len(rows)
            told.append(
                {
                    "version": count,
                    "valid_from_at": moment,
                    "author": names.get(author, author),
                    "note": rows[0]["note"],
                    "changes": changes,
                    "preset": held.preset,
                    "own": [
                        {"trigger_type": trigger, "name": name, "value": value}
                        for (trigger, name), value in sorted(held.own.items())
                    ],
                }
            )
        return told[::-1]

    def _moments(self) -> Iterator[tuple[datetime, str, list[dict[str, Any]]]]:
        moments: dict[tuple[datetime, str], list[dict[str, Any]]] = {}
        for row in [*self._presets, *self._values]:
            moments.setdefault((row["valid_from_at"], row["author"]), []).append(row)
        for (moment, author), rows in sorted(moments.items()):
            yield moment, author, rows


def _changed(held: _Held, row: dict[str, Any]) -> dict[str, Any]:
    if "preset" in row:
        before, held.preset = held.preset, TriggerPreset(row["preset"])
        return {"trigger_type": None, "name": "preset", "before": before, "after": held.preset}
    key = (TriggerType(row["trigger_type"]), row["name"])
    before_value = held.own.pop(key, None)
    if row["value"] is not None:
        held.own[key] = row["value"]
    known = params().get(key)

    def said(value: float | None) -> str | None:
        return None if value is None else known.said(value) if known else f"{value:g}"

    return {"trigger_type": key[0], "name": key[1], "before": said(before_value), "after": said(row["value"])}
