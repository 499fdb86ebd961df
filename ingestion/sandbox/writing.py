"""Writing one ticket: a subject and a text that say what was intended, in the words of a vendor's customer.

Takes a random generator and gives strings; knows nothing about portals or dates of the world beyond the words in them.
"""

import html
import random
from dataclasses import dataclass
from datetime import datetime

from ingestion.sandbox import phrases
from ingestion.sandbox.vendors import Topic, Vendor

HTML_SHARE = 0.18
_PASTED_LOG_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Intent:
    """What a ticket is to express."""

    sentiment: str
    churn_intent: str = "none"
    is_polite_exit: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs."""

    first_name: str
    last_name: str
    job_title: str
    company_name: str


class Writer:
    """Writes tickets of one vendor's customers.

    Args:
        vendor: Whose customers write.
        rng: Decides everything; equal states write equal tickets.
    """

    def __init__(self, vendor: Vendor, rng: random.Random) -> None:
        self._vendor = vendor
        self._rng = rng
        self._agents = [first for first, _last, has_left in vendor.staff if not has_left]

    def write(self, topic: Topic, intent: Intent, sender: Sender, at: datetime) -> tuple[str, str]:
        """A subject and a text, as plain text or as HTML."""
        rng = self._rng
        words = self._words(at)
        subject = self._subject(topic, intent, words)
        sentences = [one for one in self._sentences(topic, intent) if one]
        greeting = rng.choice(phrases.GREETINGS[intent.sentiment])
        closing = rng.choice(phrases.CLOSINGS[intent.sentiment])
        paragraphs = [_filled(greeting, words), *self._paragraphs(sentences, words), _filled(closing, words)]
        signature = self._signature(intent, sender)
        paragraphs = [one for one in paragraphs if one]
        if rng.random() < HTML_SHARE:
            return subject, _as_html(paragraphs, signature, self._vendor.product)
        return subject, "\n\n".join([*paragraphs, "\n".join(signature)]).strip()

    def flood(self, topic: Topic, sentiment: str, at: datetime) -> tuple[str, str]:
        """A ticket that is mostly emoji."""
        rng = self._rng
        words = self._words(at)
        marks = phrases.EMOJI[sentiment]
        said = rng.choice(topic.praises) if sentiment == "very_positive" else rng.choice(topic.faults).rstrip(".")
        run = "".join(rng.choice(marks) for _ in range(rng.randint(25, 60)))
        feeling = rng.choice(phrases.CONSEQUENCES[sentiment])
        return _filled(rng.choice(topic.subjects), words), _filled(f"{run} {said} {run}\n{feeling} {run}", words)

    def pasted_log(self, topic: Topic, at: datetime) -> tuple[str, str]:
        """A calm question with some 200 kB of log file pasted under it."""
        rng = self._rng
        words = self._words(at)
        lines = [_filled(f"Hello,\n\n{rng.choice(topic.asks)} Our log of that day is below.\n", words)]
        size = 0
        while size < _PASTED_LOG_BYTES:
            line = (
                f"{at:%Y-%m-%d} {rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d} "
                f"worker-{rng.randrange(16)} INFO batch {rng.randrange(10**6):06d} rows={rng.randrange(5000)} "
                f"took={rng.randrange(900)}ms"
            )
            lines.append(line)
            size += len(line) + 1
        return _filled(rng.choice(topic.subjects), words), "\n".join(lines)

    def _subject(self, topic: Topic, intent: Intent, words: dict[str, str]) -> str:
        rng = self._rng
        subject = _filled(rng.choice(topic.subjects), words)
        if intent.is_polite_exit:
            return rng.choice(("Contract and data export", "Formal question", "End of term", "Our contract"))
        if intent.churn_intent == "explicit" and rng.random() < 0.5:
            return rng.choice(("Cancellation", "Notice", "Ending our contract", f"{subject} - last warning"))
        if intent.sentiment == "very_negative" and rng.random() < 0.4:
            return rng.choice((f"AGAIN: {subject}", f"{subject}!!!", f"Still broken: {subject}", subject.upper()))
        if intent.sentiment == "negative" and rng.random() < 0.3:
            return rng.choice((f"{subject} still not working", f"Problem: {subject}", f"Re: {subject}"))
        if intent.sentiment in {"positive", "very_positive"} and rng.random() < 0.4:
            return rng.choice((f"Thank you - {subject}", f"Solved: {subject}", f"Feedback: {subject}"))
        return subject

    def _sentences(self, topic: Topic, intent: Intent) -> list[str]:
        rng, mood = self._rng, intent.sentiment
        if intent.is_polite_exit:
            return [rng.choice(phrases.POLITE_EXITS)]
        said = [rng.choice(phrases.OPENERS[mood])]
        if mood in {"negative", "very_negative"}:
            said += rng.sample(topic.faults, 2 if rng.random() < 0.25 else 1)
            said += rng.sample(phrases.DETAILS + phrases.FAULT_DETAILS, rng.randint(0, 2))
            said.append(rng.choice(phrases.CONSEQUENCES[mood]))
            said.append(rng.choice(phrases.FEELINGS[mood]))
        elif mood == "neutral":
            if rng.random() < 0.1:
                said += [rng.choice(topic.faults), rng.choice(phrases.CALM_FAULTS)]
            else:
                said += rng.sample(topic.asks, 2 if rng.random() < 0.2 else 1)
            said += rng.sample(phrases.DETAILS, rng.randint(0, 2))
        else:
            said += [f"{one}." for one in rng.sample(topic.praises, 2 if rng.random() < 0.25 else 1)]
            said.append(rng.choice(phrases.CONSEQUENCES[mood]))
            if rng.random() < 0.35:
                said.append(rng.choice(topic.asks))
        if intent.churn_intent != "none":
            said.append(rng.choice(phrases.CHURN[intent.churn_intent]))
        return said

    def _paragraphs(self, sentences: list[str], words: dict[str, str]) -> list[str]:
        filled = [_filled(one, words) for one in sentences]
        if len(filled) > 3 and self._rng.random() < 0.5:
            middle = len(filled) // 2
            return [" ".join(filled[:middle]), " ".join(filled[middle:])]
        return [" ".join(filled)]

    def _signature(self, intent: Intent, sender: Sender) -> list[str]:
        rng = self._rng
        if intent.sentiment == "very_negative" and rng.random() < 0.5:
            return []
        if rng.random() < 0.35:
            return [sender.first_name]
        lines = [f"{sender.first_name} {sender.last_name}"]
        if rng.random() < 0.5:
            lines.append(sender.job_title)
        if sender.company_name and rng.random() < 0.6:
            lines.append(sender.company_name)
        return lines

    def _words(self, at: datetime) -> dict[str, str]:
        """What the places in braces stand for in one ticket."""
        rng = self._rng
        team = rng.choice(self._vendor.teams)
        return {
            "agent": rng.choice(self._agents),
            "product": self._vendor.product,
            "team": team,
            "team_up": team[0].upper() + team[1:],
            "first": rng.choice(phrases.FIRST_NAMES),
            "n": str(rng.randint(2, 9)),
            "nth": rng.choice(phrases.ORDINALS),
            "big": str(rng.randint(12, 480) * 10 + rng.randint(0, 9)),
            "ref": f"{rng.choice('ABCDEFGHKLMNPRST')}{rng.randint(1000, 99999)}",
            "day": rng.choice(phrases.WEEKDAYS),
            "month": phrases.MONTHS[(at.month - 1 - rng.randint(0, 2)) % 12],
            "year": str(at.year - rng.randint(1, 5)),
            "time": f"{rng.randint(6, 18):02d}:{rng.choice(('00', '10', '15', '25', '30', '40', '45', '50'))}",
            "code": rng.choice(phrases.CODES),
            "browser": rng.choice(phrases.BROWSERS),
            "device": rng.choice(phrases.DEVICES),
        }


def _filled(template: str, words: dict[str, str]) -> str:
    text = template.format_map(words) if "{" in template else template
    return text[:1].upper() + text[1:]


def _as_html(paragraphs: list[str], signature: list[str], product: str) -> str:
    body = "".join(f"<p>{html.escape(one)}</p>" for one in paragraphs)
    if not signature:
        return f"<div>{body}</div>"
    signed = "<br>".join(html.escape(one) for one in signature)
    return (
        f'<div dir="ltr">{body}<p>&nbsp;</p><p>{signed}</p>'
        f'<p style="color:#888888;font-size:11px">Sent via the {product} help desk &middot; Terms &amp; privacy</p></div>'
    )
