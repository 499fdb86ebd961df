"""Bodies of the budget."""

from datetime import datetime

from pydantic import ConfigDict, Field

from serve.schemas import Schema


class BudgetStanding(Schema):
    """How the month stood when it was last looked at: with each refresh, and whenever somebody asks."""

    month: str = Field(examples=["2026-11"])
    spent_usd: float
    reserved_usd: float
    """Set aside for calls that are being made."""

    deferred_count: int
    """Tickets that wait for room."""

    deferred_usd: float
    """What they are taken to cost."""

    unread_count: int | None
    """Calls that are still to be made, by an estimate; null: not estimated."""

    unread_usd: float | None
    """What they would cost."""

    is_paid: bool
    """Whether what reads costs anything: the embedded analyzer does not."""

    measured_at: datetime


class BudgetVersion(Schema):
    """A budget as somebody set it."""

    version: int
    monthly_usd: float | None
    """Null: what the installation allows everybody."""

    valid_from_at: datetime
    author: str
    """Name of the user, where it is known."""


class Budget(Schema):
    """What reading may cost a month, in US dollars."""

    version: int
    """0: nobody ever set one."""

    monthly_usd: float | None
    """The tenant's own budget; null: the installation's holds."""

    default_usd: float | None
    """What the installation allows everybody; null: any amount."""

    limit_usd: float | None
    """What holds; null: any amount."""

    standing: BudgetStanding | None
    """Null: nobody has looked yet."""

    history: list[BudgetVersion]
    """The newest first."""


class NewBudget(Schema):
    """What reading may cost a month from now on."""

    model_config = ConfigDict(extra="forbid")

    monthly_usd: float | None = Field(ge=0, le=1e9, allow_inf_nan=False)
    """Null: what the installation allows everybody."""

    version: int = Field(ge=0, le=2**31 - 1)
    """The version you saw. Where there is a later one by now, nothing is done: 409."""
