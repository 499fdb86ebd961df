"""A generated world: invented vendors with customers, people and tickets, and the truth about them beside.

Deterministic: equal arguments give equal worlds, on any machine. Everything is dated relative to ``until``. The pieces:
``planning`` decides who writes when and in what mood, ``writing`` finds the words, ``vendors`` holds what they are about,
and this module turns plans into records of a portal.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ingestion.sandbox import phrases
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, TICKETS, PropertyDefinition
from ingestion.sandbox.clock import Clock, system_clock
from ingestion.sandbox.noise import Noise
from ingestion.sandbox.own_reading import own_reading
from ingestion.sandbox.planning import Account, PlannedTicket, Planner
from ingestion.sandbox.threads import Threads
from ingestion.sandbox.ticket_life import TicketLife
from ingestion.sandbox.truth import PlantedAccount, TicketTruth
from ingestion.sandbox.vendors import NEWCOMER, VENDORS, Vendor
from ingestion.sandbox.world import Owner, Portal, TenantProfile, Value, World
from ingestion.sandbox.writing import Intent, Sender, Writer

MONTHS_MIN = 5
"""Silent accounts need four months of habit before their silence."""

_STRAY_SHARE = 0.03
_EMPTY_SHARE = 0.01
_FLOODS = 3
_HARMLESS = timedelta(days=45)
_COMPANY_BASE, _CONTACT_BASE, _TICKET_BASE, _OWNER_BASE = 20_400_118_000, 61_300_450_000, 30_115_207_000, 512_004_000


@dataclass(slots=True)
class _Customer:
    """A company under construction: its part in the plot, and the ids it got."""

    account: Account
    name: str
    created_at: datetime
    contact_count: int
    company_id: str = ""
    senders: tuple[tuple[str, Sender], ...] = ()


def generate_world(
    *,
    seed: int = 7,
    tenants: int = 3,
    tickets: int = 2000,
    months: int = 9,
    until: datetime | None = None,
    clock: Clock = system_clock,
    noise: float = 0,
    newcomer_tickets: int = 0,
) -> World:
    """Make a world of tenants with planted accounts.

    Args:
        seed: Decides everything that is left to chance.
        tenants: How many portals; the invented vendors come in turn, from the fourth on as branches with a number.
        tickets: How many tickets in all portals together, shared out evenly.
        months: How far back they go, at least 5.
        until: The world's present; nothing is dated after it. The full hour that has just passed when None.
        clock: The present of changes made to the world later.
        noise: How much the accounts are disturbed (`ingestion.sandbox.noise`), from 0 to 1.
        newcomer_tickets: So many more in one more portal, of a vendor who is still to be connected; 0: no such portal.

    Returns:
        The world. Every portal has three accounts planted per trigger if it has 150 tickets or more, one each with 60
        or more, none with fewer; ``World.truth`` lists them.

    Raises:
        ValueError: An argument is out of range.
    """
    if tenants < 1 or tickets < tenants or months < MONTHS_MIN:
        raise ValueError(
            f"A world needs at least one tenant, a ticket for each, and {MONTHS_MIN} months; "
            f"got {tenants} tenants, {tickets} tickets, {months} months."
        )
    if not 0 <= noise <= 1:
        raise ValueError(f"Noise goes from 0 to 1; got {noise}.")
    end = (until or clock().replace(minute=0, second=0, microsecond=0)).astimezone(UTC)
    world = World(clock=clock)
    shares = [
        (_vendor(number), tickets // tenants + (1 if number < tickets % tenants else 0)) for number in range(tenants)
    ]
    if newcomer_tickets:
        shares.append((NEWCOMER, newcomer_tickets))
        world.newcomers.add(NEWCOMER.slug)
    for vendor, share in shares:
        rng = random.Random(f"{seed}/{vendor.slug}")  # noqa: S311 -- a story, not a secret
        days = round(months * 30.4)
        _Builder(world, vendor, rng, until=end, days=days, ticket_count=share, noise=noise, seed=seed).build()
    return world


def _vendor(number: int) -> Vendor:
    vendor = VENDORS[number % len(VENDORS)]
    branch = number // len(VENDORS) + 1
    return vendor if branch == 1 else replace(vendor, slug=f"{vendor.slug}-{branch}", name=f"{vendor.name} {branch}")


class _Builder:
    """Builds one tenant's portal into a world."""

    def __init__(
        self,
        world: World,
        vendor: Vendor,
        rng: random.Random,
        *,
        until: datetime,
        days: int,
        ticket_count: int,
        noise: float,
        seed: int,
    ) -> None:
        self._world, self._vendor, self._rng = world, vendor, rng
        self._until, self._days, self._ticket_count = until, days, ticket_count
        self._planner = Planner(rng, until=until, days=days, topic_count=len(vendor.topics))
        noise_rng = random.Random(f"{seed}/{vendor.slug}/noise")  # noqa: S311 -- a story, not a secret
        harmless = Planner(noise_rng, until=until, days=days, topic_count=len(vendor.topics))
        self._noise = Noise(noise_rng, noise, harmless, until)
        self._writer = Writer(vendor, rng)
        self._life = TicketLife(rng, until)
        self._portal = self._open_portal()

    def build(self) -> None:
        """Plan, then write companies, people and tickets in the order of their dates."""
        owners = self._hire()
        customers = self._customers()
        self._add_companies(customers, owners)
        self._add_contacts(customers)
        strays = self._planner.stray(self._ticket_count - sum(one.account.planned_count for one in customers))
        for one in customers:
            self._noise.disturb(one.account)
        planned: list[tuple[PlannedTicket, _Customer | None]] = [
            *(
                (ticket, None if self._noise.is_unlinked() else one)
                for one in customers
                for ticket in one.account.tickets
            ),
            *((ticket, None) for ticket in strays),
        ]
        planned.sort(key=lambda pair: pair[0].at)
        self._add_tickets(planned, customers, owners)
        self._world.truth += [
            PlantedAccount(self._vendor.slug, one.company_id, one.account.role, one.account.reason)
            for one in customers
            if one.account.reason
        ]

    def _open_portal(self) -> Portal:
        vendor = self._vendor
        profile = TenantProfile(
            tenant_id=vendor.slug,
            name=vendor.name,
            plan_tier=vendor.plan_tier,
            currency=vendor.currency,
            mrr_property=vendor.mrr_property,
            renewal_property=vendor.renewal_property,
            last_login_property=vendor.last_login_property,
            onboarding_step_property=vendor.onboarding_step_property,
            usage_property=vendor.usage_property,
            topics=tuple((topic.name, topic.description) for topic in vendor.topics),
        )
        portal = self._world.add_portal(
            profile,
            time_zone=vendor.time_zone,
            ui_domain=vendor.ui_domain,
            born_at=self._until - timedelta(days=self._days + 1_500),
        )
        for name, label, kind, field_type in (
            (vendor.mrr_property, "Monthly recurring revenue", "number", "number"),
            (vendor.renewal_property, "Renewal date", "date", "date"),
            (vendor.last_login_property, "Last login", "datetime", "date"),
            (vendor.onboarding_step_property, "Onboarding step", "number", "number"),
            (vendor.usage_property, vendor.usage_label, "number", "number"),
        ):
            definition = PropertyDefinition(name, label, kind, field_type, group_name="customer_success")
            portal.add_property(COMPANIES, definition)
        for pipeline in vendor.pipelines:
            portal.set_pipeline(pipeline)
        return portal

    def _hire(self) -> list[Owner]:
        owners = []
        for number, (first, last, has_left) in enumerate(self._vendor.staff):
            email = f"{first}.{last}@{self._vendor.slug}.example".lower()
            owner = Owner(str(_OWNER_BASE + 37 * number), email, first, last, 44_010_000 + number, archived=has_left)
            self._portal.set_owner(owner)
            owners.append(owner)
        return owners

    def _customers(self) -> list[_Customer]:
        """All accounts with their tickets planned; what is left over becomes tickets without a company."""
        planner, total = self._planner, self._ticket_count
        each = 3 if total >= 150 else 1 if total >= 60 else 0
        accounts = [
            make(variant) for make in (planner.frustrated, planner.heavy, planner.silent) for variant in range(each)
        ]
        newcomers = each
        accounts += [planner.newcomer(variant, 2) for variant in range(newcomers)]
        left = total - sum(one.planned_count for one in accounts) - round(total * _STRAY_SHARE)
        wanted = max(8, min(45, left // 12), left // 18)
        accounts += [planner.healthy(variant, count) for variant, count in enumerate(self._shares(left, wanted))]
        names = self._names(len(accounts))
        customers = [
            _Customer(one, name, self._signed_at(one), self._rng.randint(1, 4))
            for one, name in zip(accounts, names, strict=True)
        ]
        return sorted(customers, key=lambda one: one.created_at)

    def _shares(self, total: int, accounts: int) -> list[int]:
        """Split tickets over healthy accounts, unevenly, but to none more than a calm pace allows."""
        calm = int(self._days * 5 / 7 / 5)
        weights = [self._rng.uniform(0.5, 1.8) for _ in range(accounts)]
        shares = [min(calm, int(total * weight / sum(weights))) for weight in weights]
        for place in range(accounts * 3):
            if sum(shares) >= total:
                break
            if shares[place % accounts] < calm:
                shares[place % accounts] += 1
        return shares

    def _names(self, count: int) -> list[str]:
        first, second = self._vendor.customer_words
        pairs = [f"{one} {other}" for one in first for other in second]
        self._rng.shuffle(pairs)
        return [
            pairs[place % len(pairs)] + (f" {place // len(pairs) + 1}" if place >= len(pairs) else "")
            for place in range(count)
        ]

    def _signed_at(self, account: Account) -> datetime:
        if account.role == "new":
            return self._until - timedelta(days=24, hours=self._rng.uniform(1, 40))
        return self._until - timedelta(days=self._days + self._rng.uniform(20, 1200))

    def _add_companies(self, customers: Sequence[_Customer], owners: Sequence[Owner]) -> None:
        rng, vendor = self._rng, self._vendor
        present = [one for one in owners if not one.archived]
        number = _COMPANY_BASE
        for one in customers:
            one.company_id = str(number)
            number += rng.randint(40, 9_000)
            login, facts = self._facts(one.account)
            size = int(rng.lognormvariate(5, 1))
            self._portal.upsert(
                COMPANIES,
                {
                    "name": one.name,
                    "domain": _domain(one.name),
                    "industry": rng.choice(vendor.industry),
                    "numberofemployees": size,
                    "annualrevenue": size * rng.randint(60, 300) * 1000,
                    "lifecyclestage": "customer",
                    "hubspot_owner_id": rng.choice(present).id,
                    "num_associated_contacts": one.contact_count,
                    **facts,
                },
                object_id=one.company_id,
                created_at=one.created_at,
                modified_at=max(one.created_at, login),
            )

    def _facts(self, account: Account) -> tuple[datetime, dict[str, str | int | datetime]]:
        """Last login and the mapped CRM facts; they speak of trouble only where the plot wants it."""
        rng, vendor = self._rng, self._vendor
        is_silent, way = account.role == "silently_struggling", account.variant % 3
        mrr = round(rng.lognormvariate(7.2, 0.7) / 10) * 10
        if account.reason:
            mrr = max(mrr, 1_200 + 100 * account.variant)
        away = rng.uniform(16, 28) if is_silent and way == 0 else rng.uniform(0.1, 3.5)
        usage = rng.randint(4, 30) if is_silent and way == 1 else rng.randint(140, 2_400)
        step = rng.randint(1, 4) if account.role == "new" else 5
        login = self._until - timedelta(days=away)
        renewal = (self._until + timedelta(days=rng.randint(20, 360))).date()
        facts: dict[str, str | int | datetime] = {
            vendor.renewal_property: renewal.isoformat(),
            vendor.last_login_property: login,
            vendor.onboarding_step_property: step,
            vendor.usage_property: usage,
        }
        if account.role != "healthy" or account.variant % 12 != 7:
            facts[vendor.mrr_property] = mrr
        return login, {name: value for name, value in facts.items() if not self._noise.is_unfilled()}

    def _add_contacts(self, customers: Sequence[_Customer]) -> None:
        rng = self._rng
        number = _CONTACT_BASE
        for one in customers:
            senders = []
            for _ in range(one.contact_count):
                first, last = rng.choice(phrases.FIRST_NAMES), rng.choice(phrases.LAST_NAMES)
                title = rng.choice(phrases.JOB_TITLES)
                email = f"{first}.{last}@{_domain(one.name)}".lower()
                contact_id = self._portal.upsert(
                    CONTACTS,
                    {"firstname": first, "lastname": last, "email": email, "jobtitle": title},
                    object_id=number,
                    created_at=one.created_at + timedelta(minutes=rng.randint(5, 9_000)),
                )
                number += rng.randint(30, 5_000)
                self._portal.associate(CONTACTS, contact_id, COMPANIES, one.company_id, primary=True)
                senders.append((contact_id, Sender(first, last, title, one.name)))
            one.senders = tuple(senders)

    def _own_reading(self, number: int, said: Intent | None) -> dict[str, Value]:
        if said is None or self._vendor.plan_tier != "enterprise":
            return {}
        return own_reading(said.sentiment, random.Random(f"{self._vendor.slug}/{number}"))  # noqa: S311 -- a story, not a secret

    def _add_tickets(
        self,
        planned: Sequence[tuple[PlannedTicket, _Customer | None]],
        customers: Sequence[_Customer],
        owners: Sequence[Owner],
    ) -> None:
        oddities = self._oddities(planned)
        number = _TICKET_BASE
        is_shared = False
        threads = Threads(self._portal, self._vendor.slug)
        for place, (ticket, customer) in enumerate(planned):
            contact_id, sender = self._sender(customer)
            subject, content, said = self._text(ticket, sender, oddities.get(place))
            life = self._life.of(ticket, self._vendor, owners, is_settled=self._is_settled(customer))
            ticket_id = self._portal.upsert(
                TICKETS,
                {"subject": subject, "content": content, **life.properties, **self._own_reading(number, said)},
                object_id=number,
                created_at=ticket.at,
                modified_at=life.modified_at,
                history={"hs_pipeline_stage": life.stages},
            )
            number += self._rng.randint(15, 4_000)
            if customer is not None:
                self._portal.associate(TICKETS, ticket_id, COMPANIES, customer.company_id, primary=True)
                self._portal.associate(TICKETS, ticket_id, CONTACTS, contact_id)
                # Long enough ago, and of an account that no trigger should find, so that no card is owed to it.
                may_turn = customer.account.role == "healthy" and self._until - ticket.at > _HARMLESS
                if truth := threads.write(ticket_id, contact_id, said, turn=ticket.turn, may_turn=may_turn):
                    self._world.message_truth.append(truth)
                if not is_shared and customer.account.role == "healthy":
                    other = next(one for one in customers if one.account.role == "healthy" and one is not customer)
                    self._portal.associate(TICKETS, ticket_id, COMPANIES, other.company_id)
                    is_shared = True
            topic = self._vendor.topics[ticket.topic_index].name
            self._world.ticket_truth.append(
                TicketTruth(
                    tenant_id=self._vendor.slug,
                    ticket_id=ticket_id,
                    sentiment=None if said is None else said.sentiment,
                    topic=None if said is None else topic,
                    churn_intent=None if said is None else said.churn_intent,
                )
            )

    def _oddities(self, planned: Sequence[tuple[PlannedTicket, _Customer | None]]) -> dict[int, str]:
        """Which tickets, by place, come without text, as emoji or with a log; only old ones of healthy accounts."""
        calm = [
            place
            for place, (ticket, customer) in enumerate(planned)
            if (customer is None or customer.account.role == "healthy") and self._until - ticket.at > timedelta(days=35)
        ]
        empty = max(2, round(len(planned) * _EMPTY_SHARE))
        chosen = self._rng.sample(calm, min(len(calm), empty + _FLOODS + 1))
        kinds = ["log", "joy", "rage", "joy", "void", *["no content"] * (empty - 1)]
        return dict(zip(chosen, kinds, strict=False))

    def _text(self, ticket: PlannedTicket, sender: Sender, oddity: str | None) -> tuple[str, str, Intent | None]:
        """Subject, text and what they express; None where nothing is said."""
        topic = self._vendor.topics[ticket.topic_index]
        if oddity == "log":
            return *self._writer.pasted_log(topic, ticket.at), Intent("neutral")
        if oddity in {"joy", "rage"}:
            mood = "very_positive" if oddity == "joy" else "very_negative"
            return *self._writer.flood(topic, mood, ticket.at), Intent(mood)
        if oddity == "void":
            return "", "", None
        subject, content = self._writer.write(topic, ticket.intent, sender, ticket.at)
        if oddity == "no content":
            subject, _ = self._writer.write(topic, Intent("neutral"), sender, ticket.at)
            return subject, "", Intent("neutral")
        return subject, content, ticket.intent

    def _sender(self, customer: _Customer | None) -> tuple[str, Sender]:
        if customer is not None:
            return self._rng.choice(customer.senders)
        first, last = self._rng.choice(phrases.FIRST_NAMES), self._rng.choice(phrases.LAST_NAMES)
        return "", Sender(first, last, self._rng.choice(phrases.JOB_TITLES), "")

    @staticmethod
    def _is_settled(customer: _Customer | None) -> bool:
        """Whether every ticket of the account is closed soon, so that no late reply breaks its silence."""
        return customer is not None and customer.account.role == "silently_struggling"


def _domain(name: str) -> str:
    plain = name.lower().replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace(" ", "-")
    return f"{plain}.example"
