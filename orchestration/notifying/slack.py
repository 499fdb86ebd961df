"""Messages to a Slack-compatible incoming webhook.

An admin types its address, and our network is behind us: outside `local` the name is looked up once, every address it has must be
one of the Internet, and the connection goes to one that was looked at, whatever the name says a moment later. Redirects are
not followed. The address is a secret, and in no message and no log.
"""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from pydantic import SecretStr

from core.notifications import UnsafeWebhook, checked_webhook, is_public
from orchestration.notifying.failures import ChannelGone, TryLater, Undeliverable, Unsure

_GONE = frozenset({401, 403, 404, 405, 410})
_MOST_READ = 300


def post_to_slack(url: SecretStr, payload: dict[str, str], *, is_local: bool, timeout_seconds: float) -> None:
    """Post a message.

    Raises:
        ChannelGone: The webhook takes nothing any more, or is none that may be sent to.
        Undeliverable: It will not take this message.
        TryLater: It may later.
        Unsure: It was sent, and the answer never came.
    """
    try:
        target = httpx.URL(checked_webhook(url.get_secret_value(), is_local=is_local))
    except UnsafeWebhook as error:
        raise ChannelGone(str(error)) from error
    headers, extensions = {"Host": target.netloc.decode("ascii")}, {}
    if not is_local:
        extensions = {"sni_hostname": target.host}
        target = target.copy_with(host=_public_address(target.host, target.port or 443))
    try:
        # A proxy would look the name up for itself.
        with httpx.Client(timeout=timeout_seconds, follow_redirects=False, trust_env=False) as client:
            answer = client.post(target, json=payload, headers=headers, extensions=extensions)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TryLater(f"The Slack webhook cannot be reached ({type(error).__name__}).") from error
    except httpx.HTTPError as error:
        raise Unsure("The Slack webhook broke off before it said whether it has the message.") from error
    _judge(answer)


def _judge(answer: httpx.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    said = " ".join(answer.text[:_MOST_READ].split())
    if status == 429:
        raise TryLater("Slack asks to be left alone for a while (429).", _wait(answer.headers.get("Retry-After")))
    if status in _GONE:
        raise ChannelGone(
            f"The Slack webhook takes nothing any more ({status}): make a new one in Slack, and paste its address."
        )
    if 300 <= status < 400:
        raise ChannelGone(
            f"The Slack webhook sends us elsewhere ({status}), where we do not follow: paste its final address."
        )
    if status < 500:
        raise Undeliverable(f"Slack refused this message ({status}): {said}")
    raise TryLater(f"Slack has trouble of its own ({status}).", _wait(answer.headers.get("Retry-After")))


def _wait(said: str | None) -> timedelta | None:
    """What `Retry-After` says: seconds, or a date."""
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return timedelta(seconds=min(max(seconds, 0.0), 86_400.0))


def _public_address(host: str, port: int) -> str:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise TryLater("The name of the Slack webhook's host is not known at the moment.") from error
    if not found or not all(is_public(one) for one in found):
        raise ChannelGone("The Slack webhook's host is inside our own network, where messages are not sent to.")
    return min(found, key=lambda one: (":" in one, one))
