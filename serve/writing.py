"""The one place where a request writes: the counterpart of `serve.tenancy`.

What can be written is bound to a verified user's tenant before an endpoint gets hold of it, and nothing else can be: there is no
tenant to name, and no connection to a database to do something else with. On Postgres each transaction runs as the role that owns
nothing, which may write to these few tables only, and row-level security knows the tenant.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from core.appdb.budgets import BudgetBook
from core.appdb.card_events import CardBook
from core.appdb.corrections import CorrectionBook
from core.appdb.deletions import DeletionBook
from core.appdb.directory import TenantBook
from core.appdb.engine import writing
from core.appdb.mappings import MappingBook
from core.appdb.notification_channels import ChannelBook
from core.appdb.notifications import NotificationBook
from core.appdb.onboarding import OnboardingBook
from core.appdb.rules import RuleBook
from core.appdb.tasks import TaskBook
from core.appdb.topics import TopicBook
from core.appdb.triggers import TriggerBook
from core.appdb.views import ViewBook
from core.appdb.webhooks import Kept, WebhookInbox
from core.connections import ConnectionStore, ConsentBook, PendingConsent
from core.connections.consent import AskedConsent
from core.logging import get_logger
from core.people import ApiKeyBook, AuditTrail, ColleagueBook, Guest, InvitationBook, InvitationDoor, Offer
from core.secrets import Vault
from core.vocabulary import AuditAction
from core.webhooks import WebhookEvent
from serve.auth.users import KeyHolder, User
from serve.context import request_id
from serve.tenancy import enter_tenant

_log = get_logger(__name__)


class TenantWriter:
    """What one verified user's tenant may change."""

    def __init__(self, engine: Engine, vault: Vault, user: User) -> None:
        self._engine = engine
        self._vault = vault
        self._user = user
        self._shared: Connection | None = None

    @property
    def connection(self) -> ConnectionStore:
        """The tenant's HubSpot connection."""
        return ConnectionStore(self._user.tenant_id, self._transaction, self._vault)

    @property
    def cards(self) -> CardBook:
        """What is done to the tenant's cards."""
        return CardBook(self._user.tenant_id, self._transaction)

    @property
    def views(self) -> ViewBook:
        """Ways of looking at the board that the tenant's people keep."""
        return ViewBook(self._user.tenant_id, self._transaction)

    @property
    def notifications(self) -> NotificationBook:
        """What the tenant's people do with what they are told."""
        return NotificationBook(self._user.tenant_id, self._transaction)

    @property
    def notification_channels(self) -> ChannelBook:
        """How the tenant is told things."""
        return ChannelBook(self._user.tenant_id, self._transaction, self._vault)

    @property
    def triggers(self) -> TriggerBook:
        """What the tenant's triggers are set to."""
        return TriggerBook(self._user.tenant_id, self._transaction)

    @property
    def rules(self) -> RuleBook:
        """The tenant's own rules."""
        return RuleBook(self._user.tenant_id, self._transaction)

    @property
    def budget(self) -> BudgetBook:
        """What the tenant's reading may cost."""
        return BudgetBook(self._user.tenant_id, self._transaction)

    @property
    def tenant(self) -> TenantBook:
        """The tenant's own settings."""
        return TenantBook(self._user.tenant_id, self._transaction)

    @property
    def deletion(self) -> DeletionBook:
        """The tenant's end."""
        return DeletionBook(self._user.tenant_id, self._transaction)

    @property
    def tasks(self) -> TaskBook:
        """What the tenant has done in the background."""
        return TaskBook(self._user.tenant_id, self._transaction)

    @property
    def topics(self) -> TopicBook:
        """What is done to the tenant's topics."""
        return TopicBook(self._user.tenant_id, self._transaction)

    @property
    def corrections(self) -> CorrectionBook:
        """What people of the tenant say readings should have been."""
        return CorrectionBook(self._user.tenant_id, self._transaction)

    @property
    def mappings(self) -> MappingBook:
        """What the tenant's HubSpot properties mean."""
        return MappingBook(self._user.tenant_id, self._transaction)

    @property
    def onboarding(self) -> OnboardingBook:
        """Steps of onboarding that are finished."""
        return OnboardingBook(self._user.tenant_id, self._transaction)

    def ask_consent(self, redirect_uri: str, *, page: str) -> AskedConsent:
        """Note that the user is about to consent at HubSpot, on a page of the board, and will come back to `redirect_uri`."""
        book = ConsentBook(self._transaction, self._vault)
        return book.ask(self._user.tenant_id, self._user.subject, redirect_uri=redirect_uri, page=page)

    @property
    def colleagues(self) -> ColleagueBook:
        """The tenant's users."""
        return ColleagueBook(self._user.tenant_id, self._transaction)

    @property
    def invitations(self) -> InvitationBook:
        """Who is invited to the tenant."""
        return InvitationBook(self._user.tenant_id, self._transaction)

    @property
    def api_keys(self) -> ApiKeyBook:
        """The tenant's API keys."""
        return ApiKeyBook(self._user.tenant_id, self._transaction)

    def audit(
        self, action: AuditAction, object_type: str, object_id: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Write into the audit trail that the user did something; `details` are small facts, never a secret.

        Called within `together` with what was done, neither is there without the other.
        """
        AuditTrail(self._user.tenant_id, self._transaction).add(
            action,
            object_type,
            object_id,
            details,
            actor=self._user.subject,
            actor_name=self._user.name,
            request_id=request_id(),
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this writer writes within is written in one transaction, or not at all."""
        with self._transaction() as connection:
            self._shared = connection
            try:
                yield
            finally:
                self._shared = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._shared is not None:
            yield self._shared
            return
        with writing(self._engine) as connection:
            enter_tenant(connection, self._user.tenant_id)
            yield connection


class Writing:
    """Opens writers for users."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault
        self._door = InvitationDoor(lambda: writing(engine), enter_tenant)
        self._is_noting = threading.Lock()

    def of(self, user: User) -> TenantWriter:
        """What the user's tenant may change."""
        return TenantWriter(self._engine, self._vault, user)

    def redeem_consent(self, state: str, browser_token: str) -> PendingConsent | None:
        """Who asked for the consent a browser comes back with; None where nobody did. A subject has no tenant before this."""
        return ConsentBook(lambda: writing(self._engine), self._vault).redeem(state, browser_token)

    def keep_webhooks(self, events: Sequence[WebhookEvent]) -> Kept:
        """Write down what HubSpot says has changed, of whichever tenants: whose a portal is, is found out on the way.

        What speaks here is HubSpot, which has no tenant; its signature was checked before. It writes hints, and reads nothing.
        """
        return WebhookInbox(self._engine).keep(events, received_at=datetime.now(UTC))

    def look_at_invitation(self, secret: str) -> Offer:
        """What an invitation's secret leads to; raises as `core.people.InvitationDoor.look`."""
        return self._door.look(secret)

    def accept_invitation(self, secret: str, guest: Guest) -> None:
        """Make a guest a user of the tenant that the secret leads to; raises as `core.people.InvitationDoor.accept`."""
        self._door.accept(secret, guest, request_id=request_id())

    def note_key_use(self, holder: KeyHolder) -> None:
        """Note that an API key was used; where the database is busy, a later use is noted instead."""
        if not self._is_noting.acquire(blocking=False):
            return
        try:
            self.of(holder.user).api_keys.note_use(holder.prefix)
        except OperationalError as error:
            _log.warning("auth.key_use_not_noted", tenant=holder.user.tenant_id, reason=str(error.orig))
        finally:
            self._is_noting.release()
