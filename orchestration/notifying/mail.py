"""Mails by SMTP, one connection each.

What the server says decides: 5xx to an address or a message is final, 4xx is not. Signing in or TLS that fails is a matter of this
installation, not of the message, and is tried again: somebody will mend it. TLS that is asked for is never done without.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from core.notifications import Worded
from core.settings import NotificationSettings
from orchestration.notifying.failures import TryLater, Undeliverable, Unsure

_SAID_AT_MOST = 200


def mail_of(said: Worded, *, sender: str, to: str, message_id: str, now: datetime | None = None) -> EmailMessage:
    """A notification as a mail, as text and as a page.

    Args:
        said: The words.
        sender: Address, with or without a name.
        to: Address.
        message_id: The same for every attempt, so that a mail reader shows two as one.
        now: The present unless given.

    Raises:
        Undeliverable: One of the addresses is none.
    """
    message = EmailMessage()
    try:
        message["From"] = _address(sender)
        message["To"] = _address(to)
    except (ValueError, IndexError) as error:
        raise Undeliverable("The address of this user is none that a mail can be sent to.") from error
    message["Subject"] = said.subject
    message["Date"] = format_datetime(now or datetime.now(UTC))
    message["Message-ID"] = f"<{message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["List-Unsubscribe"] = f"<{said.settings_url}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(said.plain())
    message.add_alternative(said.html(), subtype="html")
    return message


def send_mail(message: EmailMessage, settings: NotificationSettings) -> None:
    """Hand a mail to the server.

    Raises:
        Undeliverable: The server will never take it, or not for this address.
        TryLater: It may later.
        Unsure: It was handed over, and the answer never came.
    """
    sender, to = (parseaddr(str(message[name]))[1] for name in ("From", "To"))
    with _session(settings) as server:
        _expect("the sender", server.mail(sender))
        _expect("the recipient", server.rcpt(to))
        try:
            answer = server.data(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
        except smtplib.SMTPDataError as error:
            answer = (error.smtp_code, _bytes(error.smtp_error))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unsure(
                "The mail server broke off while it was given a mail, before it said whether it has it."
            ) from error
        _expect("the mail", answer)


@contextmanager
def _session(settings: NotificationSettings) -> Iterator[smtplib.SMTP]:
    where, timeout = f"{settings.smtp_host}:{settings.smtp_port}", settings.smtp_timeout_seconds
    try:
        context = ssl.create_default_context()
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=timeout, context=context
            )
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout)
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"The mail server {where} cannot be reached ({type(error).__name__}).") from error
    try:
        try:
            server.ehlo()
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except smtplib.SMTPAuthenticationError as error:
            raise TryLater(
                f"The mail server {where} refused our sign-in: check SMTP_USER and SMTP_PASSWORD."
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise TryLater(
                f"The mail server {where} does not offer what is asked of it: check SMTP_SECURITY and SMTP_USER."
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TryLater(f"The mail server {where} broke off ({type(error).__name__}).") from error
        try:
            yield server
        except smtplib.SMTPServerDisconnected as error:
            raise TryLater(f"The mail server {where} broke off.") from error
        except OSError as error:
            raise TryLater(f"The mail server {where} does not answer any more.") from error
    finally:
        server.close()


def _expect(what: str, answer: tuple[int, bytes]) -> None:
    code, said = answer
    if 200 <= code < 300:
        return
    words = " ".join(said.decode(errors="replace").split())[:_SAID_AT_MOST]
    if 500 <= code < 600:
        raise Undeliverable(f"The mail server refused {what} for good: {code} {words}")
    raise TryLater(f"The mail server does not take {what} now: {code} {words}")


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()


def _address(written: str) -> Address:
    name, address = parseaddr(written)
    user, _, domain = address.rpartition("@")
    if not user or not domain or not address.isascii():
        raise ValueError(f"{written!r} is no address.")
    return Address(display_name=name, username=user, domain=domain)
