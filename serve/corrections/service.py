"""One ticket as people see it, and what they say it should have been read as."""

from typing import Any

from core.topics import NO_TOPIC
from core.topics.corrections import Correction, UnknownCorrection
from core.vocabulary import CorrectedField
from serve.auth.dependencies import Caller
from serve.corrections.repository import TicketRepository
from serve.corrections.schemas import CorrectionQuery, CorrectionView, ToneSaid, TopicsSaid
from serve.errors import Conflict, NotFound, Unprocessable
from serve.tenancy import TenantSession
from serve.topics.repository import TopicRepository


class NothingToCorrect(Conflict):
    """The ticket was not read, says nothing, or its words were erased."""


class UnknownTopic(Unprocessable):
    """A topic that is neither in force nor in the draft."""


class CorrectionNotFound(NotFound):
    """There is no correction of that number that could be withdrawn."""


def ticket(session: TenantSession, ticket_id: str) -> dict[str, Any]:
    """One ticket with everything said about it.

    Raises:
        TicketNotFound: None of that id is published.
    """
    tickets = TicketRepository(session)
    row = tickets.row(ticket_id)
    text, spans = row["text"], row.pop("quote_spans")
    row.pop("input_hash")
    return row | {
        "topics": row["topics"].split("\n") if row["topics"] else None,
        "quotes": quotes(text, spans),
        "corrections": [view(*one) for one in tickets.corrections(ticket_id)],
        "cards": tickets.cards(ticket_id),
        "build": session.stamp,
    }


def quotes(text: str | None, spans: str | None) -> list[dict[str, Any]]:
    """The passages that `spans` point at."""
    if text is None or not spans:
        return []
    places = [tuple(map(int, span.split("-"))) for span in spans.split(",")]
    return [{"quote": text[start:end], "quote_start": start, "quote_end": end} for start, end in places]


def correct_topics(caller: Caller, ticket_id: str, said: TopicsSaid) -> list[dict[str, Any]]:
    """Say which topics a ticket is about.

    Raises:
        TicketNotFound, NothingToCorrect, UnknownTopic: As they say; nothing was written.
    """
    with caller.session() as session:
        row = TicketRepository(session).row(ticket_id)
        content = TopicRepository(session).draft().content
    _check_words(row)
    chosen = []
    for label in said.topics:
        topic = content.topic(label)
        if topic is None or not topic.is_active:
            known = ", ".join(sorted(content.active_names)) or "none"
            raise UnknownTopic(f"There is no topic {label!r}. Your topics are: {known}.")
        chosen.append(topic.name)
    before = row["topics"].split("\n") if row["topics"] else []
    after = list(dict.fromkeys(chosen)) or [NO_TOPIC]
    return [_write(caller, row, CorrectedField.TOPICS, before, after, said.why)]


def correct_tone(caller: Caller, ticket_id: str, said: ToneSaid) -> list[dict[str, Any]]:
    """Say how a ticket sounds, whether it speaks of leaving, or both.

    Raises:
        TicketNotFound, NothingToCorrect: As they say; nothing was written.
    """
    with caller.session() as session:
        row = TicketRepository(session).row(ticket_id)
    _check_words(row)
    if row["sentiment"] is None:
        raise NothingToCorrect("The tone of this ticket was not read, so there is nothing to correct yet.")
    wanted = ((CorrectedField.SENTIMENT, said.sentiment), (CorrectedField.CHURN_INTENT, said.churn_intent))
    return [
        _write(caller, row, field, [row[field.value]], [value.value], said.why)
        for field, value in wanted
        if value is not None
    ]


def withdraw(caller: Caller, number: str) -> dict[str, Any]:
    """Take a correction back; the one before it, of the same ticket and field, stands again. Returns it.

    Raises:
        CorrectionNotFound: There is none of that number, or it was withdrawn before.
    """
    with caller.session() as session:
        known = {str(one.correction_id): one.correction_id for one, _ in TicketRepository(session).corrections()}
    gone = CorrectionNotFound(
        "There is no such correction, or it was withdrawn before: GET /api/v1/corrections lists them."
    )
    if (correction_id := known.get(number)) is None:
        raise gone
    try:
        caller.writer.corrections.withdraw(correction_id)
    except UnknownCorrection as unknown:
        raise gone from unknown
    with caller.session() as session:
        held = TicketRepository(session).corrections()
    return next(view(one, is_standing) for one, is_standing in held if one.correction_id == correction_id)


def page(session: TenantSession, wanted: CorrectionQuery) -> dict[str, Any]:
    """One page of corrections, newest first; they are numbered and stay, so a page goes on below a number."""
    every = TicketRepository(session).corrections(wanted.ticket)
    held = [one for one in every if wanted.is_standing is None or one[1] == wanted.is_standing]
    left = [one for one in held if wanted.cursor is None or one[0].correction_id < wanted.cursor]
    chosen = left[: wanted.limit]
    following = chosen[-1][0].correction_id if len(left) > len(chosen) else None
    return {"items": [view(*one) for one in chosen], "next_cursor": following, "total": len(held)}


def view(one: Correction, is_standing: bool) -> dict[str, Any]:
    """One correction as a body."""
    told = {
        name: getattr(one, name) for name in CorrectionView.model_fields if name not in {"is_standing", "is_erased"}
    }
    lists = {"before": list(one.before), "after": list(one.after)}
    return told | lists | {"is_standing": is_standing, "is_erased": one.text is None}


def _check_words(row: dict[str, Any]) -> None:
    if row["text"] is None:
        raise NothingToCorrect(
            "This ticket was not read yet, says nothing, or its words were erased: there is nothing to correct."
        )


def _write(
    caller: Caller, row: dict[str, Any], field: CorrectedField, before: list[str], after: list[str], why: str
) -> dict[str, Any]:
    # The text the person saw is kept, whatever the ticket says by now: it is what they spoke about.
    written = caller.writer.corrections.add(
        ticket_id=row["ticket_id"],
        field=field,
        before=before,
        after=after,
        text=row["text"],
        input_hash=row["input_hash"],
        author=caller.user.subject,
        why=why,
    )
    return view(written, is_standing=True)
