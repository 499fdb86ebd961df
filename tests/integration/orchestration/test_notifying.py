"""What leaves the house, to a real mail server and a real webhook, on both engines, with all that goes wrong there."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select

from core.appdb.deliveries import FIRST_WAIT, LEASE, MAX_ATTEMPTS, TOO_OLD
from core.appdb.directory import Tenant
from core.appdb.engine import writing
from core.appdb.notifications import NotificationBook, tell
from core.appdb.tables import notification, notification_channel, notification_delivery, task, user
from core.appdb.tasks import TaskBook
from core.installation import Installation
from core.notifications import CHANNEL, Planned, Preference, SlackChannel
from core.notifications.planning import id_of
from core.settings import Settings
from core.tenants import cell, tenant_id
from core.vocabulary import NotificationKind, NotificationWay, Role, Severity, TaskKind, TaskStatus
from orchestration.notifying import slack as slack_module
from orchestration.notifying.courier import Courier
from orchestration.notifying.failures import ChannelGone
from orchestration.notifying.slack import post_to_slack
from orchestration.tasks.worker import work
from tests.support.mail_server import DROP, MailServer, certificate_in
from tests.support.slack import SlackHook

ACME = tenant_id("acme")
# A Tuesday, after the digests of the morning.
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[SlackHook]:
    with SlackHook() as server:
        yield server


@pytest.fixture
def place(
    app_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail: MailServer
) -> Iterator[Installation]:
    monkeypatch.setenv("APP_DATABASE_URL", app_database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    mail_settings(monkeypatch, mail)
    place = Installation(Settings())
    place.directory.save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    people = {"ann": ("Ann Archer", Role.ADMIN), "bo": ("Bo Berg", Role.MEMBER)}
    with writing(place.app_database) as connection:
        for subject, (name, role) in people.items():
            values = {"subject": subject, "email": f"{subject}@acme.example", "name": name, "role": role}
            connection.execute(insert(user).values(tenant_id=ACME, **values))
    yield place
    place.app_database.dispose()


def mail_settings(monkeypatch: pytest.MonkeyPatch, mail: MailServer, **values: Any) -> None:
    for name, value in (
        {"host": "127.0.0.1", "port": mail.port, "security": "none", "from": "churnboard <churn@board.example>"}
        | values
    ).items():
        monkeypatch.setenv(f"SMTP_{name.upper()}", str(value))


def again(place: Installation) -> Installation:
    """The installation with the settings as they are now, on the same database."""
    return Installation(Settings())


def plan(number: int = 1, recipient: str = "bo", **values: Any) -> Planned:
    kind = values.pop("kind", NotificationKind.CARD)
    cards = [{"card_id": f"card-{number}", "trigger_type": "frustrated", "severity": "high", "is_risen": False}]
    company = {
        "company_id": f"c{number}",
        "company_name": f"Company {number}",
        "severity": "high",
        "priority": float(number),
        "cards": cards,
    }
    return Planned(
        notification_id=id_of(ACME, recipient, kind, str(number)),
        recipient=recipient,
        kind=kind,
        card_id=f"card-{number}",
        severity=Severity.HIGH,
        priority=float(number),
        companies=(company,),
        **values,
    )


def told(place: Installation, *plans: Planned, at: datetime = NOW) -> list[str]:
    with writing(place.app_database) as connection:
        return tell(connection, ACME, plans or [plan()], now=at)


def with_slack(place: Installation, hook: SlackHook, **values: Any) -> None:
    channel = SlackChannel(url=SecretStr(hook.url), name="#churn", **values)
    place.channels(ACME).change(weekly_budget=10, slack=channel, author="ann", expected_version=0)


def delivery(place: Installation) -> dict[str, Any]:
    with place.app_database.connect() as connection:
        return dict(connection.execute(select(notification_delivery)).mappings().one())


def test_a_mail_says_what_it_must_and_is_sent_once(place: Installation, mail: MailServer) -> None:
    said = plan(kind=NotificationKind.MENTION, actor="ann")
    told(place, said)
    told(place, plan(2, "ann"))
    courier = Courier(place)
    assert courier.deliver_due(NOW) == 2
    assert courier.deliver_due(NOW + timedelta(days=1)) == 0
    by_address = {one.to[0]: one.message for one in mail.mails}
    assert set(by_address) == {"bo@acme.example", "ann@acme.example"}
    message = by_address["bo@acme.example"]
    assert message["Subject"] == "[churnboard] Ann Archer mentioned you on Company 1"
    assert message["From"] == "churnboard <churn@board.example>"
    assert message["List-Unsubscribe"].endswith("/settings/notifications>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{said.notification_id}.email@board.example>"
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert "http://127.0.0.1:8000/cards/card-1" in part.get_content()
    assert told(place, said) == [], "what was told is not told again"
    assert courier.deliver_due(NOW + timedelta(days=1)) == 0


def test_what_a_person_does_not_want_is_not_mailed(place: Installation, mail: MailServer) -> None:
    book = NotificationBook(ACME, lambda: writing(place.app_database))
    book.prefer("bo", {NotificationKind.CARD: Preference(is_in_app=True, is_email=False)})
    told(place, plan(1), plan(2, kind=NotificationKind.ASSIGNMENT))
    Courier(place).deliver_due(NOW)
    [one] = mail.mails
    assert "gave you the card" in str(one.message["Subject"])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mails_go_over_tls_with_a_sign_in_and_never_without(
    place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    certificate = certificate_in(tmp_path)
    with MailServer(users={"cb": "s3cret"}, certificate=certificate, is_tls=security == "tls") as server:
        mail_settings(monkeypatch, server, security=security, user="cb", password="s3cret")
        told(place)
        Courier(again(place)).deliver_due(NOW)
        assert server.mails == [], "nobody vouches for this certificate"
        assert delivery(place)["status"] == "queued"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        Courier(again(place)).deliver_due(NOW + FIRST_WAIT)
        [one] = server.mails
        assert (one.is_over_tls, one.user) == (True, "cb")


def test_a_server_without_starttls_gets_neither_mail_nor_password(
    place: Installation, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_settings(monkeypatch, mail, security="starttls", user="cb", password="s3cret")
    told(place)
    Courier(again(place)).deliver_due(NOW)
    assert mail.mails == []
    assert "SMTP_SECURITY" in delivery(place)["error_message"]


@pytest.mark.parametrize(
    ("answers", "refused", "status", "sentence"),
    [
        ({}, {"bo@acme.example": "550 5.1.1 no such user"}, "failed", "refused the recipient for good: 550"),
        ({}, {"bo@acme.example": "450 4.2.0 greylisted"}, "queued", "does not take the recipient now: 450"),
        ({"mail": ["553 5.7.1 not your address"]}, {}, "failed", "refused the sender for good: 553"),
        ({"body": ["554 5.7.1 spam"]}, {}, "failed", "refused the mail for good: 554"),
        ({"body": ["452 4.3.1 disk full"]}, {}, "queued", "does not take the mail now: 452"),
        ({"connect": ["421 4.3.2 shutting down"]}, {}, "queued", "cannot be reached"),
        ({"rcpt": [DROP]}, {}, "queued", "broke off"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_a_mail_server_says_decides(
    place: Installation,
    mail: MailServer,
    answers: dict[str, list[str]],
    refused: dict[str, str],
    status: str,
    sentence: str,
) -> None:
    # Answers are used up; these are given again on the other engine.
    mail.answers, mail.refused = {step: list(said) for step, said in answers.items()}, dict(refused)
    told(place)
    Courier(place).deliver_due(NOW)
    held = delivery(place)
    assert (held["status"], mail.mails) == (status, [])
    assert sentence in held["error_message"]
    mail.refused = {}
    assert Courier(place).deliver_due(NOW + FIRST_WAIT) == (1 if status == "queued" else 0)
    assert len(mail.mails) == (1 if status == "queued" else 0)


def test_a_server_that_is_down_is_tried_later_and_not_for_ever(place: Installation, mail: MailServer) -> None:
    mail.answers = {"connect": ["421 later"] * 100}
    told(place)
    at, tried = NOW, []
    for _ in range(20):
        if Courier(place).deliver_due(at):
            tried.append(at)
        held = delivery(place)
        if held["status"] == "failed":
            break
        at = held["due_at"]
    assert len(tried) == MAX_ATTEMPTS
    waits = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert waits == [FIRST_WAIT * 2**number for number in range(MAX_ATTEMPTS - 1)]
    assert f"tried {MAX_ATTEMPTS} times" in delivery(place)["error_message"]


def test_a_mail_whose_fate_nobody_knows_is_sent_twice_at_most(place: Installation, mail: MailServer) -> None:
    mail.answers = {"body": [DROP, DROP, DROP]}
    told(place)
    for number in range(6):
        Courier(place).deliver_due(NOW + number * LEASE)
    assert len(mail.mails) == 2
    assert len({str(one.message["Message-ID"]) for one in mail.mails}) == 1, "a reader sees that it is one"
    assert delivery(place)["status"] == "failed"
    assert "may have been sent" in delivery(place)["error_message"]


def killed(point: str, at: datetime) -> None:
    """Deliver in a process of its own, and kill it there."""
    code = (
        "from datetime import datetime; from core.installation import Installation; from core.settings import Settings; "
        "from orchestration.notifying.courier import Courier; import sys; "
        "Courier(Installation(Settings())).deliver_due(datetime.fromisoformat(sys.argv[1]))"
    )
    environment = os.environ | {"CHAOS_SEED": "1", "CHAOS_POINTS": f"{point}:kill"}
    done = subprocess.run([sys.executable, "-c", code, at.isoformat()], env=environment, check=False)
    assert done.returncode == -9


def test_killed_before_it_was_sent_it_is_sent_once(place: Installation, mail: MailServer) -> None:
    told(place)
    killed("notify.after_claim", NOW)
    assert Courier(place).deliver_due(NOW + timedelta(seconds=1)) == 0, "it may still be on its way"
    assert Courier(place).deliver_due(NOW + LEASE) == 1
    assert (len(mail.mails), delivery(place)["status"]) == (1, "sent")


def test_killed_between_sending_and_saying_so_it_is_sent_twice_at_most(place: Installation, mail: MailServer) -> None:
    told(place)
    for number in range(2):
        killed("notify.after_send", NOW + number * LEASE)
    assert len(mail.mails) == 2
    for number in range(2, 5):
        Courier(place).deliver_due(NOW + number * LEASE)
    assert len(mail.mails) == 2
    assert (delivery(place)["status"], delivery(place)["unsure_count"]) == ("failed", 2)


def test_what_nobody_wants_any_more_is_not_sent(
    place: Installation, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(place, plan(1))
    Courier(place).deliver_due(NOW + TOO_OLD + timedelta(seconds=1))
    assert delivery(place)["status"] == "skipped"
    with writing(place.app_database) as connection:
        connection.execute(notification.delete())
    told(place, plan(2, "gone"))
    Courier(place).deliver_due(NOW)
    assert "has left" in delivery(place)["error_message"]
    with writing(place.app_database) as connection:
        connection.execute(notification.delete())
    monkeypatch.setenv("SMTP_HOST", "")
    told(place, plan(3))
    Courier(again(place)).deliver_due(NOW)
    assert (delivery(place)["status"], mail.mails) == ("skipped", [])


def test_a_channel_is_told_and_its_address_is_a_secret(place: Installation, hook: SlackHook) -> None:
    with_slack(place, hook)
    told(place, plan(1, CHANNEL))
    Courier(place).deliver_due(NOW)
    [said] = hook.said
    assert "Company 1 may be about to leave" in said
    with place.app_database.connect() as connection:
        sealed = connection.scalar(select(notification_channel.c.slack_url))
    assert sealed is not None
    assert "secret" not in sealed
    assert delivery(place)["status"] == "sent"


def test_a_channel_that_asks_for_a_pause_gets_it(place: Installation, hook: SlackHook) -> None:
    with_slack(place, hook)
    hook.answers = [(429, {"Retry-After": "600"}), (503, {})]
    told(place, plan(1, CHANNEL))
    Courier(place).deliver_due(NOW)
    assert delivery(place)["due_at"] == NOW + timedelta(seconds=600)
    assert Courier(place).deliver_due(NOW + timedelta(seconds=599)) == 0
    Courier(place).deliver_due(NOW + timedelta(seconds=600))
    assert "trouble of its own (503)" in delivery(place)["error_message"]
    Courier(place).deliver_due(NOW + timedelta(seconds=600) + 2 * FIRST_WAIT)
    assert (len(hook.said), delivery(place)["status"]) == (3, "sent")


@pytest.mark.parametrize("status", [404, 410, 403, 302])
def test_a_channel_that_is_gone_is_told_nothing_more_until_it_is_mended(
    place: Installation, hook: SlackHook, status: int
) -> None:
    with_slack(place, hook)
    hook.answers = [(status, {"Location": "http://127.0.0.1:1/elsewhere"})]
    told(place, plan(1, CHANNEL))
    Courier(place).deliver_due(NOW)
    assert delivery(place)["status"] == "failed"
    with place.app_database.connect() as connection:
        error = connection.scalar(select(notification_channel.c.slack_error))
    assert error is not None
    assert str(status) in error
    told(place, plan(2, CHANNEL))
    assert Courier(place).deliver_due(NOW) == 0
    channel = SlackChannel(url=None, name="#churn")
    place.channels(ACME).change(weekly_budget=10, slack=channel, author="ann", expected_version=1)
    told(place, plan(3, CHANNEL))
    Courier(place).deliver_due(NOW)
    assert len(hook.said) == 2


def test_a_message_whose_fate_nobody_knows_is_posted_twice_at_most(place: Installation, hook: SlackHook) -> None:
    with_slack(place, hook)
    hook.answers = [(0, {})] * 5
    told(place, plan(1, CHANNEL))
    for number in range(6):
        Courier(place).deliver_due(NOW + number * LEASE)
    assert (len(hook.said), delivery(place)["status"]) == (2, "failed")


def test_our_own_network_is_sent_nothing(hook: SlackHook, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (hook.url, hook.url.replace("http:", "https:"), "https://metadata.internal/x"):
        with pytest.raises(ChannelGone):
            post_to_slack(SecretStr(url), {"text": "x"}, is_local=False, timeout_seconds=2)
    # A name that leads to us is as good as our address, whatever else it leads to.
    found = [(0, 0, 0, "", ("8.8.8.8", 443)), (0, 0, 0, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(slack_module.socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(ChannelGone, match="inside our own network"):
        post_to_slack(SecretStr("https://chat.example.com/x"), {"text": "x"}, is_local=False, timeout_seconds=2)
    assert hook.said == []


def put_off(number: int, way: NotificationWay, recipient: str = "bo") -> Planned:
    return plan(number, recipient, way=way)


def test_digests_tell_what_was_put_off_once_the_most_urgent_first(
    place: Installation, mail: MailServer, hook: SlackHook
) -> None:
    with_slack(place, hook)
    told(place, *(put_off(number, NotificationWay.DAILY) for number in (1, 3, 2)), put_off(7, NotificationWay.WEEKLY))
    told(place, put_off(4, NotificationWay.DAILY, CHANNEL))
    courier = Courier(place)
    assert courier.make_digests(NOW) == 0, "due tomorrow morning"
    assert courier.deliver_due(NOW) == 0
    morning = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
    assert [courier.make_digests(morning) for _ in range(2)] == [2, 0]
    courier.deliver_due(morning)
    [one] = mail.mails
    text = one.message.get_body(("plain",))
    assert text is not None
    assert [line for line in text.get_content().splitlines() if line.startswith("- ")] == [
        f"- Company {number}: frustrated, high" for number in (3, 2, 1)
    ]
    assert len(hook.said) == 1
    monday = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)
    assert [courier.make_digests(monday - timedelta(days=1)), courier.make_digests(monday)] == [0, 1]
    courier.deliver_due(monday)
    assert "1 more company" in str(mail.mails[-1].message["Subject"])


@contextmanager
def trying(place: Installation, channel: str) -> Iterator[dict[str, Any]]:
    book = TaskBook(ACME, lambda: writing(place.app_database))
    task_id = book.ask(TaskKind.NOTIFICATION_TEST, {"channel": channel}, asked_by="ann")
    work(place, is_once=True)
    with place.app_database.connect() as connection:
        yield dict(connection.execute(select(task).where(task.c.task_id == task_id)).mappings().one())


def test_a_test_says_whether_it_arrives_and_why_not(place: Installation, mail: MailServer, hook: SlackHook) -> None:
    with trying(place, "email") as done:
        assert (done["status"], done["result"]["sent_to"]) == (TaskStatus.DONE, "ann@acme.example")
    assert "This is a test" in str(mail.mails[0].message["Subject"])
    with trying(place, "slack") as done:
        assert "There is no Slack channel" in done["error_message"]
    with_slack(place, hook)
    hook.answers = [(410, {})]
    with trying(place, "slack") as done:
        assert "410" in done["error_message"]
    with trying(place, "slack") as done:
        assert done["status"] == TaskStatus.DONE
    with place.app_database.connect() as connection:
        assert connection.scalar(select(notification_channel.c.slack_error)) is None, "it works again"


def test_a_courier_beside_the_worker_sends_within_moments(place: Installation, mail: MailServer) -> None:
    with Courier(place).running():
        told(place, at=datetime.now(UTC))
        deadline = time.monotonic() + 15
        while not mail.mails and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(mail.mails) == 1


def test_two_couriers_share_the_work(place: Installation, mail: MailServer) -> None:
    told(place, *(plan(number) for number in range(12)))
    threads = [threading.Thread(target=Courier(place).deliver_due, args=(NOW,)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(mail.mails) == len({str(one.message["Message-ID"]) for one in mail.mails}) == 12
    with place.app_database.connect() as connection:
        assert set(connection.scalars(select(notification_delivery.c.status))) == {"sent"}
