"""How a tenant is told things: the budget of its people, and its Slack channel, whose address is a secret."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, insert, select, update

from core.appdb.locking import lock_tenant
from core.appdb.tables import notification_channel as table
from core.errors import ChangedMeanwhile
from core.notifications import CHANNEL_KINDS, NoSuchChannel, SlackChannel
from core.secrets import Vault


class ChannelBook:
    """Reads and sets one tenant's channels."""

    def __init__(
        self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]], vault: Vault
    ) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction
        self._vault = vault
        self._mine = table.c.tenant_id == tenant_id

    def change(
        self,
        *,
        weekly_budget: int,
        slack: SlackChannel | None,
        author: str,
        expected_version: int,
        now: datetime | None = None,
    ) -> None:
        """Set all of it; whatever was wrong with the channel counts as mended.

        Args:
            weekly_budget: Immediate notifications of cards that a recipient gets in seven days.
            slack: The channel; None: there is none.
            author: Subject of the admin.
            expected_version: As they saw it; 0: nothing was ever set.
            now: The present unless given.

        Raises:
            ChangedMeanwhile: Somebody else set it since.
            NoSuchChannel: The address is to be kept, and there is none.
        """
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            held = connection.execute(select(table.c.version, table.c.slack_url).where(self._mine)).first()
            version = held.version if held else 0
            if version != expected_version:
                raise ChangedMeanwhile(
                    f"Somebody changed how your company is told things meanwhile: it is version {version} now. Look again."
                )
            values: dict[str, Any] = {
                "version": version + 1,
                "weekly_budget": weekly_budget,
                "slack_url": self._sealed(slack, held.slack_url if held else None),
                "slack_name": slack.name if slack else None,
                "slack_kinds": [str(one) for one in (slack.kinds if slack else CHANNEL_KINDS)],
                "slack_error": None,
                "updated_by": author,
                "updated_at": now or datetime.now(UTC),
            }
            if held:
                connection.execute(update(table).where(self._mine).values(values))
            else:
                connection.execute(insert(table).values(tenant_id=self._tenant_id, **values))

    def slack_url(self) -> SecretStr | None:
        """The address of the channel's webhook, decrypted; None: there is none.

        Raises:
            UnreadableSecret: It was stored with another key.
        """
        with self._transaction() as connection:
            sealed = connection.scalar(select(table.c.slack_url).where(self._mine))
        return None if sealed is None else SecretStr(self._vault.decrypt(sealed))

    def note(self, error: str | None) -> None:
        """Say why nothing is sent to the channel any more; None: it works."""
        with self._transaction() as connection:
            connection.execute(update(table).where(self._mine).values(slack_error=error))

    def _sealed(self, slack: SlackChannel | None, held: str | None) -> str | None:
        if slack is None:
            return None
        if slack.url is not None:
            return self._vault.encrypt(slack.url.get_secret_value())
        if held is None:
            raise NoSuchChannel("There is no Slack channel yet: paste the address of its incoming webhook.")
        return held
