"""Precision and recall of the cards of each trigger, at three levels of noise, as a table for docs/cards.md.

    python -m benchmarks.cards [--tenants 9] [--tickets 400] [--noise 0 0.5 1]

Generated vendors with three accounts planted for each trigger (docs/sandbox.md) are loaded from the sandbox, read by the embedded
analyzer and transformed, all through the product's own steps. *Found* are planted accounts that have an active card of their
trigger; a card is *right* where its company was planted for any trigger, since an account that was planted to be furious may well
need much support too. The same for the cards that would interrupt a person. Intervals are Wilson's, 95 %.
"""

import argparse
import tempfile
from pathlib import Path

from analysis.measures import Share
from core.logging import configure_logging
from core.vocabulary import TriggerType
from tests.support.scene import playing, small_world


def measure(noise: float, tenants: int, tickets: int, seed: int) -> None:
    """Print the rows of one level of noise."""
    world = small_world(seed=seed, tenants=tenants, tickets=tenants * tickets, months=7, noise=noise)
    planted = {(one.tenant_id, one.company_id): one.trigger_type for one in world.truth}
    with tempfile.TemporaryDirectory() as folder, playing(Path(folder), world) as scene:
        scene.refresh()
        cards = scene.place.warehouse.rows(
            "select tenant_id, company_id, trigger_type, is_notify from marts.churn_risk_cards where is_active"
        )
    for trigger in TriggerType:
        expected = {company for company, kind in planted.items() if kind == trigger}
        cells = []
        for is_chosen in (lambda _: True, lambda card: card["is_notify"]):
            chosen = {
                (card["tenant_id"], card["company_id"])
                for card in cards
                if card["trigger_type"] == trigger and is_chosen(card)
            }
            cells += [_told(len(chosen & expected), len(expected)), _told(len(chosen & planted.keys()), len(chosen))]
        if any(expected):
            print(f"| {noise:g} | `{trigger}` | {' | '.join(cells)} |", flush=True)
    lost = len(planted.keys() - {(card["tenant_id"], card["company_id"]) for card in cards})
    print(f"| {noise:g} | no card of any kind | {lost} of {len(planted)} planted | | | |", flush=True)


def _told(hits: int, count: int) -> str:
    if not count:
        return "none"
    share = Share(hits, count)
    low, high = share.interval
    return f"{hits} of {count} = {share.value:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure every level."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=9)
    parser.add_argument("--tickets", type=int, default=400)
    parser.add_argument("--seed", type=int, default=29)
    parser.add_argument("--noise", type=float, nargs="+", default=[0, 0.5, 1])
    given = parser.parse_args()
    configure_logging(as_json=False, level="ERROR")
    print("| noise | trigger | cards: found | cards: right | interrupting: found | interrupting: right |")
    print("|---|---|---|---|---|---|", flush=True)
    for noise in given.noise:
        measure(noise, given.tenants, given.tickets, given.seed)


if __name__ == "__main__":
    main()
