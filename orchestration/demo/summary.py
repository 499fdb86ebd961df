"""What a demo found, read from the published build, against what the sandbox had planted."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Group
from rich.table import Table
from sqlalchemy import func, select

from core.appdb.tables import published_build, published_churn_risk_cards, published_sentiment_daily
from core.installation import Installation
from core.tenants import TenantId
from core.vocabulary import TriggerType


@dataclass(frozen=True)
class TriggerCount:
    """Cards of one trigger in one tenant."""

    tenant_id: TenantId
    trigger_type: str
    cards: int
    notify: int
    planted: int
    """Companies the generator planted with this trigger; 0 on real tickets."""

    found: int
    """How many of those have an active card of this trigger."""

    other_cards: int
    """Active cards of this trigger on companies that were not planted with it."""

    other_notify: int
    """How many of those would interrupt a person."""


@dataclass(frozen=True)
class Summary:
    """One line per tenant and trigger, and the tickets behind them."""

    tickets: dict[TenantId, int]
    triggers: Sequence[TriggerCount]

    @property
    def missed(self) -> int:
        """Planted accounts without their card."""
        return sum(count.planted - count.found for count in self.triggers)


def summarise(place: Installation, truth_file: Path | None) -> Summary:
    """Read the served build of every tenant that has one."""
    planted = _planted(truth_file)
    tickets, triggers = {}, []
    for tenant in place.directory.tenants():
        if place.builds.current(tenant.tenant_id) is None:
            continue
        cards = _active_cards(place, tenant.tenant_id)
        tickets[tenant.tenant_id] = _ticket_count(place, tenant.tenant_id)
        for trigger in TriggerType:
            of_trigger = {company: notify for company, kind, notify in cards if kind == trigger}
            if trigger is TriggerType.TENANT_RULE and not of_trigger:
                # Rules of one's own are made by people: where there are none, there is nothing to tell.
                continue
            expected = planted.get((tenant.tenant_id, trigger), set())
            others = Counter(notify for company, notify in of_trigger.items() if company not in expected)
            triggers.append(
                TriggerCount(
                    tenant_id=tenant.tenant_id,
                    trigger_type=trigger,
                    cards=len(of_trigger),
                    notify=sum(of_trigger.values()),
                    planted=len(expected),
                    found=len(expected & of_trigger.keys()),
                    other_cards=others.total(),
                    other_notify=others[True],
                )
            )
    return Summary(tickets=tickets, triggers=triggers)


def render(summary: Summary) -> Group:
    """The summary as a table for a terminal of 80 columns, and a sentence below it."""
    has_truth = any(count.planted for count in summary.triggers)
    table = Table(title="Published", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("tenant", "tickets", "trigger", "cards", "notify", *(("found", "others") if has_truth else ())):
        table.add_column(name, justify="left" if name in {"tenant", "trigger"} else "right", no_wrap=True)
    shown = None
    following = [*(count.tenant_id for count in summary.triggers[1:]), None]
    for count, next_tenant in zip(summary.triggers, following, strict=False):
        is_first, shown = count.tenant_id != shown, count.tenant_id
        cells = [count.tenant_id, f"{summary.tickets[count.tenant_id]:,}"] if is_first else ["", ""]
        cells += [count.trigger_type, str(count.cards), str(count.notify)]
        if has_truth:
            cells += [f"{count.found} of {count.planted}", str(count.other_cards)]
        table.add_row(*cells, end_section=next_tenant != count.tenant_id)
    return Group(table, *([_verdict(summary)] if has_truth else []))


def _verdict(summary: Summary) -> str:
    planted = sum(count.planted for count in summary.triggers)
    others = sum(count.other_cards for count in summary.triggers)
    interrupting = sum(count.other_notify for count in summary.triggers)
    return (
        f"{planted - summary.missed} of {planted} planted accounts have their card. {others} other "
        f"card{'' if others == 1 else 's'}, {interrupting or 'none'} of them interrupting a person."
    )


def _planted(truth_file: Path | None) -> dict[tuple[str, str], set[str]]:
    planted: dict[tuple[str, str], set[str]] = {}
    if truth_file and truth_file.exists():
        for account in json.loads(truth_file.read_text())["accounts"]:
            planted.setdefault((account["tenant_id"], account["trigger_type"]), set()).add(account["company_id"])
    return planted


def _active_cards(place: Installation, tenant_id: TenantId) -> list[tuple[str, str, bool]]:
    cards = published_churn_risk_cards
    query = (
        select(cards.c.company_id, cards.c.trigger_type, cards.c.is_notify)
        .join(
            published_build,
            (published_build.c.tenant_id == cards.c.tenant_id) & (published_build.c.build_id == cards.c.build_id),
        )
        .where(cards.c.tenant_id == tenant_id, cards.c.is_active)
    )
    with place.app_database.connect() as connection:
        return [(company, kind, bool(notify)) for company, kind, notify in connection.execute(query)]


def _ticket_count(place: Installation, tenant_id: TenantId) -> int:
    daily = published_sentiment_daily
    query = (
        select(func.coalesce(func.sum(daily.c.ticket_count), 0))
        .join(
            published_build,
            (published_build.c.tenant_id == daily.c.tenant_id) & (published_build.c.build_id == daily.c.build_id),
        )
        .where(daily.c.tenant_id == tenant_id)
    )
    with place.app_database.connect() as connection:
        return int(connection.scalar(query) or 0)
