"""A test message: whether a channel works, told to the admin who asks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.appdb.tasks import Task
from core.errors import Terminal
from core.installation import Installation
from core.notifications import trial_message
from core.vocabulary import DeliveryChannel
from orchestration.notifying.failures import ChannelGone, TryLater, Unsure
from orchestration.notifying.mail import mail_of, send_mail
from orchestration.notifying.slack import post_to_slack

if TYPE_CHECKING:
    from orchestration.tasks.handlers import Report


class TrialFailed(Terminal):
    """The test message did not get out."""


def try_channel(place: Installation, task: Task, report: "Report") -> Mapping[str, Any]:
    """Send a test message, once and at once; whoever waits for it wants to know what is wrong, not that it is tried again."""
    tenant = place.directory.tenant(task.tenant_id)
    said = trial_message(place.settings.board_url, tenant.name)
    channel, mail = DeliveryChannel(task.arguments["channel"]), place.settings.notifications
    report("sending")
    try:
        if channel is DeliveryChannel.EMAIL:
            to = place.directory.email_of(tenant.tenant_id, task.asked_by)
            if not mail.smtp_host:
                raise TrialFailed(
                    "No mail server is set: whoever runs this installation sets SMTP_HOST (docs/operations.md)."
                )
            message = mail_of(said, sender=mail.smtp_from, to=to, message_id=f"{task.task_id}.{task.attempt}.test")
            send_mail(message, mail)
            return {"channel": channel, "sent_to": to}
        book = place.channels(tenant.tenant_id)
        url = book.slack_url()
        if url is None:
            raise TrialFailed("There is no Slack channel: paste the address of its incoming webhook first, and save.")
        try:
            post_to_slack(
                url, said.slack(), is_local=place.settings.is_local, timeout_seconds=mail.smtp_timeout_seconds
            )
        except ChannelGone as error:
            book.note(str(error))
            raise
        book.note(None)
    except (TryLater, Unsure) as error:
        raise TrialFailed(str(error)) from error
    return {"channel": channel, "sent_to": None}
