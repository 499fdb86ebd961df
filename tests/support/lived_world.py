"""Customers' lives over two years, drawn from a seed, and what the warehouse would hold of them at any moment.

Around each of some days of judgement every customer acts a part: it complains, floods, or falls silent after trouble. What it does
in the days after is of the kind that must not change the judgement: it is appeased, it answers, its tickets are closed and opened
again, its facts change, its vendor sets other thresholds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random

from tests.support.warehouse_fixtures import (
    SourceRow,
    all_fields_mapped,
    company,
    default_stages,
    email,
    evidence,
    message_text,
    portal,
    property_set,
    reading,
    stage_entered,
    sync_cursor,
    tenant,
    ticket,
    ticket_company,
    topic_label,
    trigger_param,
    trigger_preset,
)

OPEN, CLOSED = "1", "4"
_FACTS = ("mrr", "renewal_date", "last_login", "onboarding_step", "usage_30d")
_SENTIMENTS = ("very_negative", "negative", "negative", "neutral", "positive")
_STREAMS = ("tickets", "companies", "ticket_companies", "emails", "ticket_emails")


@dataclass
class _Message:
    at: datetime
    is_inbound: bool
    text: str
    sentiment: str
    churn_intent: str
    resolution: str


@dataclass
class _Ticket:
    id: str
    company_id: str
    at: datetime
    opening: _Message
    topic: str
    stages: list[tuple[datetime, str]]
    messages: list[_Message] = field(default_factory=list)


@dataclass
class _Company:
    id: str
    at: datetime
    facts: list[tuple[datetime, str, str]]


class LivedWorld:
    """One tenant's customers.

    Args:
        tenant_id: The tenant.
        seed: Draws the world.
        days: Ends of the days of judgement; lives go on for four weeks after each.
        is_told: Whether HubSpot told of threads, stages and properties as they were; otherwise nothing but creations happens.
    """

    def __init__(self, tenant_id: str, seed: int, days: Sequence[datetime], *, is_told: bool) -> None:
        self._tenant = tenant_id
        self._days = days
        self._is_told = is_told
        self._random = Random(seed)
        self._companies: list[_Company] = []
        self._tickets: list[_Ticket] = []
        first = min(days) - timedelta(days=200)
        for number in range(1, 17):
            self._companies.append(self._company(str(number), first))
        for day in days:
            for number, one in enumerate(self._companies):
                part = (self._complain, self._flood, self._fall_silent, self._fall_silent)[
                    (number + len(self._tickets)) % 4
                ]
                part(one.id, day)
        # The vendor's other customers go on writing, so that it is no holiday.
        steady, at = self._company("steady", first), first
        self._companies.append(steady)
        while at < max(days) + timedelta(days=28):
            self._write("steady", at, "neutral", closed_after=1)
            at += timedelta(days=1)

    def rows(self, now: datetime) -> Iterator[SourceRow]:
        """What the warehouse holds at a moment."""
        here = {"tenant_id": self._tenant}
        yield tenant(tenant_id=self._tenant)
        yield portal(tenant_id=self._tenant)
        yield from all_fields_mapped(tenant_id=self._tenant)
        yield from default_stages(tenant_id=self._tenant)
        for stream in _STREAMS if self._is_told else _STREAMS[:3]:
            yield sync_cursor(tenant_id=self._tenant, stream=stream, synced_at=now)
        for day in self._days:
            yield from self._settings(day, now)
        for one in self._companies:
            if one.at <= now:
                known = [(at, name, value) for at, name, value in one.facts if at <= now]
                yield company(
                    id=one.id,
                    createdate=one.at,
                    hs_lastmodifieddate=max((at for at, _, _ in known), default=one.at),
                    properties={name: value for _, name, value in known if value},
                    **here,  # type: ignore[arg-type]
                )
                if self._is_told:
                    for at, name, value in known:
                        yield property_set(
                            company_id=one.id, property_name=name, value=value or None, set_at=at, **here
                        )
        for each in self._tickets:
            if each.at <= now:
                yield from self._ticket_rows(each, now)

    def _settings(self, day: datetime, now: datetime) -> Iterator[SourceRow]:
        version = 2 * list(self._days).index(day)
        set_at = [day - timedelta(hours=9), day + timedelta(hours=9)]
        of = {"tenant_id": self._tenant, "trigger_type": "frustrated", "name": "half_life_days"}
        values = [6.0 + version, 2.0]
        for nth, at in enumerate(set_at, start=1):
            if at <= now:
                yield trigger_param(value=values[nth - 1], version=version + nth, valid_from_at=at, **of)
                preset = ("balanced", "quiet")[nth - 1]
                yield trigger_preset(tenant_id=self._tenant, preset=preset, version=version + nth, valid_from_at=at)

    def _ticket_rows(self, each: _Ticket, now: datetime) -> Iterator[SourceRow]:
        entered = [(at, stage) for at, stage in each.stages if at <= now]
        said = [one for one in each.messages if one.at <= now]
        is_closed = entered[-1][1] == CLOSED
        of = {"tenant_id": self._tenant, "ticket_id": each.id}
        yield ticket(
            id=each.id,
            tenant_id=self._tenant,
            createdate=each.at,
            hs_pipeline_stage=entered[-1][1],
            closed_date=entered[-1][0] if is_closed else None,
            hs_lastmodifieddate=max(entered[-1][0], *(one.at for one in said)) if said else entered[-1][0],
            hs_last_message_received_at=max((one.at for one in said if one.is_inbound), default=None),
        )
        yield ticket_company(company_id=each.company_id, **of)
        yield topic_label(topic=each.topic, **of)
        yield from _read(each.opening, message_id="opening", **of)
        if self._is_told:
            for at, stage in entered:
                yield stage_entered(stage_id=stage, entered_at=at, **of)
        for nth, one in enumerate(each.messages):
            if one.at <= now:
                direction = "inbound" if one.is_inbound else "outbound"
                number = f"{each.id}{nth:02}"
                yield from email(id=number, sent_at=one.at, direction=direction, own_text=one.text, **of)
                if one.is_inbound:
                    yield from _read(one, message_id=f"emails/{number}", **of)

    def _company(self, company_id: str, first: datetime) -> _Company:
        random = self._random
        at = self._moment(first - timedelta(days=random.choice([300, 60, -60])))
        facts = [(at, name, self._fact(name, at)) for name in _FACTS if random.random() < 0.7]
        if self._is_told:
            for day in self._days:
                for offset in (-40, -9, -1, 0, 1, 5):
                    if random.random() < 0.6:
                        moment, name = self._moment(day + timedelta(days=offset)), random.choice(_FACTS)
                        if moment > at:
                            facts.append((moment, name, self._fact(name, moment)))
        return _Company(company_id, at, sorted(facts))

    def _fact(self, name: str, at: datetime) -> str:
        random = self._random
        day = at.date()
        return {
            "mrr": lambda: random.choice(["100", "990", "1500", "4000", "", "much"]),
            "renewal_date": lambda: str(day + timedelta(days=random.choice([20, 85, 95, 300]))),
            "last_login": lambda: str(day - timedelta(days=random.choice([0, 3, 8, 9, 20]))),
            "onboarding_step": lambda: random.choice(["0", "2", "3", "5", ""]),
            "usage_30d": lambda: random.choice(["10", "49", "50", "900"]),
        }[name]()

    def _complain(self, company_id: str, day: datetime) -> None:
        for _ in range(self._random.randint(1, 3)):
            at = self._moment(day - timedelta(days=self._random.randint(0, 16)))
            self._write(company_id, at, self._random.choice(_SENTIMENTS), closed_after=self._random.choice([1, 4, 20]))

    def _flood(self, company_id: str, day: datetime) -> None:
        for _ in range(self._random.randint(4, 9)):
            at = self._moment(day - timedelta(days=self._random.randint(0, 13)))
            self._write(company_id, at, "neutral", closed_after=self._random.choice([1, 6, 12]))
        self._write(company_id, self._moment(day + timedelta(days=1)), "neutral", closed_after=3)

    def _fall_silent(self, company_id: str, day: datetime) -> None:
        for week in range(self._random.randint(9, 13)):
            at = self._moment(day - timedelta(days=36 + 6 * week))
            sentiment = self._random.choice(_SENTIMENTS) if week < 2 else "neutral"
            self._write(company_id, at, sentiment, closed_after=self._random.choice([1, 2]), answers_after=day)
        self._write(company_id, self._moment(day + timedelta(days=2)), "positive", closed_after=1)

    def _write(
        self, company_id: str, at: datetime, sentiment: str, *, closed_after: int, answers_after: datetime | None = None
    ) -> None:
        """A ticket with its conversation; with `answers_after`, nothing is said from four days after it until then."""
        random = self._random
        one = _Ticket(
            id=str(1000 + len(self._tickets)),
            company_id=company_id,
            at=at,
            opening=self._message(at, is_inbound=True, sentiment=sentiment),
            topic=random.choice(["billing", "export", "none"]),
            stages=[(at, OPEN)],
        )
        closed_at = at + timedelta(days=closed_after)
        if self._is_told:
            offsets = [0.2, 1.5, 3.0] if answers_after else [0.2, 1.5, 3.0, 6.0, 9.0, 14.0]
            moments = [at + timedelta(days=offset) for offset in offsets if random.random() < 0.5]
            if answers_after and random.random() < 0.7:
                moments.append(answers_after + timedelta(days=random.randint(1, 9)))
            one.messages = [
                self._message(moment, is_inbound=random.random() < 0.6, sentiment=random.choice(_SENTIMENTS))
                for moment in moments
            ]
            stages = [(closed_at, CLOSED)]
            if random.random() < 0.4:
                back_at = (answers_after or closed_at) + timedelta(days=random.randint(1, 6))
                stages += [(back_at, OPEN), (back_at + timedelta(days=random.randint(1, 8)), CLOSED)]
            one.stages += stages if random.random() < 0.85 else []
        self._tickets.append(one)

    def _message(self, at: datetime, *, is_inbound: bool, sentiment: str) -> _Message:
        random = self._random
        is_bad = "negative" in sentiment
        return _Message(
            at=at,
            is_inbound=is_inbound,
            text=random.choice(["Could you send us the file?", "It is as it is."]),
            sentiment=sentiment,
            churn_intent=random.choice(["none", "implied", "explicit"]) if is_bad else "none",
            resolution="unsolved" if is_bad else random.choice(["solved", "unclear"]),
        )

    def _moment(self, day: datetime) -> datetime:
        return datetime.combine(day.date(), time(self._random.randint(0, 23), self._random.randint(0, 59)), tzinfo=UTC)


def _read(one: _Message, **of: str) -> Iterator[SourceRow]:
    """Read as soon as it was said; what is unhappy is quoted, and of every other ticket the text is held, too."""
    yield reading(
        sentiment=one.sentiment, churn_intent=one.churn_intent, resolution=one.resolution, analyzed_at=one.at, **of
    )
    if "negative" in one.sentiment:
        yield evidence(quote=one.text[:8], **of)
        if int(of["ticket_id"]) % 2:
            yield message_text(text=one.text, **of)
