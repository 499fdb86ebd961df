"""Correcting a reading: what a person says instead, kept with the text they saw."""

from collections.abc import Sequence

from analysis.topics.texts import NothingRead, one_ticket, read_tone
from core.appdb.corrections import Corrections
from core.appdb.topics import Topics
from core.errors import Terminal
from core.topics import NO_TOPIC
from core.topics.corrections import Correction
from core.vocabulary import CorrectedField
from core.warehouse import Warehouse


class UnknownTopic(Terminal):
    """A label that is neither a topic in force nor one of the draft."""


def correct_topics(
    warehouse: Warehouse,
    topics: Topics,
    corrections: Corrections,
    tenant_id: str,
    ticket_id: str,
    labels: Sequence[str],
    *,
    author: str,
    why: str = "",
) -> Correction:
    """Say which topics a ticket is about; no label: that no topic fits. A topic of the draft may be named before it is shipped.

    Raises:
        UnknownTopic: There is no such topic.
        NothingRead: The ticket has no text.
        UnknownTenant: There is no such tenant.
    """
    chosen = known_topics(topics, tenant_id, labels)
    ticket = one_ticket(warehouse, tenant_id, ticket_id)
    return corrections.add(
        tenant_id,
        ticket_id=ticket_id,
        field=CorrectedField.TOPICS,
        before=ticket.labels,
        after=chosen or (NO_TOPIC,),
        text=ticket.text,
        input_hash=ticket.input_hash,
        author=author,
        why=why,
    )


def known_topics(topics: Topics, tenant_id: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Topics a person named, each once and as it is spelt.

    Raises:
        UnknownTopic: There is no such topic.
    """
    content = topics.draft(tenant_id).content
    chosen = []
    for label in labels:
        topic = content.topic(label)
        if topic is None or not topic.is_active:
            known = ", ".join(sorted(content.active_names)) or "none"
            raise UnknownTopic(f"{tenant_id} has no topic {label!r}. Its topics are: {known}.")
        chosen.append(topic.name)
    return tuple(dict.fromkeys(chosen))


def correct_tone(
    warehouse: Warehouse,
    corrections: Corrections,
    tenant_id: str,
    ticket_id: str,
    field: CorrectedField,
    value: str,
    *,
    author: str,
    why: str = "",
) -> Correction:
    """Say how a ticket sounds, or whether it speaks of leaving: a case for every prompt that comes after.

    Raises:
        NothingRead: The ticket has no reading or no text.
        NoSuchValue: That is no such level or intent.
        UnknownTenant: There is no such tenant.
    """
    ticket = one_ticket(warehouse, tenant_id, ticket_id)
    held = read_tone(warehouse, tenant_id, ticket_id)
    if field.value not in held:
        raise NothingRead(
            f"Ticket {ticket_id} of {tenant_id} has no {field} to correct: see `churnboard dead-letters list`."
        )
    return corrections.add(
        tenant_id,
        ticket_id=ticket_id,
        field=field,
        before=[held[field.value]],
        after=[value],
        text=ticket.text,
        input_hash=ticket.input_hash,
        author=author,
        why=why,
    )
