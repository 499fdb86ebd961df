"""What endpoints work with, made once when the application starts and found through the request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import SecretStr
from sqlalchemy import Engine

from core.connections import OAuthClient
from core.secrets import open_vault
from core.settings import Settings, UnsafeSettings
from serve.auth.issuer import LocalIssuer, open_local_issuer
from serve.auth.keys import RemoteKeys
from serve.auth.oidc import OidcClient
from serve.auth.tokens import TokenVerifier
from serve.auth.users import DEMO_PREFIX, KEY_PREFIX, Present, UserDirectory
from serve.health.checks import Readiness, waiting_tasks
from serve.kept.together import Together
from serve.live.hub import LiveHub
from serve.tenancy import Tenancy
from serve.writing import Writing

# Somebody is waiting in front of a screen.
_ATTEMPTS = 2


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that outlives a request.

    Attributes:
        public_url: Root of board and API as browsers reach them; empty: as each request says.
        presence: Who a subject is now, and where their tenant's rows stand.
        waiting_tasks: How many tasks of all tenants nobody has begun, and how long the first has waited.
        app_secret: Of this installation's HubSpot app, which signs webhooks with it; empty: there is no app.
        default_budget_usd: What a tenant without a budget of its own may cost a month; None: any amount.
        is_local: Whether this is one person's machine.
        is_mail_set: Whether there is a mail server for notifications.
    """

    users: UserDirectory
    presence: Together[str, Present]
    tenancy: Tenancy
    writing: Writing
    oauth: OAuthClient
    public_url: str
    app_secret: SecretStr
    readiness: Readiness
    live: LiveHub
    waiting_tasks: Callable[[], tuple[int, timedelta]]
    verifier: TokenVerifier
    issuer: LocalIssuer | None
    oidc: OidcClient
    default_budget_usd: float | None
    is_local: bool
    is_mail_set: bool


def has_demo_sign_in(settings: Settings) -> bool:
    """Whether this installation signs in demo users: on one machine, unless it was given a real issuer."""
    return settings.is_local and not settings.serve.auth_issuer


def check_settings(settings: Settings) -> None:
    """Refuse to serve with settings under which a token, or a consent, would prove nothing.

    Raises:
        UnsafeSettings: An issuer without its keys' address, keys fetched in the clear outside `local`, or a HubSpot app there
            without the address that consents come back to.
    """
    serve = settings.serve
    if serve.auth_issuer and not serve.auth_jwks_url:
        raise UnsafeSettings(
            f"AUTH_ISSUER is {serve.auth_issuer} but AUTH_JWKS_URL is empty, so none of its tokens could be checked: "
            f"set both or neither."
        )
    scheme = urlsplit(serve.auth_jwks_url).scheme
    if serve.auth_jwks_url and scheme not in ({"http", "https"} if settings.is_local else {"https"}):
        raise UnsafeSettings(
            f"AUTH_JWKS_URL starts with {scheme or 'no scheme'}: keys fetched so could be anybody's. Use an https:// address."
        )
    for origin in serve.cors_origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
            raise UnsafeSettings(
                f"API_CORS_ORIGINS has {origin!r}, which is no origin: write scheme and host, such as https://bi.example."
            )
    if (
        not settings.is_local
        and settings.hubspot.hubspot_client_id
        and urlsplit(serve.api_public_url).scheme != "https"
    ):
        raise UnsafeSettings(
            "HUBSPOT_CLIENT_ID is set, but API_PUBLIC_URL is not an https:// address: HubSpot sends people who connect back "
            "there, and the name a request claims to reach us by could be anybody's. Set it."
        )
    if serve.auth_client_id and not serve.auth_issuer:
        raise UnsafeSettings(
            "AUTH_CLIENT_ID is set but AUTH_ISSUER is empty: of whom is it the client? Set both or neither."
        )
    if not settings.is_local and serve.auth_client_id and urlsplit(serve.api_public_url).scheme != "https":
        raise UnsafeSettings(
            "AUTH_CLIENT_ID is set, but API_PUBLIC_URL is not an https:// address: the identity provider sends people back there. "
            "Set it."
        )


def open_services(settings: Settings, engine: Engine) -> Services:
    """Make them; in `local` this makes the issuer's key on first use."""
    serve = settings.serve
    issuer = None
    if has_demo_sign_in(settings):
        issuer = open_local_issuer(settings.stores.data_dir, audience=serve.audience)
        verifier = issuer.verifier()
    else:
        verifier = TokenVerifier(
            issuer=serve.auth_issuer,
            audience=serve.audience,
            keys=RemoteKeys(serve.auth_jwks_url),
            refused_prefixes=(DEMO_PREFIX, KEY_PREFIX),
        )
    users, tenancy = UserDirectory(engine), Tenancy(engine)
    return Services(
        users=users,
        presence=Together(users.present, name="presence"),
        tenancy=tenancy,
        writing=Writing(engine, open_vault(settings)),
        oauth=OAuthClient(settings.hubspot, attempts=_ATTEMPTS),
        public_url=serve.api_public_url,
        app_secret=settings.hubspot.hubspot_client_secret,
        readiness=Readiness(engine),
        live=LiveHub(tenancy, users),
        waiting_tasks=waiting_tasks(engine),
        verifier=verifier,
        issuer=issuer,
        oidc=OidcClient(serve, is_plain_allowed=settings.is_local),
        default_budget_usd=settings.analysis.llm_monthly_budget_usd,
        is_local=settings.is_local,
        is_mail_set=bool(settings.notifications.smtp_host),
    )


def services_of(request: Request) -> Services:
    """The services of the application that answers the request."""
    services: Services = request.app.state.services
    return services


def public_root(request: Request) -> str:
    """The root that browsers reach board and API by, without a slash at its end."""
    return root_of(services_of(request).public_url, str(request.base_url)).rstrip("/")


_ONE_MACHINE = {"127.0.0.1", "localhost", "::1"}
_ANY_NAME = {"0.0.0.0", "::"}  # noqa: S104 - told apart, not bound to


def root_of(public: str, asked: str) -> str:
    """Where browsers reach us: as we are told, or else as this one does.

    One machine has several names: who came by another of them has to come back by it, since their cookie belongs to it.
    """
    named = urlsplit(public).hostname
    is_same_machine = named in _ANY_NAME or {named, urlsplit(asked).hostname} <= _ONE_MACHINE
    return asked if not public or is_same_machine else public
