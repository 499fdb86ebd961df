"""A customer whose name, address, number and words can be told from everybody else's, planted into a portal."""

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ingestion.sandbox.catalogue import PropertyDefinition
from ingestion.sandbox.world import Portal
from tests.support.scene import UNTIL, just_now

SUBJECT = "Wombatquokka export unusable again"
WORDS = (
    "Zanzibarium reports are completely unacceptable, they never finish. "
    "We cancel our contract at the end of the month and move to another vendor."
)
LATER = "Nobody at Ermintrude can work like this, we are completely fed up with the Wombatquokka."
TRACES = ("ada.canarywitch", "canarywitch", "5550147738", "wombatquokka", "zanzibarium", "ermintrude")
"""In small letters, what only this customer's data contain."""


@dataclass(frozen=True)
class Canary:
    """Ids of what was planted."""

    contact: str
    ticket: str
    mention: str
    """Another person's ticket that carries the canary's address."""


def plant(portal: Portal) -> Canary:
    """Add the customer, an angry ticket of theirs, and another person's ticket that names their address."""
    portal.add_property("tickets", PropertyDefinition("reported_by", "Reported by", "string", "text"))
    contact = portal.upsert(
        "contacts",
        {
            "firstname": "Ada",
            "lastname": "Canarywitch",
            "email": "ada.canarywitch@ermintrude.example",
            "jobtitle": "Head of Ermintrude",
        },
        modified_at=just_now(),
    )
    said = {
        "subject": SUBJECT,
        "content": WORDS,
        "reported_by": "Ada Canarywitch, +1 5550147738",
        "createdate": UNTIL - timedelta(hours=2),
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
    }
    ticket = portal.upsert("tickets", said, modified_at=just_now())
    company = portal.upsert(
        "companies", {"name": "Quiet Ltd", "createdate": UNTIL - timedelta(days=90)}, modified_at=just_now()
    )
    portal.associate("tickets", ticket, "companies", company, primary=True)
    portal.associate("tickets", ticket, "contacts", contact)
    write(portal, ticket)
    write(portal, ticket, LATER)
    other = portal.ids("contacts")[0]
    mention = portal.upsert(
        "tickets",
        said
        | {"subject": "Invoice", "content": "Please send it to ada.canarywitch@ermintrude.example", "reported_by": ""},
        modified_at=just_now(),
    )
    portal.associate("tickets", mention, "contacts", other)
    return Canary(contact, ticket, mention)


def write(portal: Portal, ticket: str, words: str = WORDS) -> str:
    """One more e-mail of the customer on their ticket; returns its id."""
    said = {
        "hs_email_direction": "INCOMING_EMAIL",
        "hs_email_subject": f"Re: {SUBJECT}",
        "hs_email_text": f"{words}\n\nAda Canarywitch",
        "hs_email_from_email": "ada.canarywitch@ermintrude.example",
        "hs_email_from_firstname": "Ada",
        "hs_email_from_lastname": "Canarywitch",
        "hs_timestamp": UNTIL - timedelta(hours=1),
    }
    email = portal.upsert("emails", said, modified_at=just_now())
    portal.associate("tickets", ticket, "emails", email)
    return email


def files_with_traces(folder: Path) -> dict[str, list[str]]:
    """Files in which a trace stands, byte for byte, and which traces these are.

    grep reads them, because SQLite files that this process has open must not be opened and closed here besides.
    """
    found: dict[str, list[str]] = {}
    for trace in TRACES:
        said = subprocess.run(["grep", "-rlaiF", trace, str(folder)], capture_output=True, text=True, check=False)
        assert said.returncode in {0, 1}, said.stderr
        for file in said.stdout.splitlines():
            found.setdefault(str(Path(file).relative_to(folder)), []).append(trace)
    return found
