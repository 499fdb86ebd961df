"""Sends what is due, one after the other, and makes the digests when their time has come."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from core import chaos
from core.appdb.deliveries import TOO_OLD, Delivery
from core.errors import ChurnboardError
from core.installation import Installation
from core.logging import get_logger
from core.notifications import CHANNEL, Worded, worded
from core.secrets import UnreadableSecret
from core.tenants import TenantId
from core.vocabulary import DeliveryChannel
from orchestration.notifying.failures import ChannelGone, TryLater, Undeliverable, Unsure
from orchestration.notifying.mail import mail_of, send_mail
from orchestration.notifying.slack import post_to_slack

_log = get_logger(__name__)

_BETWEEN_LOOKS_SECONDS = 1.0
_BETWEEN_DIGESTS = timedelta(minutes=1)


class Courier:
    """Carries out the deliveries of one installation. Several may, at once: each delivery is one courier's."""

    def __init__(self, place: Installation) -> None:
        self._place = place

    def deliver_due(self, now: datetime | None = None) -> int:
        """Send everything that is due; returns how many deliveries were looked at."""
        count = 0
        while delivery := self._place.deliveries.take(now or datetime.now(UTC)):
            self._deliver(delivery, now)
            count += 1
        return count

    def make_digests(self, now: datetime | None = None) -> int:
        """Write the digests that are due, and let go of what is too old to be kept; returns how many there are new."""
        moment = now or datetime.now(UTC)
        made = self._place.digests.make(moment)
        if made:
            self._place.digests.prune(moment)
            _log.info("notify.digests_made", count=len(made))
        return len(made)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do both, beside whatever is done within, until it ends."""
        done = threading.Event()
        thread = threading.Thread(target=self._run, args=(done,), name="courier", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=self._place.settings.notifications.smtp_timeout_seconds * 2)

    def _run(self, done: threading.Event) -> None:
        digests_at = datetime.now(UTC)
        is_failing = False
        while not done.is_set():
            try:
                if datetime.now(UTC) >= digests_at:
                    digests_at = datetime.now(UTC) + _BETWEEN_DIGESTS
                    self.make_digests()
                while not done.is_set() and (delivery := self._place.deliveries.take(datetime.now(UTC))):
                    self._deliver(delivery, None)
                is_failing = False
            except (ChurnboardError, SQLAlchemyError):
                # What was not sent is still there when the database is back.
                if not is_failing:
                    _log.exception("notify.interrupted")
                is_failing = True
                done.wait(_BETWEEN_LOOKS_SECONDS * 5)
            done.wait(_BETWEEN_LOOKS_SECONDS)

    def _deliver(self, delivery: Delivery, now: datetime | None) -> None:
        chaos.point("notify.after_claim")
        queue, at = self._place.deliveries, now or datetime.now(UTC)
        named = {"tenant": delivery.tenant_id, "notification": delivery.notification_id, "channel": delivery.channel}
        try:
            if why := self._use_of(delivery, at):
                queue.skip(delivery, why, at)
                return
            self._send(delivery)
            chaos.point("notify.after_send")
            queue.sent(delivery, now or datetime.now(UTC))
            _log.info("notify.sent", **named)
        except TryLater as error:
            _log.warning("notify.later", reason=str(error), **named)
            queue.later(delivery, str(error), at, after=error.after)
        except Unsure as error:
            _log.warning("notify.unsure", reason=str(error), **named)
            queue.unsure(delivery, at)
        except (Undeliverable, UnreadableSecret) as error:
            _log.warning("notify.failed", reason=str(error), **named)
            if isinstance(error, ChannelGone | UnreadableSecret):
                self._place.channels(TenantId(delivery.tenant_id)).note(str(error))
            queue.fail(delivery, str(error), at)
        except Exception:  # noqa: BLE001 - a courier outlives what one delivery does wrong
            _log.exception("notify.broke", **named)
            queue.unsure(delivery, at)

    def _use_of(self, delivery: Delivery, now: datetime) -> str | None:
        """Why there is no use in sending it; None: there is."""
        if now - delivery.queued_at > TOO_OLD:
            return "It had waited for too long for anybody to want it: it stands on the board."
        if delivery.channel is DeliveryChannel.EMAIL:
            if not self._place.settings.notifications.smtp_host:
                return "No mail server is set (SMTP_HOST), so nothing is mailed."
            if delivery.email is None:
                return "Whom it was for has left."
        elif delivery.sealed_url is None:
            return "There is no Slack channel any more."
        return None

    def _send(self, delivery: Delivery) -> None:
        said = self._words(delivery)
        settings = self._place.settings
        mail = settings.notifications
        if delivery.channel is DeliveryChannel.EMAIL:
            message_id = f"{delivery.notification_id}.{delivery.channel}"
            message = mail_of(said, sender=mail.smtp_from, to=delivery.email or "", message_id=message_id)
            send_mail(message, mail)
            return
        url = self._place.channels(TenantId(delivery.tenant_id)).slack_url()
        if url is not None:
            post_to_slack(url, said.slack(), is_local=settings.is_local, timeout_seconds=mail.smtp_timeout_seconds)

    def _words(self, delivery: Delivery) -> Worded:
        return worded(
            kind=delivery.kind,
            actor_name=delivery.actor_name,
            recipient_name="a colleague" if delivery.recipient == CHANNEL else None,
            companies=delivery.companies,
            company_count=delivery.company_count,
            card_id=delivery.card_id,
            base_url=self._place.settings.board_url,
        )
