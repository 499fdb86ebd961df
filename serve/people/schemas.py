"""Bodies of users and invitations."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from core.vocabulary import Role
from serve.schemas import Schema, refuse_nul

Subject = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(refuse_nul)]
"""The issuer's name for a person."""

Email = Annotated[
    str, Field(max_length=200, pattern=r"^\s*[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+\s*$", examples=["ada@acme.example"])
]
"""An address, taken as it is apart from blanks around it and capital letters: only its owner can accept."""

Secret = Annotated[str, Field(min_length=20, max_length=200)]
"""What follows `#` in an invitation's link."""


class RoleChange(Schema):
    """Another role."""

    model_config = ConfigDict(extra="forbid")

    role: Role


class Removed(Schema):
    """Who has no access any more."""

    subject: str = Field(examples=["google|1029"])
    name: str = Field(examples=["Ada Archer"])
    card_ids: list[str]
    """Cards that were theirs and are nobody's now, completed ones too."""


class NewInvitation(Schema):
    """Whom to invite, and as what."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    role: Role


class Invitation(Schema):
    """An invitation that was neither accepted nor revoked."""

    invitation_id: str = Field(examples=["k3v9qm2xw7ab"])
    email: str = Field(examples=["ada@acme.example"])
    role: Role
    invited_by: str
    """Subject of the admin, or name of an operator."""

    invited_by_name: str = Field(examples=["Ann Archer"])
    invited_at: datetime
    expires_at: datetime
    """A past one can still be sent again, or revoked."""


class Invitations(Schema):
    """Who is invited, the latest first."""

    items: list[Invitation]


class Invited(Schema):
    """An invitation and its link, which is told this once."""

    invitation: Invitation
    link: str = Field(examples=["https://churnboard.example/join#…"])
    """For the invited person; it is good until `expires_at`, once, and for their address only."""


class Revoked(Schema):
    """Whose invitation is void."""

    invitation_id: str
    email: str


class Knock(Schema):
    """An invitation's secret."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret


class Offered(Schema):
    """What somebody is invited to."""

    tenant_name: str = Field(examples=["Acme"])
    email: str = Field(examples=["ada@acme.example"])
    """The address to sign in with."""

    role: Role
    invited_by_name: str | None = Field(examples=["Ann Archer"])
    """Null where it was an operator, or somebody who has left."""

    expires_at: datetime
