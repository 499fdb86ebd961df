"""Who a row belongs to, and which cell carries it.

A *tenant* is one customer of churnboard, named by a slug that stands first in every key. A *cell* is the unit of an ingestion
run, of a dlt pipeline, of a Dagster partition and of a lock; by default a tenant is its own cell.
"""

import re
from typing import NewType

from core.errors import Terminal

TenantId = NewType("TenantId", str)
"""A validated tenant slug."""

Cell = NewType("Cell", str)
"""A validated cell name; the same alphabet as a slug, so it is safe in schema, file and partition names."""

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40


class InvalidSlug(Terminal):
    """A tenant or cell name that cannot be carried into schema, file and partition names unchanged."""


def tenant_id(value: str) -> TenantId:
    """`value` as a tenant id.

    Raises:
        InvalidSlug: Not lower-case letters, digits and single hyphens, or longer than 40 characters.
    """
    return TenantId(_slug(value, "tenant"))


def cell(value: str) -> Cell:
    """`value` as a cell name.

    Raises:
        InvalidSlug: As `tenant_id`.
    """
    return Cell(_slug(value, "cell"))


def slug_from(text: str) -> str:
    """A valid slug made from any text, for instance a file's stem; `tenant` where nothing usable is left."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-").lstrip("0123456789-")
    return slug or "tenant"


def _slug(value: str, what: str) -> str:
    if len(value) > _LONGEST or not _SLUG.fullmatch(value):
        raise InvalidSlug(
            f"{value!r} is not a {what} name: use lower-case letters, digits and single hyphens, "
            f"starting with a letter, {_LONGEST} characters at most."
        )
    return value
