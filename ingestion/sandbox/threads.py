"""The mail behind generated tickets: what the customer wrote, what was answered, what came back, and a note between colleagues.

What comes back has a tone of its own where the plot wants one (``PlannedTicket.turn``), and now and then where it can do no harm:
an unhappy customer is content at last, or unhappy still; a calm one has enough. Everywhere else it is neither here nor there.

Every moment comes from the ticket itself (when it was opened, first answered, last written to), so a thread never contradicts it.
The randomness is a thread's own: tickets are the same whether or not they have one. Answers ask nothing back, so that a customer
who stays silent has left no question open.
"""

import json
import random
from datetime import datetime, timedelta

from core.html import plain_text
from ingestion.sandbox.catalogue import CONTACTS, EMAILS, NOTES, TICKETS
from ingestion.sandbox.clock import parse_iso
from ingestion.sandbox.tenancy import Owner
from ingestion.sandbox.truth import MessageTruth
from ingestion.sandbox.world import Portal, Value
from ingestion.sandbox.writing import Intent

SHARE = 0.7
"""Of the tickets that came by e-mail."""

_ANSWERS = (
    "Thank you for writing. I have looked into it and passed it on to the people who can fix it; you will hear from me.",
    "Thanks for the details. I could reproduce this on our side, and a fix is on its way.",
    "I am sorry for the trouble. I have changed the setting for you; it takes effect within the hour.",
    "Thank you for your patience. This is now with our engineers, and I will write as soon as there is news.",
)
_BLAND = (
    "Thanks, I will have a look.",
    "Understood. We will try it again tomorrow.",
    "Here is the export you may need.",
    "Thank you for the quick answer.",
)
_SOLVED = (
    "It works again now. Thank you so much for your help!",
    "Solved, thank you. Everything runs as it should.",
    "That did it, the problem is gone. Great support, thanks!",
    "All fixed on our side. Many thanks for the quick help!",
)
_TURNS = {
    "negative": (
        "It is still broken. I am disappointed.",
        "The same error again. This is frustrating.",
        "Nothing has changed, it still does not work. I expected better.",
    ),
    "very_negative": (
        "This is absolutely unacceptable. I asked a simple question and still have no usable answer.",
        "I have had enough. Your answer is useless, and nobody seems to read what we write.",
        "This is the worst support I have ever had. We asked politely, and for days nothing happens.",
    ),
}
_SOLVED_SHARE, _STILL_SHARE = 0.6, 0.25
"""Of what unhappy customers write back."""
_TURNED_SHARE = 0.06
"""Of what calm customers write back."""
_NOTES = (
    "<p>Called them; they are aware that it takes a day.</p>",
    "<p>Same as the ticket of last week, see there.</p>",
    "<p>Waiting for the release before I answer.</p>",
)


