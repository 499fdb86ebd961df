"""What can be done to a card, and where that leaves it: rules alone, without a store.

Events are kept by `core.appdb.card_events`; the warehouse folds them in SQL (`int_card_states`), and a test holds the two together.
"""

from core.cards.acts import Act, CardChanged, CardsMoved, IllegalAct, NoSuchColleague, Worth, decided
from core.cards.state import MACHINE, CardEvent, CardState, folded

__all__ = [
    "MACHINE",
    "Act",
    "CardChanged",
    "CardEvent",
    "CardState",
    "CardsMoved",
    "IllegalAct",
    "NoSuchColleague",
    "Worth",
    "decided",
    "folded",
]
