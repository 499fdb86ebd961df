"""A tenant's topics with something of everything: two versions, an edit, proposals, corrections."""

from collections.abc import Mapping

from sqlalchemy import Engine

from core.appdb.corrections import Corrections
from core.appdb.proposals import Proposals
from core.appdb.topics import Topics
from core.topics import ContentTopic
from core.topics.proposals import Proposal, ProposalQuote
from core.vocabulary import CorrectedField, TopicEditKind

SEED = (ContentTopic("billing", "Invoices."), ContentTopic("export", "CSV and the rest."))


def proposal(name: str, ticket_count: int = 12, mark: str = "") -> Proposal:
    """A proposed topic with one quote."""
    return Proposal(
        name=f"{name}{mark}",
        description=f"Paper and labels.{mark}",
        ticket_count=ticket_count,
        looked_at_count=150,
        company_count=4,
        mrr_touched=4800.0,
        model="clusters-1",
        quotes=(ProposalQuote("5001", f"It fails again.{mark}", 14, 29),),
    )


def keep_topics(engine: Engine, tenant_id: str, mark: str = "") -> Mapping[str, str]:
    """Plant them; `mark` stands in every text, and whoever has one has one more of everything. Returns the newest ids."""
    topics, author = Topics(engine), f"ada{mark}"
    topics.seed(tenant_id, SEED, author=author)
    for number in range(1, 3 if mark else 2):
        topics.edit(tenant_id, TopicEditKind.ADD, author=author, name=f"fax {number}{mark}", parent="export")
        shipped = topics.ship(tenant_id, topics.candidate(tenant_id), author=author, note=f"Fax.{mark}")
    rule = {"text": f"A refund is billing.{mark}", "topic": "billing", "example": f"my money back{mark}"}
    topics.edit(tenant_id, TopicEditKind.ADD_RULE, author=author, **rule)
    found = [proposal("Label printing", 30, mark), proposal("Holidays", mark=mark)]
    held = Proposals(engine).replace_open(tenant_id, [*found, proposal("Weather", 9, mark)] if mark else found)
    for _ in range(2 if mark else 1):
        corrected = Corrections(engine).add(
            tenant_id,
            ticket_id=f"5001{mark}",
            field=CorrectedField.TOPICS,
            before=["none"],
            after=["billing"],
            text=f"It fails again.{mark}",
            input_hash="0" * 64,
            author=author,
            why=f"Seen by me.{mark}",
        )
    ids = {"version": shipped.version, "proposal_id": held[-1].proposal_id, "correction_id": corrected.correction_id}
    return {name: str(number) for name, number in ids.items()}
