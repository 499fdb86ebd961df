"""What is sent away: it says what it must, leads to the board, and nothing in it breaks out."""

import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.notifications import Worded, worded
from core.notifications.webhooks import UnsafeWebhook, checked_webhook, is_public
from core.vocabulary import NotificationKind

BASE = "https://churn.example.com"
EVIL = '<script>alert(1)</script> & "Co" <!channel> @here *x* `y` |z\r\nBcc: eve@example.com'


def say(kind: NotificationKind = NotificationKind.MENTION, name: str = "Acme", **values: Any) -> Worded:
    cards = [{"card_id": "c/1", "trigger_type": "significant_support", "severity": "high", "is_risen": True}]
    company = {"company_id": "1", "company_name": name, "severity": "high", "priority": 1.0, "cards": cards}
    base: dict[str, Any] = {
        "kind": kind,
        "actor_name": "Ann",
        "recipient_name": None,
        "companies": [company],
        "company_count": 1,
        "card_id": "c/1",
        "base_url": BASE,
    }
    return worded(**base | values)


@pytest.mark.parametrize(
    ("kind", "values", "lead"),
    [
        (NotificationKind.MENTION, {}, "Ann mentioned you on Acme"),
        (NotificationKind.MENTION, {"recipient_name": "a colleague"}, "Ann mentioned a colleague on Acme"),
        (NotificationKind.ASSIGNMENT, {"actor_name": None}, "Somebody gave you the card of Acme"),
        (NotificationKind.CARD, {}, "Acme may be about to leave: significant support, high (got worse)"),
        (NotificationKind.DIGEST, {}, "1 more company to look at"),
        (NotificationKind.DIGEST, {"company_count": 31}, "31 more companies to look at"),
    ],
)
def test_each_kind_says_what_it_is_about(kind: NotificationKind, values: dict[str, Any], lead: str) -> None:
    said = say(kind, **values)
    assert said.lead == lead
    assert said.subject == f"[churnboard] {lead}"
    for form in (said.plain(), html.unescape(said.html()), said.slack()["text"]):
        assert lead in form
        assert f"{BASE}/cards/c%2F1" in form
    assert f"{BASE}/settings/notifications" in said.plain()
    if values.get("company_count"):
        assert "And 30 more on the board." in said.plain()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is called
        self.found.append(tag)


@given(st.text(max_size=60) | st.just(EVIL))
def test_a_name_breaks_out_of_nothing(name: str) -> None:
    said, plain = say(NotificationKind.CARD, name=name), say(NotificationKind.CARD)
    assert len(re.split(r"[\r\n\u2028\u2029\x0b\x0c\x1c-\x1e\x85]", said.subject)) == 1
    tags, expected = _Tags(), _Tags()
    tags.feed(said.html())
    expected.feed(plain.html())
    assert tags.found == expected.found
    slack = said.slack()["text"]
    links = re.findall(r"<([^>]*)>", slack)
    assert all(link.startswith(f"{BASE}/") for link in links)
    assert len(links) == len(re.findall(r"<([^>]*)>", plain.slack()["text"]))
    assert not re.search(r"@\w|<!", slack)
    assert slack.count("\n") == plain.slack()["text"].count("\n")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T/B/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://127.1/x",
        "https://localhost/x",
        "https://db.internal/x",
        "https://printer.local./x",
        "https://intranet/x",
        "https://user:secret@hooks.slack.com/x",
        "https://hooks.slack.com/x#y",
        "https:///x",
        "https://hooks.slack.com:99999/x",
        "https://hooks.slack.com/a b",
        "https://hooks.slack.com/a\nb",
        "ftp://hooks.slack.com/x",
        "",
    ],
)
def test_what_is_no_public_webhook_is_refused(url: str) -> None:
    with pytest.raises(UnsafeWebhook) as raised:
        checked_webhook(url, is_local=False)
    assert "secret" not in str(raised.value)


def test_a_public_webhook_is_taken_and_on_one_machine_any() -> None:
    assert checked_webhook(" https://hooks.slack.com/services/T/B/x ", is_local=False).endswith("/x")
    assert checked_webhook("http://127.0.0.1:8065/hooks/x", is_local=True)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::ffff:8.8.8.8", True),
    ],
)
def test_which_addresses_are_of_the_internet(address: str, expected: bool) -> None:
    assert is_public(address) is expected
