"""What a rule would have done: the real models over a copy of a tenant, in which this rule has stood alone for ninety days.

It is evaluated where it will be evaluated every day, with the tenant's own thresholds, so that what is promised here is what
happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from core.appdb.directory import Tenant
from core.appdb.rules import RuleVersion, literal_rows, rule_row
from core.installation import Installation
from core.naming import INTERMEDIATE
from core.rules import InvalidRule, Problem, Rule
from core.vocabulary import TriggerType
from ingestion.app_state import TRIGGER_RULE_LITERALS, TRIGGER_RULES
from orchestration.scratch import Scratch, scratch_copy

DRY_RUN_DAYS = 90
"""How far back a rule is tried out."""

_SELECTED = "+int_cards"


@dataclass(frozen=True)
class WouldOpen:
    """A card the rule would have opened. `closed_on` is None where its signal has not been off for long enough to end it."""

    company_id: str
    company_name: str
    opened_on: date
    last_signal_on: date
    closed_on: date | None
    severity: str
    why: str


@dataclass(frozen=True)
class DryRun:
    """What a rule would have done.

    Attributes:
        as_of_at: The end of the days it was tried out over.
        company_count: Companies the tenant has.
        cards: What it would have opened, oldest first.
        unknown_measures: What it asks for and is known of no company on any of these days.
    """

    as_of_at: datetime
    company_count: int
    cards: tuple[WouldOpen, ...]
    unknown_measures: tuple[str, ...]

    @property
    def flagged_count(self) -> int:
        """Companies with such a card."""
        return len({card.company_id for card in self.cards})

    @property
    def active_count(self) -> int:
        """Companies for which it holds on the last day: those it opens a card for when it is saved now."""
        return sum(card.last_signal_on == self.as_of_at.date() for card in self.cards)

    @property
    def is_flood(self) -> bool:
        """Whether it would flag more than a third of all companies, which tells nobody anything."""
        return self.flagged_count * 3 > self.company_count

    def as_json(self) -> Mapping[str, Any]:
        """The figures a rule is saved with."""
        return {
            "days": DRY_RUN_DAYS,
            "as_of_at": self.as_of_at.isoformat(),
            "card_count": len(self.cards),
            "flagged_count": self.flagged_count,
            "active_count": self.active_count,
            "company_count": self.company_count,
        }


def check_topics(place: Installation, tenant: Tenant, rule: Rule) -> None:
    """Make sure that a rule names topics the tenant has.

    Raises:
        InvalidRule: It names another one.
    """
    version = place.topics.current(tenant.tenant_id)
    known = version.content.active_names if version else frozenset()
    if missing := [topic for topic in rule.topics if topic not in known]:
        listed = ", ".join(sorted(known)) or "none yet"
        problems = [
            Problem("when", f"{tenant.tenant_id} has no topic {topic!r}; its topics: {listed}.") for topic in missing
        ]
        raise InvalidRule(problems)


def dry_run(place: Installation, tenant: Tenant, rule: Rule) -> DryRun:
    """Try a rule out; takes about as long as one transformation of the tenant.

    Raises:
        InvalidRule: It names a topic the tenant does not have.
        TransformFailed: A model did not build.
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
    """
    check_topics(place, tenant, rule)
    as_of_at = place.as_of_at()
    with scratch_copy(place, tenant.tenant_id, purpose="rules", as_of_at=as_of_at) as scratch:
        _stand_alone(scratch, tenant, rule, as_of_at)
        scratch.build(_SELECTED)
        known = {row["measure"] for row in scratch.rows(_MEASURES)}
        [companies] = scratch.rows(_COMPANIES)
        return DryRun(
            as_of_at=as_of_at,
            company_count=companies["company_count"],
            cards=tuple(WouldOpen(**row) for row in scratch.rows(_CARDS, trigger_type=TriggerType.TENANT_RULE.value)),
            unknown_measures=tuple(
                dict.fromkeys(
                    literal.measure for clause in rule.clauses for literal in clause if literal.measure not in known
                )
            ),
        )


def _stand_alone(scratch: Scratch, tenant: Tenant, rule: Rule, as_of_at: datetime) -> None:
    """Put the rule in the place of all the tenant has, as if it had been saved on the first of the days."""
    version = RuleVersion(
        rule_id=rule.rule_id,
        version=1,
        plain=rule.as_json(),
        is_active=True,
        dry_run={},
        valid_from_at=as_of_at - timedelta(days=DRY_RUN_DAYS - 1),
        author="dry run",
    )
    loaded = {"loaded_at": as_of_at}
    for table, rows in (
        (TRIGGER_RULES, [rule_row(tenant.tenant_id, version)]),
        (TRIGGER_RULE_LITERALS, literal_rows(tenant.tenant_id, rule, version.version)),
    ):
        scratch.replace(table.spec, ["tenant_id"], [[tenant.tenant_id]], [row | loaded for row in rows])


_MEASURES = f"select distinct measure from {INTERMEDIATE}.int_company_fact_steps"  # noqa: S608 - names of ours
_COMPANIES = f"select count(*) as company_count from {INTERMEDIATE}.int_company_facts"  # noqa: S608 - names of ours
_CARDS = f"""
    select cards.company_id, companies.company_name, cards.opened_on, cards.last_signal_on, cards.closed_on,
        cards.severity, cards.why
    from {INTERMEDIATE}.int_cards as cards
    inner join {INTERMEDIATE}.int_company_facts as companies using (tenant_id, company_id)
    where cards.trigger_type = :trigger_type
    order by cards.opened_on, length(cards.company_id), cards.company_id
"""  # noqa: S608 - names of ours
