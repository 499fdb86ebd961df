"""A tenant's taxonomy as people make it: what one version holds, and how each edit of the draft changes it. Pure.

Stored by `core.appdb.topics`; what an analyzer is given of it is made in `analysis.topics.taxonomy`.
"""

from core.topics.content import (
    LONGEST_NAME,
    NO_TOPIC,
    UNREAD_TOPIC,
    ContentExample,
    ContentRule,
    ContentTopic,
    TaxonomyContent,
)
from core.topics.edits import Edit, InvalidEdit, edited, is_relabelling

__all__ = [
    "LONGEST_NAME",
    "NO_TOPIC",
    "UNREAD_TOPIC",
    "ContentExample",
    "ContentRule",
    "ContentTopic",
    "Edit",
    "InvalidEdit",
    "TaxonomyContent",
    "edited",
    "is_relabelling",
]
