"""What happens to a ticket after it was written: answered, moved through the stages, closed; as HubSpot properties."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion.sandbox.planning import PlannedTicket
from ingestion.sandbox.vendors import Vendor
from ingestion.sandbox.world import Owner, Value

_HOUR = timedelta(hours=1)
_PRIORITIES = {
    "very_negative": ("HIGH", "URGENT", "HIGH"),
    "negative": ("MEDIUM", "HIGH", "MEDIUM"),
    "neutral": ("LOW", "MEDIUM", "LOW", None),
    "positive": ("LOW", None),
    "very_positive": ("LOW", None),
}


@dataclass(frozen=True, slots=True)
class Life:
    """A ticket's properties beside its words, when it was last touched, and the stages it went through, oldest first."""

    properties: dict[str, Value]
    modified_at: datetime
    stages: tuple[tuple[str, datetime], ...]


class TicketLife:
    """Gives every ticket a course that fits its dates: nothing happens after ``until``.

    Args:
        rng: Decides everything.
        until: The world's present.
    """

    def __init__(self, rng: random.Random, until: datetime) -> None:
        self._rng, self._until = rng, until

    def of(self, ticket: PlannedTicket, vendor: Vendor, owners: Sequence[Owner], *, is_settled: bool) -> Life:
        """The course of one ticket; ``is_settled`` closes it within two days in any case."""
        rng, at, until = self._rng, ticket.at, self._until
        topic = vendor.topics[ticket.topic_index]
        pipeline = vendor.pipelines[-1] if topic.name == "Payroll runs" else vendor.pipelines[0]
        replied_at = at + _HOUR * min(40.0, rng.lognormvariate(1.2, 0.9))
        closed_at = replied_at + _HOUR * (rng.uniform(0.5, 8) if is_settled else min(150.0, rng.lognormvariate(3.0, 1)))
        is_replied = replied_at < until
        is_closed = closed_at < until and (is_settled or rng.random() < 0.95)
        written_at = at
        if is_replied and (rng.random() < 0.5 or ticket.turn):
            written_at = replied_at + (min(closed_at, until) - replied_at) * rng.uniform(0.1, 0.9)
        priority = rng.choice(_PRIORITIES[ticket.intent.sentiment])
        source = rng.choices(("EMAIL", "FORM", "CHAT", "PHONE"), (60, 22, 14, 4))[0]
        properties: dict[str, Value] = {
            "hs_pipeline": pipeline.id,
            "hs_ticket_priority": priority,
            "hs_ticket_category": topic.category,
            "source_type": source if ticket.turn is None else "EMAIL",
            "hubspot_owner_id": self._owner(at, owners) if is_replied else None,
            "hs_last_message_received_at": written_at,
            "last_reply_date": written_at if written_at > at else None,
            "hs_object_source_label": "CONVERSATIONS",
            "hs_num_times_contacted": 0,
        }
        opening = [one.id for one in pipeline.stages if one.state != "CLOSED"]
        stages = _answered(opening, at, replied_at if is_replied else None, written_at)
        modified_at = written_at
        if is_replied:
            properties |= {
                "first_agent_reply_date": replied_at,
                "time_to_first_agent_reply": _millis(replied_at - at),
                "hs_num_times_contacted": rng.randint(1, 4),
            }
            modified_at = max(modified_at, replied_at)
        if is_closed:
            closing = [one.id for one in pipeline.stages if one.state == "CLOSED"]
            properties |= {
                "hs_pipeline_stage": closing[-1] if rng.random() < 0.1 else closing[0],
                "closed_date": closed_at,
                "hs_last_closed_date": closed_at,
                "time_to_close": _millis(closed_at - at),
            }
            modified_at = max(modified_at, closed_at)
            stages = (*stages, (str(properties["hs_pipeline_stage"]), closed_at))
        else:
            properties["hs_pipeline_stage"] = rng.choice(opening[1:]) if is_replied else opening[0]
            stages = _ending(stages, str(properties["hs_pipeline_stage"]))
        return Life(properties, modified_at, stages)

    def _owner(self, at: datetime, owners: Sequence[Owner]) -> str:
        """Former staff own only what is older than three months."""
        is_old = self._until - at > timedelta(days=90)
        return self._rng.choice([one for one in owners if is_old or not one.archived]).id


def _answered(
    opening: Sequence[str], at: datetime, replied_at: datetime | None, written_at: datetime
) -> tuple[tuple[str, datetime], ...]:
    """The way through the open stages: new, then waiting for the customer once answered, then for us once they wrote back."""
    moments = [at]
    if replied_at is not None:
        moments += [replied_at, written_at] if written_at > replied_at else [replied_at]
    return tuple(zip(opening, moments, strict=False))


def _ending(stages: tuple[tuple[str, datetime], ...], stage: str) -> tuple[tuple[str, datetime], ...]:
    """As much of the way as leads to a stage; a stage it does not touch takes the place of its last."""
    names = [name for name, _entered_at in stages]
    if stage in names:
        return stages[: names.index(stage) + 1]
    return (*stages[:-1], (stage, stages[-1][1]))


def _millis(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