class Threads:
    """Writes threads into one portal.

    Args:
        portal: Whose tickets they belong to.
        seed: Decides everything, together with the ticket's id.
    """

    def __init__(self, portal: Portal, seed: str) -> None:
        self._portal, self._seed = portal, seed
        self._owners = {one.id: one for one in portal.owners()}
        self._desk = f"support@{portal.tenant.tenant_id}.example"

    def write(
        self,
        ticket_id: str,
        contact_id: str,
        said: Intent | None,
        *,
        turn: Intent | None = None,
        may_turn: bool = False,
    ) -> MessageTruth | None:
        """The thread of one ticket, if it gets one; returns what its later email of the customer was meant to say.

        Args:
            ticket_id: The ticket, which has its life.
            contact_id: Who writes.
            said: What the ticket expresses; None where it says nothing.
            turn: What the customer expresses when they write back, where the plot wants that.
            may_turn: Whether what comes back may have a tone that no trigger may hear of.
        """
        rng = random.Random(f"{self._seed}/{ticket_id}")  # noqa: S311 -- a story, not a secret
        ticket = self._portal.properties_of(TICKETS, ticket_id)
        if ticket.get("source_type") != "EMAIL" or (rng.random() > SHARE and turn is None):
            return None
        contact = self._portal.properties_of(CONTACTS, contact_id)
        opened_at = parse_iso(ticket["createdate"])
        opening = plain_text(ticket.get("content"))
        customer, desk = _name(contact), "Support"
        self._incoming(ticket_id, contact, ticket.get("subject"), opening + _signature(contact), opened_at)
        if "first_agent_reply_date" not in ticket:
            return None
        replied_at = parse_iso(ticket["first_agent_reply_date"])
        agent = self._owners.get(ticket.get("hubspot_owner_id", ""))
        answer = rng.choice(_ANSWERS)
        self._outgoing(
            ticket_id, agent, ticket.get("subject"), _quoting(answer, opening, customer, opened_at), replied_at
        )
        if rng.random() < 0.15:
            self._note(ticket_id, agent, rng.choice(_NOTES), replied_at)
        if "last_reply_date" not in ticket or (written_at := parse_iso(ticket["last_reply_date"])) <= replied_at:
            return None
        words, meant, is_solved = _written_back(rng, said, turn, may_turn=may_turn)
        text = _quoting(words + _signature(contact), answer, desk, replied_at)
        email_id = self._incoming(ticket_id, contact, ticket.get("subject"), text, written_at)
        return MessageTruth(self._portal.tenant.tenant_id, ticket_id, email_id, meant, is_solved)

    def _incoming(
        self, ticket_id: str, contact: dict[str, str], subject: str | None, text: str, sent_at: datetime
    ) -> str:
        return self._mail(
            ticket_id,
            "INCOMING_EMAIL",
            (contact.get("email", ""), contact.get("firstname", ""), contact.get("lastname", "")),
            self._desk,
            subject,
            text,
            sent_at,
        )

    def _outgoing(self, ticket_id: str, agent: Owner | None, subject: str | None, text: str, sent_at: datetime) -> None:
        sender = (agent.email, agent.first_name, agent.last_name) if agent else (self._desk, "", "Support")
        self._mail(ticket_id, "EMAIL", sender, "customer", subject, text, sent_at)

    def _mail(
        self,
        ticket_id: str,
        direction: str,
        sender: tuple[str, str, str],
        to: str,
        subject: str | None,
        text: str,
        sent_at: datetime,
    ) -> str:
        address, first, last = sender
        headers = {"from": {"email": address, "firstName": first, "lastName": last}, "to": [{"email": to}]}
        email_id = self._portal.upsert(
            EMAILS,
            {
                "hs_timestamp": sent_at,
                "hs_email_direction": direction,
                "hs_email_status": "SENT",
                "hs_email_subject": f"Re: {subject}" if subject and direction == "EMAIL" else subject,
                "hs_email_text": text,
                "hs_email_headers": json.dumps(headers),
                "hs_email_from_email": address,
                "hs_email_from_firstname": first,
                "hs_email_from_lastname": last,
            },
            created_at=sent_at,
        )
        self._portal.associate(TICKETS, ticket_id, EMAILS, email_id)
        return email_id

    def _note(self, ticket_id: str, agent: Owner | None, body: str, written_at: datetime) -> None:
        values: dict[str, Value] = {
            "hs_timestamp": written_at,
            "hs_note_body": body,
            "hubspot_owner_id": agent.id if agent else None,
        }
        note_id = self._portal.upsert(NOTES, values, created_at=written_at + timedelta(minutes=1))
        self._portal.associate(TICKETS, ticket_id, NOTES, note_id)


def _written_back(
    rng: random.Random, said: Intent | None, turn: Intent | None, *, may_turn: bool
) -> tuple[str, str, bool]:
    """Words, the tone they are meant in, and whether they say that it is solved."""
    if turn is not None:
        return rng.choice(_TURNS[turn.sentiment]), turn.sentiment, False
    share = rng.random() if may_turn else 1.0
    is_unhappy = said is not None and said.sentiment in _TURNS
    if is_unhappy and share < _SOLVED_SHARE:
        return rng.choice(_SOLVED), "positive", True
    if is_unhappy and share < _SOLVED_SHARE + _STILL_SHARE:
        return rng.choice(_TURNS["negative"]), "negative", False
    if said is not None and said.sentiment == "neutral" and share < _TURNED_SHARE:
        return rng.choice(_TURNS["very_negative"]), "very_negative", False
    return rng.choice(_BLAND), "neutral", False


def _name(contact: dict[str, str]) -> str:
    full = f"{contact.get('firstname', '')} {contact.get('lastname', '')}".strip()
    return full or contact.get("email") or "Your customer"


def _signature(contact: dict[str, str]) -> str:
    title = contact.get("jobtitle")
    return "\n".join(["", "", "-- ", _name(contact), *([title] if title else [])])


def _quoting(text: str, earlier: str, author: str, sent_at: datetime) -> str:
    quoted = "\n".join(f"> {line}" for line in earlier.splitlines())
    return f"{text}\n\nOn {sent_at:%d %b %Y} at {sent_at:%H:%M}, {author} wrote:\n{quoted}"
