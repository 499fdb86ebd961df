"""What a world's author knows and the API never tells: planted accounts, and what each ticket and message was meant to say.

Evaluation reads it from the file a world writes beside itself. Nothing here may reach an answer over HTTP; a test reads
through the answers to make sure.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class PlantedAccount:
    """A company built so that one trigger ought to fire, and why."""

    tenant_id: str
    company_id: str
    trigger_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class TicketTruth:
    """What a ticket was written to express; None where nobody labelled it.

    Attributes:
        source_id: The ticket's id in the file it was read from; None for a generated ticket.
    """

    tenant_id: str
    ticket_id: str
    sentiment: str | None
    topic: str | None
    churn_intent: str | None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class MessageTruth:
    """What a customer's later email on a ticket was written to express."""

    tenant_id: str
    ticket_id: str
    email_id: str
    sentiment: str
    is_solved: bool


def write_truth(
    path: Path, accounts: list[PlantedAccount], tickets: list[TicketTruth], messages: list[MessageTruth]
) -> None:
    """Write one JSON object with the lists ``accounts``, ``tickets`` and ``messages``."""
    body = {
        "accounts": [asdict(one) for one in accounts],
        "tickets": [asdict(one) for one in tickets],
        "messages": [asdict(one) for one in messages],
    }
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
