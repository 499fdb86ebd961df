"""What a saved view of the board is, and what can be wrong with one. Kept by `core.appdb.views`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Terminal

MOST_VIEWS = 50
"""Views one person may keep."""


class UnknownView(Terminal):
    """There is no such view, or it is somebody else's own."""


class ForeignView(Terminal):
    """The view is shared, but somebody else's to change."""


class ViewNameTaken(Terminal):
    """The person has a view of that name."""


class TooManyViews(Terminal):
    """The person keeps as many views as they may."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What a view is made of.

    Attributes:
        name: How it is called; each person's names differ.
        is_shared: Whether everybody of the tenant sees it.
        query: The board's filters and sort, JSON.
    """

    name: str
    is_shared: bool
    query: Mapping[str, Any]
