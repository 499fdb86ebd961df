"""Finds topics by asking a model: about batches of tickets what is missing, then which of the proposals mean the same.

What comes back is checked in code. A ticket number that is not in the batch is nothing, a quote that does not stand in its ticket
is dropped, a proposal without a quote is dropped, and a proposal the second question forgets stays as it was.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.analyzer import MergeAnswer, ProposalsAnswer, ProposedTopic, Question, Taxonomy
from analysis.masking import MaskedText
from analysis.quotes import locate_in_original
from analysis.text import text_hash
from analysis.topics.asking import Asker, answers
from analysis.topics.discovery.found import FoundQuote, FoundTopic, shown_quotes
from core.topics import LONGEST_NAME, NO_TOPIC
from core.vocabulary import DiscoveryTask

BATCH: Final = 25
"""Tickets in one call; more of them are read less well."""

_LONGEST_EXCERPT: Final = 700
_MOST_TO_MERGE: Final = 150

_Batch = Sequence[tuple[str, MaskedText]]


def asked(asker: Asker, tenant_id: str, sent: Mapping[str, MaskedText], taxonomy: Taxonomy) -> list[FoundTopic]:
    """The topics a model finds in these tickets, given by id as they are sent, that `taxonomy` has not; largest first.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable: What was answered is in the journal; ask again.
    """
    known = Taxonomy(taxonomy.topics)
    parts = batches(sent, taxonomy)
    proposed = answers(asker, tenant_id, [question for _, question in parts], [None] * len(parts))
    found = [
        topic
        for (batch, _), answer in zip(parts, proposed, strict=True)
        if isinstance(answer, ProposalsAnswer)
        for topic in _checked(batch, answer)
    ]
    while len(found) > _MOST_TO_MERGE:
        groups = [found[start : start + _MOST_TO_MERGE] for start in range(0, len(found), _MOST_TO_MERGE)]
        fewer = [topic for part in groups for topic in _merged(asker, tenant_id, part, known)]
        if len(fewer) == len(found):
            break
        found = fewer
    if len(parts) > 1 and found:
        found = _merged(asker, tenant_id, found[:_MOST_TO_MERGE], known) + found[_MOST_TO_MERGE:]
    return sorted(found, key=lambda topic: (-len(topic.ticket_ids), topic.name))


def batches(sent: Mapping[str, MaskedText], taxonomy: Taxonomy) -> list[tuple[_Batch, Question]]:
    """The tickets in batches, each with the question about it."""
    known = Taxonomy(taxonomy.topics)
    tickets = list(sent.items())
    cut = [tickets[start : start + BATCH] for start in range(0, len(tickets), BATCH)]
    return [(batch, Question(DiscoveryTask.PROPOSE, _written(batch), known)) for batch in cut]


def calls_needed(ticket_count: int) -> int:
    """How many calls a discovery makes at most, one for joining included."""
    calls = -(-ticket_count // BATCH)
    return calls + (1 if calls > 1 else 0)


def _written(batch: _Batch) -> str:
    mark = text_hash("".join(sent.text for _, sent in batch))[:12]
    return "\n\n".join(
        f"{mark} {number}\n{sent.text[:_LONGEST_EXCERPT].rstrip()}" for number, (_, sent) in enumerate(batch, start=1)
    )


def _checked(batch: _Batch, answer: ProposalsAnswer) -> list[FoundTopic]:
    return [found for topic in answer.topics if (found := _proved(batch, topic))]


def _proved(batch: _Batch, topic: ProposedTopic) -> FoundTopic | None:
    by_number = dict(enumerate(batch, start=1))
    quotes = []
    for said in topic.quotes:
        if said.ticket in by_number:
            ticket_id, sent = by_number[said.ticket]
            quotes += [FoundQuote(ticket_id, located) for located in locate_in_original(sent, [said.quote])]
    named = [by_number[number][0] for number in topic.tickets if number in by_number]
    tickets = tuple(dict.fromkeys([*named, *(quote.ticket_id for quote in quotes)]))
    name = _tidy(topic.name, LONGEST_NAME)
    if not quotes or not name or name.casefold() == NO_TOPIC:
        return None
    return FoundTopic(name, _tidy(topic.description, 600), tickets, tuple(quotes))


def _merged(asker: Asker, tenant_id: str, found: Sequence[FoundTopic], known: Taxonomy) -> list[FoundTopic]:
    listed = "\n".join(
        f"{number}. {topic.name} ({len(topic.ticket_ids)} tickets): {topic.description}"
        for number, topic in enumerate(found, start=1)
    )
    [answer] = answers(asker, tenant_id, [Question(DiscoveryTask.MERGE, listed, known)], [None])
    if not isinstance(answer, MergeAnswer):
        return list(found)
    left = dict(enumerate(found, start=1))
    joined = []
    for topic in answer.topics:
        members = [left.pop(number) for number in dict.fromkeys(topic.members) if number in left]
        if members:
            joined.append(_joined(topic.name, topic.description, members))
    # Of those it names in no topic, which a known one covers and which it forgot cannot be told apart: a person will.
    return [*joined, *left.values()]


def _joined(name: str, description: str, members: Sequence[FoundTopic]) -> FoundTopic:
    tickets = tuple(dict.fromkeys(ticket_id for topic in members for ticket_id in topic.ticket_ids))
    quotes = [quote for topic in members for quote in topic.quotes]
    tidy = _tidy(name, LONGEST_NAME)
    return FoundTopic(
        tidy if tidy and tidy.casefold() != NO_TOPIC else members[0].name,
        _tidy(description, 600) or members[0].description,
        tickets,
        shown_quotes(quotes),
    )


def _tidy(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest].rstrip()
