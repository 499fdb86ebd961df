"""HubSpot's own reading of a ticket's tone, which only some plans have: right most of the time, and coarser than ours."""

import random

from ingestion.sandbox.world import Value

_SCORES = {
    "very_negative": (0, 30),
    "negative": (10, 48),
    "neutral": (38, 62),
    "positive": (52, 92),
    "very_positive": (70, 100),
}
"""Where scores lie by what was meant; HubSpot calls 60 and more positive, 40 and less negative."""


def own_reading(meant: str, rng: random.Random) -> dict[str, Value]:
    """The properties HubSpot fills in."""
    score = rng.randint(*_SCORES[meant])
    called = "POSITIVE" if score >= 60 else "NEGATIVE" if score <= 40 else "NEUTRAL"
    return {
        f"hs_{which}_sentiment{part}": value
        for which in ("overall_visitor_messages", "last_visitor_message")
        for part, value in (("", called), ("_score", score))
    }
