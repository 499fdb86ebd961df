"""Segments: the part of a tenant's customers a question is about, by who owns them in HubSpot and by what they pay.

These two are what `companies` knows of every customer. A plan is not among them: which property would hold it differs from portal
to portal, and nobody maps it. A segment is of today: whoever moved to another owner moves with all their history.
"""

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, or_, select

from core.vocabulary import MrrBand, MrrSource
from serve.schemas import Query, Text
from serve.tenancy import published

NOBODY = "none"
"""The owner of companies that nobody owns."""

COMPANY = published("companies").c
"""The companies segments are taken out of."""


class SegmentQuery(Query):
    """Which customers."""

    owner: Text | None = None
    """Id of the companies' owner; `none`: nobody owns them; left out: whoever."""

    mrr_band: list[MrrBand] = Field(default_factory=list)
    """What the companies are known to pay a month, any of these; repeat the parameter."""

    def segment(self) -> "Segment":
        """The segment asked for."""
        return Segment(self.owner, tuple(self.mrr_band))


@dataclass(frozen=True)
class Segment:
    """Some of the companies."""

    owner: str | None = None
    mrr_bands: tuple[MrrBand, ...] = ()

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is left out, not even tickets of no company."""
        return self.owner is None and not self.mrr_bands

    def conditions(self) -> list[ColumnElement[bool]]:
        """What holds of its companies, over `COMPANY`."""
        found: list[ColumnElement[bool]] = []
        if self.owner is not None:
            found.append(COMPANY.owner_id.is_(None) if self.owner == NOBODY else COMPANY.owner_id == self.owner)
        if self.mrr_bands:
            found.append(or_(*(_in_band(band) for band in self.mrr_bands)))
        return found

    def company_ids(self) -> Select[tuple[str]]:
        """The ids of its companies."""
        return select(COMPANY.company_id).where(*self.conditions())


def _in_band(band: MrrBand) -> ColumnElement[bool]:
    is_known = COMPANY.mrr_source == MrrSource.MAPPED_PROPERTY.value
    if band is MrrBand.UNKNOWN:
        return or_(COMPANY.mrr_source != MrrSource.MAPPED_PROPERTY.value, COMPANY.mrr.is_(None))
    least, below = band.bounds
    return and_(
        is_known,
        *([] if least is None else [COMPANY.mrr >= least]),
        *([] if below is None else [COMPANY.mrr < below]),
    )
