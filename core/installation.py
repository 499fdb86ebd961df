"""One running installation: the stores that the settings name, opened when first asked for and shared from then on."""

from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Engine

from core.appdb import open_app_database
from core.appdb.audits import Audits
from core.appdb.budgets import Budgets
from core.appdb.builds import BuildStore
from core.appdb.card_events import CardEvents
from core.appdb.corrections import Corrections
from core.appdb.deletions import Deletions
from core.appdb.deliveries import DeliveryQueue
from core.appdb.directory import TenantDirectory
from core.appdb.engine import writing
from core.appdb.erasures import Erasures
from core.appdb.imports import Imports
from core.appdb.mappings import FieldMappings
from core.appdb.notification_channels import ChannelBook
from core.appdb.notifications import Digests
from core.appdb.prompts import PromptPins
from core.appdb.proposals import Proposals
from core.appdb.rules import Rules
from core.appdb.tasks import TaskQueue
from core.appdb.topics import Topics
from core.appdb.triggers import TriggerSettings
from core.appdb.webhooks import WebhookInbox
from core.appdb.wordings import WordingBook
from core.connections import ConnectionStore, OAuthClient
from core.secrets import Vault, open_vault
from core.settings import Settings
from core.tenants import TenantId
from core.warehouse import Warehouse, connect


class Installation:
    """Hands out the stores; making one opens nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def as_of_at(self) -> datetime:
        """The moment models are built for, in whole seconds: the one that is set, or now."""
        return (self.settings.as_of or datetime.now(UTC)).replace(microsecond=0)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse."""
        stores = self.settings.stores
        return connect(stores.warehouse, lock_timeout_seconds=stores.write_lock_timeout_seconds)

    @cached_property
    def app_database(self) -> Engine:
        """The application database, migrated."""
        return open_app_database(self.settings.stores.app_database)

    @cached_property
    def vault(self) -> Vault:
        """The cipher for secrets at rest."""
        return open_vault(self.settings)

    @cached_property
    def directory(self) -> TenantDirectory:
        """Tenants."""
        return TenantDirectory(self.app_database)

    @cached_property
    def oauth(self) -> OAuthClient:
        """This installation's OAuth app at HubSpot."""
        return OAuthClient(self.settings.hubspot)

    def connection(self, tenant_id: TenantId) -> ConnectionStore:
        """How one tenant's HubSpot is reached."""
        return ConnectionStore(tenant_id, lambda: writing(self.app_database), self.vault)

    @cached_property
    def mappings(self) -> FieldMappings:
        """Which HubSpot properties mean what."""
        return FieldMappings(self.app_database)

    @cached_property
    def imports(self) -> Imports:
        """What imports tell the people who watch them."""
        return Imports(self.app_database)

    @cached_property
    def rules(self) -> Rules:
        """Rules that tenants made."""
        return Rules(self.app_database)

    @cached_property
    def prompt_pins(self) -> PromptPins:
        """Which version of each prompt a tenant is read with."""
        return PromptPins(self.app_database)

    def wordings(self, tenant_id: TenantId) -> WordingBook:
        """What the prompts said that one tenant is read with."""
        return WordingBook(tenant_id, lambda: writing(self.app_database))

    @cached_property
    def topics(self) -> Topics:
        """What tickets are sorted by: versions and the draft."""
        return Topics(self.app_database)

    @cached_property
    def corrections(self) -> Corrections:
        """Readings that people corrected."""
        return Corrections(self.app_database)

    @cached_property
    def audits(self) -> Audits:
        """Tickets drawn for people to read themselves."""
        return Audits(self.app_database)

    @cached_property
    def card_events(self) -> CardEvents:
        """What has happened to cards."""
        return CardEvents(self.app_database)

    @cached_property
    def proposals(self) -> Proposals:
        """Topics found in tickets, for people to take or leave."""
        return Proposals(self.app_database)

    @cached_property
    def webhooks(self) -> WebhookInbox:
        """What HubSpot's webhooks announced."""
        return WebhookInbox(self.app_database)

    @cached_property
    def tasks(self) -> TaskQueue:
        """What people asked to be done in the background."""
        return TaskQueue(self.app_database)

    @cached_property
    def deliveries(self) -> DeliveryQueue:
        """What is to be sent away."""
        return DeliveryQueue(self.app_database)

    @cached_property
    def digests(self) -> Digests:
        """What is told together."""
        return Digests(self.app_database)

    def channels(self, tenant_id: TenantId) -> ChannelBook:
        """How one tenant is told things."""
        return ChannelBook(tenant_id, lambda: writing(self.app_database), self.vault)

    @cached_property
    def budgets(self) -> Budgets:
        """What each tenant's reading may cost a month."""
        return Budgets(self.app_database, self.settings.analysis.llm_monthly_budget_usd)

    @cached_property
    def triggers(self) -> TriggerSettings:
        """What each tenant's triggers are set to."""
        return TriggerSettings(self.app_database)

    @cached_property
    def builds(self) -> BuildStore:
        """Published builds."""
        return BuildStore(self.app_database)

    @cached_property
    def erasures(self) -> Erasures:
        """Requests for erasure."""
        return Erasures(self.app_database)

    @cached_property
    def deletions(self) -> Deletions:
        """Receipts of deleted tenants."""
        return Deletions(self.app_database)
