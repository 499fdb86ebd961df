"""Bodies of API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from serve.schemas import Schema, refuse_nul

_IN_A_YEAR = (datetime(2026, 11, 26, tzinfo=UTC) + timedelta(days=365)).isoformat()


def _named(value: str) -> str:
    if not refuse_nul(value).strip():
        raise ValueError("say what the key is for")
    return value.strip()


class NewApiKey(Schema):
    """A key that is to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=80, examples=["Looker"]), AfterValidator(_named)]
    """What it is for."""

    expires_at: AwareDatetime | None = Field(default=None, examples=[_IN_A_YEAR])
    """Null: never."""


class ApiKey(Schema):
    """A key that was not revoked; nothing secret."""

    prefix: str = Field(examples=["k3v9qm2xw7ab"])
    """The key's second part, by which it is recognised."""

    name: str = Field(examples=["Looker"])
    created_by: str
    created_by_name: str = Field(examples=["Ann Archer"])
    created_at: datetime
    expires_at: datetime | None
    """Null: never. An expired key stays in the list until it is revoked."""

    last_used_at: datetime | None
    """Give or take five minutes; null: not yet."""


class ApiKeys(Schema):
    """The company's keys, the newest first."""

    items: list[ApiKey]


class MadeApiKey(Schema):
    """A key as it is told, once."""

    api_key: ApiKey
    key: str = Field(examples=["cb_k3v9qm2xw7ab_…"])
    """Send it as `Authorization: Bearer cb_…`. It cannot be shown again."""


class RevokedApiKey(Schema):
    """Which key is void."""

    prefix: str
    name: str
