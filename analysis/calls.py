"""What the driver is given and what it gives back: calls, how they ended, what they cost."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from analysis.analyzer import Answer, Identity, Question, Usage, call_key
from analysis.journal import CallRecord
from analysis.text import shortened


@dataclass(frozen=True, slots=True)
class Call:
    """One paid call to be answered."""

    key: str
    tenant_id: str
    question: Question
    ticket_id: str | None = None

    def shorter(self, identity: Identity) -> "Call | None":
        """The same about the next shorter version of the text, under its own key; None where there is none."""
        text = shortened(self.question.text)
        if text is None:
            return None
        question = replace(self.question, text=text)
        return replace(self, key=call_key(self.tenant_id, identity, question), question=question)


class Ending(StrEnum):
    """How a call ended in this run."""

    ANSWERED = "answered"
    FAILED = "failed"
    DEAD = "dead"
    WAITING = "waiting"
    """It is in a batch at the provider; whichever run collects that will have the answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one call, with where it came from; `answer` only when answered, `reason` only when not.

    Attributes:
        call_key: What the journal knows the reply by: the key that was asked for, or that of a shorter version.
        model: Who was asked last; empty where that is the analyzer's own.
    """

    ending: Ending
    answer: Answer | None
    usage: Usage
    run_id: str
    ended_at: datetime
    reason: str | None = None
    raw: str | None = None
    attempt_count: int = 1
    first_seen_at: datetime | None = None
    call_key: str = ""
    model: str = ""


@dataclass
class Spending:
    """What one task cost in this run, replies that could not be used included."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)


def is_key_of(call: Call, identity: Identity, key: str | None) -> bool:
    """Whether an answer known by `key` answers this call: the key is its own, or that of a shorter version of its text."""
    one: Call | None = call
    while key and one is not None:
        if one.key == key:
            return True
        one = one.shorter(identity)
    return False


def ended(ending: Ending, record: CallRecord, answer: Answer | None = None) -> Outcome:
    """The outcome that a record of the journal stands for."""
    return Outcome(
        ending=ending,
        answer=answer,
        usage=record.usage,
        run_id=record.run_id,
        ended_at=record.updated_at,
        reason=record.reason,
        raw=record.response,
        attempt_count=record.reply_count + record.failure_count,
        first_seen_at=record.first_claimed_at,
        call_key=record.call_key,
        model=record.model,
    )


def given_up(call: Call, reason: str, run_id: str) -> Outcome:
    """The outcome of a call that this run leaves alone, whatever the journal says about it."""
    return Outcome(Ending.FAILED, None, Usage(), run_id, datetime.now(UTC), reason=reason, call_key=call.key)
