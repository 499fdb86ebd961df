"""One parameter of a candidate beside what is set now. Pure: which there are, and what they may be, dbt's seed says."""

from dataclasses import dataclass

from core.vocabulary import TriggerType

Key = tuple[TriggerType, str]
"""Trigger and name of a parameter."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter that the candidate sets otherwise; `words` where its values stand for them, in order from 0."""

    trigger_type: TriggerType
    name: str
    current: float
    candidate: float
    words: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Trigger and name."""
        return self.trigger_type, self.name

    def __str__(self) -> str:
        """As it is said: `frustrated.t_on 0.5 → 2.5`."""
        before, after = (
            self.words[int(value)] if self.words else f"{value:g}" for value in (self.current, self.candidate)
        )
        return f"{self.trigger_type}.{self.name} {before} → {after}"
