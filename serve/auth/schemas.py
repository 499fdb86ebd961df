"""Bodies of sign-in and of `/me`."""

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
