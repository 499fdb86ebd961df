"""Machines that write mail say so; people who write about them do not count as one."""

import pytest

from ingestion.hubspot.threads.automated import is_automated


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Export is empty",
        "Out of Office",
        "Out of office: back on Monday",
        "Automatische Antwort: Export leer",
        "Abwesenheitsnotiz: Export",
        "Réponse automatique : Export vide",
        "Respuesta automática: Exportación",
        "Risposta automatica: Export",
        "Automatisch antwoord: Export",
        "Resposta automática: Exportação",
        "Autosvar: Export",
        "[Auto-Reply] Export",
        "Undeliverable: Export is empty",
        "Undelivered Mail Returned to Sender",
        "Delivery Status Notification (Failure)",
        "Unzustellbar: Export",
        "自动回复: Export",
    ],
)
def test_a_subject_that_gives_a_machine_away(subject: str) -> None:
    assert is_automated({}, sender="anna@customer.example", subject=subject)


@pytest.mark.parametrize(
    "subject",
    [
        None,
        "",
        "Re: Automatic reply: Export is empty",
        "Out of office messages are not sent",
        "The automatic reply is wrong",
        "Automation fails",
        "Autoresponse?",
        "Auto reply is broken",
        "Undeliverable mails in your product",
        "Delivery of our order",
        "Re: [Ticket 12] Export",
    ],
)
def test_a_subject_that_people_write(subject: str | None) -> None:
    assert not is_automated({}, sender="anna@customer.example", subject=subject)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"auto-submitted": "auto-replied"}, True),
        ({"auto-submitted": "Auto-Generated; owner"}, True),
        ({"auto-submitted": "no"}, False),
        ({"x-autoreply": "yes"}, True),
        ({"x-autoreply": "no"}, False),
        ({"precedence": "bulk"}, True),
        ({"precedence": "auto_reply"}, True),
        ({"precedence": "list", "list-id": "<support.vendor.example>"}, False),
        ({"x-auto-response-suppress": "All"}, False),
        ({"return-path": "<>"}, True),
        ({"return-path": "<anna@customer.example>"}, False),
        ({"content-type": "multipart/report; report-type=delivery-status"}, True),
    ],
)
def test_headers(headers: dict[str, str], *, expected: bool) -> None:
    assert is_automated(headers, sender="anna@customer.example", subject="Export") is expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("MAILER-DAEMON@mx.example", True),
        ("postmaster@customer.example", True),
        ("no-reply@customer.example", True),
        ("noreply+42@customer.example", True),
        ("donotreply@customer.example", True),
        ("noreen@customer.example", False),
        ("bouncer@customer.example", False),
        (None, False),
    ],
)
def test_senders(sender: str | None, *, expected: bool) -> None:
    assert is_automated({}, sender=sender, subject="Export") is expected
