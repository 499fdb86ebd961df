"""The mail behind generated tickets: what the customer wrote, what was answered, what came back, and a note between colleagues.

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
from ingestion.sandbox.world import Portal, Value

SHARE = 0.7
"""Of the tickets that came by e-mail."""

_ANSWERS = (
    "Thank you for writing. I have looked into it and passed it on to the people who can fix it; you will hear from me.",
    "Thanks for the details. I could reproduce this on our side, and a fix is on its way.",
    "I am sorry for the trouble. I have changed the setting for you; it takes effect within the hour.",
    "Thank you for your patience. This is now with our engineers, and I will write as soon as there is news.",
)
_FOLLOW_UPS = (
    "Thanks, I will have a look.",
    "Understood. We will try it again tomorrow.",
    "Here is the export you may need.",
    "Thank you for the quick answer.",
)
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

    def write(self, ticket_id: str, contact_id: str) -> None:
        """The thread of one ticket, if it gets one."""
        rng = random.Random(f"{self._seed}/{ticket_id}")  # noqa: S311 -- a story, not a secret
        ticket = self._portal.properties_of(TICKETS, ticket_id)
        if ticket.get("source_type") != "EMAIL" or rng.random() > SHARE:
            return
        contact = self._portal.properties_of(CONTACTS, contact_id)
        opened_at = parse_iso(ticket["createdate"])
        opening = plain_text(ticket.get("content"))
        customer, desk = _name(contact), "Support"
        self._incoming(ticket_id, contact, ticket.get("subject"), opening + _signature(contact), opened_at)
        if "first_agent_reply_date" not in ticket:
            return
        replied_at = parse_iso(ticket["first_agent_reply_date"])
        agent = self._owners.get(ticket.get("hubspot_owner_id", ""))
        answer = rng.choice(_ANSWERS)
        self._outgoing(
            ticket_id, agent, ticket.get("subject"), _quoting(answer, opening, customer, opened_at), replied_at
        )
        if rng.random() < 0.15:
            self._note(ticket_id, agent, rng.choice(_NOTES), replied_at)
        if "last_reply_date" in ticket and (written_at := parse_iso(ticket["last_reply_date"])) > replied_at:
            text = rng.choice(_FOLLOW_UPS) + _signature(contact)
            self._incoming(
                ticket_id, contact, ticket.get("subject"), _quoting(text, answer, desk, replied_at), written_at
            )

    def _incoming(
        self, ticket_id: str, contact: dict[str, str], subject: str | None, text: str, sent_at: datetime
    ) -> None:
        self._mail(
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
    ) -> None:
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

    def _note(self, ticket_id: str, agent: Owner | None, body: str, written_at: datetime) -> None:
        values: dict[str, Value] = {
            "hs_timestamp": written_at,
            "hs_note_body": body,
            "hubspot_owner_id": agent.id if agent else None,
        }
        note_id = self._portal.upsert(NOTES, values, created_at=written_at + timedelta(minutes=1))
        self._portal.associate(TICKETS, ticket_id, NOTES, note_id)


def _name(contact: dict[str, str]) -> str:
    full = f"{contact.get('firstname', '')} {contact.get('lastname', '')}".strip()
    return full or contact.get("email") or "Your customer"


def _signature(contact: dict[str, str]) -> str:
    title = contact.get("jobtitle")
    return "\n".join(["", "", "-- ", _name(contact), *([title] if title else [])])


def _quoting(text: str, earlier: str, author: str, sent_at: datetime) -> str:
    quoted = "\n".join(f"> {line}" for line in earlier.splitlines())
    return f"{text}\n\nOn {sent_at:%d %b %Y} at {sent_at:%H:%M}, {author} wrote:\n{quoted}"
