"""Every setting there is, typed, grouped by room, built once at an entry point and passed in from there.

Values come from the environment or from `.env`; names have no prefix and are listed in `.env.example` (a test compares the two).
Nothing here is read at import. Defaults are for one machine and `ENVIRONMENT=local`; outside it the unsafe ones refuse to start.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import Terminal


class UnsafeSettings(Terminal):
    """A default that is fine on a laptop is not fine where this process was started."""


class Environment(StrEnum):
    """Where the process runs; everything but `local` is treated as reachable by strangers."""

    LOCAL = "local"
    STAGING = "staging"
    PRODUCTION = "production"


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )


class StoreSettings(_Group):
    """Where things are kept."""

    data_dir: Path = Path("data")
    """Folder of the embedded stores, dlt's working folders, locks, builds and local keys."""

    warehouse_url: str = ""
    """`duckdb:///path` or `postgresql://…`; empty: `warehouse.duckdb` in the data folder."""

    app_database_url: str = ""
    """`sqlite:///path` or `postgresql://…`; empty: `app.db` in the data folder."""

    journal_url: str = ""
    """Where paid calls are journaled; empty: `journal.db` in the data folder, or the warehouse's Postgres."""

    write_lock_timeout_seconds: float = Field(default=900, gt=0)
    """How long a write phase waits for another process's write phase on the same warehouse."""

    encryption_key: SecretStr = SecretStr("")
    """Fernet key for credentials at rest; empty: a key file in the data folder, in `local` only."""

    @property
    def warehouse(self) -> str:
        """The warehouse URL with the default filled in."""
        return self.warehouse_url or f"duckdb:///{self.data_dir / 'warehouse.duckdb'}"

    @property
    def app_database(self) -> str:
        """The application database URL with the default filled in."""
        return self.app_database_url or f"sqlite:///{self.data_dir / 'app.db'}"

    @property
    def journal(self) -> str:
        """The call journal URL with the default filled in."""
        if self.journal_url:
            return self.journal_url
        return (
            self.warehouse if self.warehouse.startswith("postgresql") else f"sqlite:///{self.data_dir / 'journal.db'}"
        )


class HubSpotSettings(_Group):
    """How HubSpot is reached."""

    hubspot_base_url: str = "https://api.hubapi.com"
    """Root of the API; the sandbox is reached by changing only this."""

    hubspot_app_url: str = "https://app.hubspot.com"
    """Where HubSpot's own pages are, the consent page among them."""

    hubspot_client_id: str = ""
    """OAuth app of this installation; empty where only access tokens are used."""

    hubspot_client_secret: SecretStr = SecretStr("")
    """Its secret."""

    sync_overlap_seconds: float = Field(default=600, ge=60)
    """How far an increment reaches back behind its cursor, since search lags behind the database."""

    sync_lag_seconds: float = Field(default=30, ge=0)
    """How far an increment stays behind the present, for the same reason."""


