"""Three invented software vendors whose support inboxes the generator fills: what they sell, and what customers write."""

from ingestion.sandbox.vendors.base import Topic, Vendor
from ingestion.sandbox.vendors.ferrodock import FERRODOCK
from ingestion.sandbox.vendors.lumenbrook import LUMENBROOK
from ingestion.sandbox.vendors.quillhaven import QUILLHAVEN

VENDORS: tuple[Vendor, ...] = (LUMENBROOK, QUILLHAVEN, FERRODOCK)

__all__ = ["VENDORS", "Topic", "Vendor"]
