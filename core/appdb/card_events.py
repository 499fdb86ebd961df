"""What has happened to cards: events, only ever added. A card's are numbered from 1 without gaps.

Words that people wrote stay in this database: the warehouse is told what was decided, not what was said.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select

from core.appdb.tables import card_event

WORDS = ("text", "note")
"""Keys of a payload under which somebody's own words stand."""

_AT_ONCE = 200
"""Cards whose events are read with one statement."""

_E = card_event.c


class CardEvents:
    """Reads them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beyond(self, held: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Rows of `raw_app.card_events` beyond those that are held, some of one tenant at a time.

        Args:
            held: By tenant and card, how many events the warehouse has.
        """
        counted = select(_E.tenant_id, _E.card_id, func.max(_E.seq)).group_by(_E.tenant_id, _E.card_id)
        with self._engine.connect() as connection:
            grown: dict[str, list[tuple[str, int]]] = {}
            for tenant_id, card_id, last_seq in connection.execute(counted):
                if last_seq > (known := held.get((tenant_id, card_id), 0)):
                    grown.setdefault(tenant_id, []).append((card_id, known))
            for tenant_id, cards in sorted(grown.items()):
                cards.sort()
                for start in range(0, len(cards), _AT_ONCE):
                    new = or_(
                        *(
                            and_(_E.card_id == card_id, _E.seq > known)
                            for card_id, known in cards[start : start + _AT_ONCE]
                        )
                    )
                    rows = connection.execute(
                        select(card_event)
                        .where(_E.tenant_id == tenant_id, new)
                        .order_by(*card_event.primary_key.columns)
                    )
                    yield tenant_id, [_told(dict(row)) for row in rows.mappings()]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    decided = {name: value for name, value in row["payload"].items() if name not in WORDS}
    return row | {"payload": json.dumps(decided, sort_keys=True, separators=(",", ":"))}