class AnalysisSettings(_Group):
    """Who reads the tickets."""

    analyzer: str = Field(default="auto", pattern="^(auto|embedded|openai_compatible)$")
    """`auto`: the OpenAI-compatible analyzer when `LLM_API_KEY` is set, the embedded one otherwise."""

    llm_base_url: str = "https://openrouter.ai/api/v1"
    """Root of any OpenAI-compatible server."""

    llm_api_key: SecretStr = SecretStr("")
    """Its key; empty: the embedded analyzer reads."""

    llm_model: str = "openai/gpt-4o-mini"
    """Model name as that server spells it."""

    llm_fallback_model: str = ""
    """Model that is asked where `LLM_MODEL` is down, or twice gave no usable answer; empty: none."""

    llm_providers: str = ""
    """OpenRouter only: providers that may serve the models, comma separated, in order of preference; empty: any."""

    llm_max_concurrency: int = Field(default=16, ge=1, le=512)
    """Calls in flight at once, per run."""

    llm_timeout_seconds: float = Field(default=60, gt=0)
    """How long one call may take."""

    llm_lease_seconds: float = Field(default=300, gt=0)
    """How long a claimed call is left to its claimant before another run may take it over."""

    prompts_dir: Path | None = None
    """Folder of prompts of your own, `<task>/<version>.yaml`; a version in it is used where it is pinned, or run as a shadow."""

    llm_batch: str = Field(default="off", pattern="^(off|auto|openrouter|openai)$")
    """Whose half-price batches a backlog goes through; `auto`: as `LLM_BASE_URL` says, `off` elsewhere than at these two."""

    llm_batch_from: int = Field(default=1_000, ge=1)
    """How many calls a run must have to make before it puts them into batches."""

    llm_batch_size: int = Field(default=500, ge=1, le=5_000)
    """Calls in one batch, at most; as many may be paid twice when a process is killed at the wrong moment."""

    llm_batch_wait_seconds: float = Field(default=900, ge=0)
    """How long a run waits for its batches before it leaves them to a later one."""

    llm_monthly_budget_usd: float | None = Field(default=None, ge=0)
    """What each tenant's reading may cost a month, where the tenant has no budget of its own; empty: any amount."""

    llm_evaluation_monthly_budget_usd: float | None = Field(default=None, ge=0)
    """The same for evaluations, which no tenant pays for; empty: any amount."""

    llm_canaries_monthly_budget_usd: float = Field(default=1.0, ge=0)
    """The same for the daily canaries."""

    llm_input_usd_per_million: float | None = Field(default=None, ge=0)
    """What a million tokens sent cost, where the model server names no cost; empty: such calls count as free."""

    llm_output_usd_per_million: float | None = Field(default=None, ge=0)
    """What a million tokens received cost, where the model server names no cost; empty: such calls count as free."""

    llm_assumed_usd_per_million: float = Field(default=10.0, gt=0)
    """What a million tokens are taken to cost when room is reserved in a budget before any call of the model was measured."""

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers of `LLM_PROVIDERS`, in order."""
        return tuple(filter(None, (name.strip() for name in self.llm_providers.split(","))))

    @property
    def use_embedded(self) -> bool:
        """Whether the offline analyzer is the one to use."""
        if self.analyzer == "auto":
            return not self.llm_api_key.get_secret_value()
        return self.analyzer == "embedded"


class TransformSettings(_Group):
    """How the marts are computed and published."""

    as_of: AwareDatetime | None = None
    """The moment the marts are computed for (ISO 8601 with offset); empty: now."""

    publish_max_drop_share: float = Field(default=0.5, ge=0, le=1)
    """A build whose companies shrank by more than this share against the published one is held back."""

    builds_kept: int = Field(default=2, ge=1)
    """Published builds kept per tenant, for rollback and for readers in flight."""


class ServeSettings(_Group):
    """The read API."""

    api_host: str = "127.0.0.1"
    """Address the API listens on."""

    api_port: int = Field(default=8000, ge=0, le=65535)
    """Port the API listens on."""

    api_public_url: str = ""
    """Root of the board and the API as browsers reach them, without a path; empty: as the request says, in `local` only."""

    api_requests_per_minute: int = Field(default=1200, ge=0)
    """Requests one token may send within a minute, in each process; 0: any number."""

    api_kept_answers_mb: int = Field(default=64, ge=0)
    """Megabytes each process may spend on answers that are given again while nothing they rest on has changed; 0: none are kept."""

    api_cors_origins: str = ""
    """Pages of other origins that may call the API from a browser, such as `https://bi.example`, by commas; empty: none."""

    metrics_token: SecretStr = SecretStr("")
    """Bearer token for `GET /metrics`; empty: it is open in `local`, and not there elsewhere."""

    auth_issuer: str = ""
    """OIDC issuer whose ID tokens are accepted; empty: the built-in issuer, in `local` only."""

    auth_audience: str = ""
    """Audience an ID token must name; empty: `AUTH_CLIENT_ID`, or `churnboard` where there is none."""

    auth_jwks_url: str = ""
    """Where the issuer's keys are; needed with `AUTH_ISSUER`."""

    auth_client_id: str = ""
    """This installation as a client of the issuer, for signing in from the board; empty: people bring a token."""

    auth_client_secret: SecretStr = SecretStr("")
    """Its secret, for issuers that want one beside PKCE; empty: they do not."""

    auth_authorize_url: str = ""
    """Where people sign in at the issuer; empty: as its `/.well-known/openid-configuration` says."""

    auth_token_url: str = ""
    """Where codes are exchanged; empty: the same."""

    @property
    def audience(self) -> str:
        """The audience with the default filled in."""
        return self.auth_audience or self.auth_client_id or "churnboard"

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins of `API_CORS_ORIGINS`."""
        return tuple(filter(None, (one.strip().rstrip("/") for one in self.api_cors_origins.split(","))))


class NotificationSettings(_Group):
    """How mails get out."""

    smtp_host: str = ""
    """Mail server that notifications are handed to; empty: none are mailed."""

    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Its port."""

    smtp_security: str = Field(default="starttls", pattern="^(starttls|tls|none)$")
    """`starttls` (587), `tls` from the first byte (465), or `none`, which outside `local` is for a server on this machine only."""

    smtp_user: str = ""
    """Who signs in there; empty: nobody does."""

    smtp_password: SecretStr = SecretStr("")
    """Their password."""

    smtp_from: str = ""
    """Sender of every mail, such as `churnboard <churn@example.com>`; needed with `SMTP_HOST`."""

    smtp_timeout_seconds: float = Field(default=20, gt=0)
    """How long the mail server, or a Slack webhook, may take to answer."""


