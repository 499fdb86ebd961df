"""Three invented software vendors whose support inboxes the generator fills: what they sell, and what customers write."""

from dataclasses import replace

from ingestion.sandbox.vendors.base import Topic, Vendor
from ingestion.sandbox.vendors.ferrodock import FERRODOCK
from ingestion.sandbox.vendors.lumenbrook import LUMENBROOK
from ingestion.sandbox.vendors.quillhaven import QUILLHAVEN

NEWCOMER = replace(LUMENBROOK, slug="northwharf", name="Northwharf", product="Northwharf")
"""A competitor of the first: for whoever plays how a new tenant is connected."""

VENDORS: tuple[Vendor, ...] = (LUMENBROOK, QUILLHAVEN, FERRODOCK)

__all__ = ["NEWCOMER", "VENDORS", "Topic", "Vendor"]
