"""Bodies of the probes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.errors import ErrorBody


class Health(BaseModel):
    """The process is up."""

    status: Literal["ok"]
    version: str = Field(examples=["0.1.0"])


class ReadyCheck(BaseModel):
    """How one check came out."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str = Field(examples=["schema"])
    is_ok: bool
    detail: str
    """A sentence; where the check failed, what to do."""


class Ready(BaseModel):
    """The process can do its work."""

    status: Literal["ready"]
    checks: list[ReadyCheck]


class NotReadyBody(ErrorBody):
    """The process cannot do its work yet; which check says so."""

    checks: list[ReadyCheck]