class RuntimeSettings(_Group):
    """What kind of place this is."""

    environment: Environment = Environment.LOCAL
    """`local`, `staging` or `production`."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    """Least severe event that is logged."""


class Settings(BaseModel):
    """The whole tree; only its groups read the environment, so a variable named like a group means nothing."""

    model_config = ConfigDict(frozen=True)

    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)
    stores: StoreSettings = Field(default_factory=StoreSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
    analysis: AnalysisSettings = Field(default_factory=AnalysisSettings)
    transforms: TransformSettings = Field(default_factory=TransformSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    notifications: NotificationSettings = Field(default_factory=NotificationSettings)

    @property
    def board_url(self) -> str:
        """Root of the board as mails link to it, without a slash at its end."""
        return (self.serve.api_public_url or f"http://127.0.0.1:{self.serve.api_port}").rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether unsafe defaults are allowed."""
        return self.runtime.environment is Environment.LOCAL

    @property
    def as_of(self) -> datetime | None:
        """The moment the marts are computed for, or None for now."""
        return self.transforms.as_of

    @model_validator(mode="after")
    def _refuse_unsafe_defaults(self) -> Self:
        if self.is_local:
            return self
        missing = [
            name
            for name, value in (
                ("ENCRYPTION_KEY", self.stores.encryption_key.get_secret_value()),
                ("AUTH_ISSUER", self.serve.auth_issuer),
                ("AUTH_JWKS_URL", self.serve.auth_jwks_url),
            )
            if not value
        ]
        if missing:
            raise UnsafeSettings(
                f"ENVIRONMENT={self.runtime.environment} needs {', '.join(missing)}: the built-in defaults are for one "
                f"laptop only. Set them in the environment or in .env and start again."
            )
        return self

    @model_validator(mode="after")
    def _refuse_half_a_mail_server(self) -> Self:
        mail = self.notifications
        if not mail.smtp_host:
            return self
        if "@" not in mail.smtp_from:
            raise UnsafeSettings(
                "SMTP_HOST is set, but SMTP_FROM is no address: who are the mails from? Set it, such as churn@example.com."
            )
        if not self.is_local and urlsplit(self.serve.api_public_url).scheme != "https":
            raise UnsafeSettings(
                "SMTP_HOST is set, but API_PUBLIC_URL is not an https:// address, so mails could not link to the board. Set it."
            )
        is_here = mail.smtp_host in {"localhost", "127.0.0.1", "::1"}
        if not self.is_local and mail.smtp_security == "none" and not is_here:
            raise UnsafeSettings(
                f"SMTP_SECURITY=none would send mails and the password to {mail.smtp_host} in the clear: use starttls or tls."
            )
        return self


def groups() -> tuple[type[BaseSettings], ...]:
    """The setting groups, for whoever lists every setting there is."""
    return (
        RuntimeSettings,
        StoreSettings,
        HubSpotSettings,
        AnalysisSettings,
        TransformSettings,
        ServeSettings,
        NotificationSettings,
    )
