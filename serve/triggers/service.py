"""Changing the triggers: what may be set, and what that means for what is set already."""

from collections.abc import Sequence

from core.errors import ChangedMeanwhile
from core.params import Key, UnknownParam, param
from core.vocabulary import AuditAction
from serve.auth.dependencies import Caller
from serve.errors import Conflict, Unprocessable
from serve.trail.changes import details, of_triggers
from serve.triggers.repository import TriggerRepository
from serve.triggers.schemas import NewTriggers, ParamValue


class NoSuchParam(Unprocessable):
    """A trigger has no parameter of that name."""


class ValueOutOfRange(Unprocessable):
    """A value the parameter cannot have."""


class TriggersChangedMeanwhile(Conflict):
    """Somebody changed the triggers after you looked; nothing was done."""


def change(caller: Caller, wanted: NewTriggers) -> int:
    """Add a version; returns its number.

    Raises:
        NoSuchParam, ValueOutOfRange: Something cannot be set so.
        TriggersChangedMeanwhile: There is a later version than the caller saw.
    """
    values = checked(wanted.values)
    with caller.session() as session:
        held = TriggerRepository(session)
    if wanted.is_restoring:
        values = dict.fromkeys(held.own, None) | values
    writer = caller.writer
    try:
        with writer.together():
            version = writer.triggers.change(
                values,
                preset=wanted.preset,
                expected_version=wanted.version,
                author=caller.user.subject,
                note=wanted.note,
            )
            if version != wanted.version:
                # What was read before is what held: of another version nothing is changed.
                changes = of_triggers(held.preset, held.own, wanted.preset, values)
                writer.audit(AuditAction.TRIGGERS_CHANGED, "triggers", f"{version}", details(changes, version=version))
            return version
    except ChangedMeanwhile as error:
        raise TriggersChangedMeanwhile(str(error)) from error


def checked(values: Sequence[ParamValue]) -> dict[Key, float | None]:
    """The values by parameter, each within its range.

    Raises:
        NoSuchParam: There is no such parameter.
        ValueOutOfRange: One is not allowed.
    """
    found: dict[Key, float | None] = {}
    for one in values:
        called = f"{one.trigger_type}.{one.name}"
        try:
            known = param(one.trigger_type, one.name)
        except UnknownParam as error:
            raise NoSuchParam(str(error)) from error
        if one.value is not None and not known.allows(one.value):
            allowed = f"0 to {len(known.choices) - 1}" if known.choices else known.range
            raise ValueOutOfRange(f"{called} may be {allowed} {known.unit}, not {one.value:g}.")
        found[known.trigger_type, known.name] = one.value
    return found
