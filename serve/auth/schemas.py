"""Bodies of sign-in and of `/me`."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.vocabulary import PlanTier, Role


class _Schema(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class MyTenant(_Schema):
    """The company whose rows you see."""

    tenant_id: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme"])
    plan_tier: PlanTier
    currency: str = Field(examples=["USD"])
    """ISO 4217 code of every amount that has no currency of its own."""


class Me(_Schema):
    """Who you are."""

    subject: str = Field(examples=["demo|acme|member"])
    """The issuer's name for you."""

    email: str = Field(examples=["member@acme.example"])
    name: str = Field(examples=["Demo member of Acme"])
    role: Role
    tenant: MyTenant


class Colleague(_Schema):
    """Somebody who works at your company."""

    subject: str = Field(examples=["demo|acme|member"])
    """What cards are assigned to and comments mention."""

    name: str = Field(examples=["Demo member of Acme"])
    email: str = Field(examples=["member@acme.example"])
    role: Role


class Colleagues(_Schema):
    """Everybody who works at your company."""

    items: list[Colleague]


class DemoTenantBody(_Schema):
    """A tenant one may sign in to."""

    tenant_id: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme"])


class DemoOptions(_Schema):
    """What a demo sign-in may ask for."""

    tenants: list[DemoTenantBody]
    roles: list[Role]


class DemoSignIn(_Schema):
    """Whom to sign in as."""

    model_config = ConfigDict(extra="forbid")

    tenant: str = Field(max_length=40, examples=["acme"])
    role: Role


class Token(_Schema):
    """A bearer token and whom it speaks of."""

    access_token: str
    """Send it as `Authorization: Bearer …`."""

    token_type: str = Field(examples=["bearer"])
    expires_in: int = Field(examples=[43200])
    """Seconds until it is refused."""

    user: Me


class DemoPerson(_Schema):
    """Somebody who is nobody's demo user yet, to accept an invitation with."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[
        str, Field(max_length=200, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$", examples=["ada@acme.example"])
    ]


class SignInMethod(StrEnum):
    """How people sign in: as demo users, at an OIDC issuer, or with an ID token they bring."""

    DEMO = "demo"
    OIDC = "oidc"
    TOKEN = "token"  # noqa: S105 - not one


class SignIn(_Schema):
    """How people sign in here."""

    method: SignInMethod
    issuer: str | None = Field(examples=["https://accounts.google.com"])
    """Null for demo users."""

    client_id: str | None
    """The next four are null unless `method` is `oidc`."""

    authorize_url: str | None = Field(examples=["https://accounts.google.com/o/oauth2/v2/auth"])
    """Where to send the browser, with a PKCE challenge (S256), a state and a nonce."""

    redirect_uri: str | None = Field(examples=["https://churnboard.example/sign-in/callback"])
    scope: str | None = Field(examples=["openid email profile"])


class Code(_Schema):
    """What a browser brought back from the issuer, and what it kept meanwhile."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=4000)
    code_verifier: str = Field(min_length=43, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$")
    nonce: str = Field(min_length=16, max_length=200)


class BareToken(_Schema):
    """A bearer token; whether whoever it speaks of has access, `/me` says."""

    access_token: str
    """Send it as `Authorization: Bearer …`."""

    token_type: str = Field(examples=["bearer"])
    expires_in: int = Field(examples=[3600])
    """Seconds until it is refused."""


class Jwk(_Schema):
    """A public RSA key (RFC 7517)."""

    kty: str
    use: str
    alg: str
    kid: str
    n: str
    e: str


class Jwks(_Schema):
    """The built-in issuer's public keys."""

    keys: list[Jwk]
