"""Where a record that we hold is in HubSpot now. Pure data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Place(StrEnum):
    """The places a record can be in."""

    LIVE = "live"
    ARCHIVED = "archived"
    MERGED = "merged"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Whereabouts:
    """A place, and for a merged record the one it went into.

    Attributes:
        record_id: The record that HubSpot gives when asked for this one; None where it was not merged.
    """

    place: Place
    record_id: str | None = None

    @classmethod
    def live(cls) -> Self:
        """Among the live records."""
        return cls(Place.LIVE)

    @classmethod
    def archived(cls) -> Self:
        """In the recycling bin, for up to 90 days."""
        return cls(Place.ARCHIVED)

    @classmethod
    def merged_into(cls, record_id: str) -> Self:
        """Part of another record."""
        return cls(Place.MERGED, record_id)

    @classmethod
    def nowhere(cls) -> Self:
        """Out of the bin, or erased for privacy: the two cannot be told apart afterwards."""
        return cls(Place.NOWHERE)
