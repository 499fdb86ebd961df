"""A notification in words: one wording, written as a mail and as a Slack message.

What is sent away cannot be erased any more. So neither a customer's words nor what colleagues wrote is in it, only names of
companies and people, triggers and severities, and the link to where the rest stands.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from core.vocabulary import NotificationKind

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True)
class Entry:
    """A line about one company, and where it leads."""

    text: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Worded:
    """A notification, ready to be written as a mail or a Slack message.

    Attributes:
        subject: One line.
        lead: A sentence above the entries.
        entries: Company by company.
        more: A sentence below them; empty: none.
        action: What the main link says.
        url: Where it leads.
        settings_url: Where one says what one wants to be told.
    """

    subject: str
    lead: str
    entries: Sequence[Entry]
    more: str
    action: str
    url: str
    settings_url: str

    def plain(self) -> str:
        """As text."""
        lines = [self.lead, "", *(f"- {one.text}\n  {one.url}" for one in self.entries)]
        lines += ["", self.more] if self.more else []
        lines += ["", f"{self.action}: {self.url}", "", f"What you are told, and where: {self.settings_url}"]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """As a page that every mail reader can show: no script, no image, nothing fetched from anywhere."""
        items = "".join(f"<li>{_link(one.url, one.text)}</li>" for one in self.entries)
        more = f"<p>{html.escape(self.more)}</p>" if self.more else ""
        return (
            '<!doctype html><html lang="en"><body style="font:15px/1.5 system-ui,sans-serif;color:#1b1d1e">'
            f"<p>{html.escape(self.lead)}</p><ul>{items}</ul>{more}<p>{_link(self.url, self.action)}</p>"
            f'<p style="color:#64686b;font-size:13px">{_link(self.settings_url, "What you are told, and where")}</p>'
            "</body></html>"
        )

    def slack(self) -> dict[str, str]:
        """As what an incoming webhook takes."""
        lines = [f"*{_mrkdwn(self.lead)}*", *(f"• <{one.url}|{_mrkdwn(one.text)}>" for one in self.entries)]
        lines += [_mrkdwn(self.more)] if self.more else []
        lines.append(f"<{self.url}|{_mrkdwn(self.action)}>")
        return {"text": "\n".join(lines)}


def worded(
    *,
    kind: NotificationKind,
    actor_name: str | None,
    recipient_name: str | None,
    companies: Sequence[Mapping[str, Any]],
    company_count: int,
    card_id: str | None,
    base_url: str,
) -> Worded:
    """Put a notification into words.

    Args:
        kind: Why it is told.
        actor_name: Who caused it; None: the pipeline.
        recipient_name: Who is told, where it is told to others; None: the reader.
        companies: As in `Planned.companies`.
        company_count: How many there are.
        card_id: The card it leads to.
        base_url: Root of the board, without a slash at its end.
    """
    entries = [_entry(one, base_url) for one in companies]
    first = one_line(companies[0]["company_name"]) if companies else "a card"
    actor, whom = one_line(actor_name or "Somebody"), one_line(recipient_name) if recipient_name else "you"
    action, url = "Open the card", _card_url(base_url, card_id)
    more = ""
    match kind:
        case NotificationKind.MENTION:
            lead = f"{actor} mentioned {whom} on {first}"
        case NotificationKind.ASSIGNMENT:
            lead = f"{actor} gave {'you' if whom == 'you' else whom} the card of {first}"
        case NotificationKind.CARD:
            lead = f"{first} may be about to leave: {_cards(companies[0])}"
        case NotificationKind.DIGEST:
            lead = "1 more company to look at" if company_count == 1 else f"{company_count} more companies to look at"
            left = company_count - len(companies)
            more = f"And {left} more on the board." if left > 0 else ""
            action, url = "Open the board", f"{base_url}/"
    return Worded(
        subject=f"[churnboard] {lead}"[:200],
        lead=lead,
        entries=entries,
        more=more,
        action=action,
        url=url,
        settings_url=f"{base_url}/settings/notifications",
    )


def trial_message(base_url: str, tenant_name: str) -> Worded:
    """What is sent to find out whether a channel works."""
    return Worded(
        subject="[churnboard] This is a test",
        lead=f"This is a test from churnboard, for {one_line(tenant_name)}: notifications arrive here.",
        entries=(),
        more="",
        action="Open the board",
        url=f"{base_url}/",
        settings_url=f"{base_url}/settings/notifications",
    )


def one_line(text: str) -> str:
    """Text that cannot break out of a line: of a header, of a list."""
    return _BREAKS.sub(" ", text).strip()


def _entry(company: Mapping[str, Any], base_url: str) -> Entry:
    card_id = company["cards"][0]["card_id"] if company["cards"] else None
    return Entry(f"{one_line(company['company_name'])}: {_cards(company)}", _card_url(base_url, card_id))


def _cards(company: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{str(one['trigger_type']).replace('_', ' ')}, {one['severity']}{' (got worse)' if one['is_risen'] else ''}"
        for one in company["cards"]
    )


def _card_url(base_url: str, card_id: str | None) -> str:
    return f"{base_url}/cards/{quote(card_id, safe='')}" if card_id else f"{base_url}/"


def _link(url: str, text: str) -> str:
    return f'<a href="{html.escape(url)}">{html.escape(text)}</a>'


def _mrkdwn(text: str) -> str:
    """Escaped, and without a mark that a chat would take for a call to everybody, for emphasis or for the end of a link."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "/")
    return safe.replace("@", "@\u200b").replace("*", "\u2217").replace("`", "'")
