"""What endpoints work with, made once when the application starts and found through the request."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import SecretStr
from sqlalchemy import Engine

from core.connections import OAuthClient
from core.secrets import open_vault
from core.settings import Settings, UnsafeSettings
from serve.auth.issuer import LocalIssuer, open_local_issuer
from serve.auth.keys import RemoteKeys
from serve.auth.tokens import TokenVerifier
from serve.auth.users import DEMO_PREFIX, UserDirectory
from serve.health.checks import Readiness
from serve.tenancy import Tenancy
from serve.writing import Writing

# Somebody is waiting in front of a screen.
_ATTEMPTS = 2


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that outlives a request.

    Attributes:
        public_url: Root of board and API as browsers reach them; empty: as each request says.
        app_secret: Of this installation's HubSpot app, which signs webhooks with it; empty: there is no app.
    """

    users: UserDirectory
    tenancy: Tenancy
    writing: Writing
    oauth: OAuthClient
    public_url: str
    app_secret: SecretStr
    readiness: Readiness
    verifier: TokenVerifier
    issuer: LocalIssuer | None


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
    if (
        not settings.is_local
        and settings.hubspot.hubspot_client_id
        and urlsplit(serve.api_public_url).scheme != "https"
    ):
        raise UnsafeSettings(
            "HUBSPOT_CLIENT_ID is set, but API_PUBLIC_URL is not an https:// address: HubSpot sends people who connect back "
            "there, and the name a request claims to reach us by could be anybody's. Set it."
        )


def open_services(settings: Settings, engine: Engine) -> Services:
    """Make them; in `local` this makes the issuer's key on first use."""
    serve = settings.serve
    issuer = None
    if has_demo_sign_in(settings):
        issuer = open_local_issuer(settings.stores.data_dir, audience=serve.auth_audience)
        verifier = issuer.verifier()
    else:
        verifier = TokenVerifier(
            issuer=serve.auth_issuer,
            audience=serve.auth_audience,
            keys=RemoteKeys(serve.auth_jwks_url),
            refused_prefix=DEMO_PREFIX,
        )
    return Services(
        users=UserDirectory(engine),
        tenancy=Tenancy(engine),
        writing=Writing(engine, open_vault(settings)),
        oauth=OAuthClient(settings.hubspot, attempts=_ATTEMPTS),
        public_url=serve.api_public_url,
        app_secret=settings.hubspot.hubspot_client_secret,
        readiness=Readiness(engine),
        verifier=verifier,
        issuer=issuer,
    )


def services_of(request: Request) -> Services:
    """The services of the application that answers the request."""
    services: Services = request.app.state.services
    return services
