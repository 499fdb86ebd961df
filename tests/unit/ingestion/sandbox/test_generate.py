"""Generated worlds: equal for equal arguments, believable, and true to what the truth says was planted."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean

import orjson
import pytest

from ingestion.sandbox.bulk import bulk_world
from ingestion.sandbox.catalogue import COMPANIES, CONTACTS, EMAILS, TICKETS
from ingestion.sandbox.clock import to_iso
from ingestion.sandbox.generate import generate_world
from ingestion.sandbox.planning import poisson_z
from ingestion.sandbox.stream import generate_tickets
from ingestion.sandbox.truth import TicketTruth
from ingestion.sandbox.world import Portal, World

UNTIL = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
BAD = {"negative", "very_negative"}


@pytest.fixture(scope="module")
def world() -> World:
    return generate_world(seed=7, until=UNTIL)


def everything(world: World) -> object:
    return [
        (
            slug,
            portal.owners(),
            portal.pipelines(),
            [[(one, portal.properties_of(kind, one)) for one in portal.ids(kind)] for kind in (TICKETS, COMPANIES, CONTACTS)],
            [portal.linked_ids(TICKETS, one, other) for one in portal.ids(TICKETS) for other in (COMPANIES, CONTACTS)],
        )
        for slug, portal in world.portals.items()
    ] + [world.truth, world.ticket_truth]  # fmt: skip


class Story:
    """What one company wrote, by days before the end."""

    def __init__(self, portal: Portal, company_id: str, truths: dict[str, TicketTruth], until: datetime) -> None:
        self.until = until
        self.portal, self.company = portal, portal.properties_of(COMPANIES, company_id)
        self.tickets = [
            (self.age(one, "createdate"), truths[one], portal.properties_of(TICKETS, one))
            for one, primary in portal.linked_ids(COMPANIES, company_id, TICKETS).items()
            if primary
        ]

    def age(self, ticket_id: str, name: str) -> float:
        at = datetime.fromisoformat(self.portal.properties_of(TICKETS, ticket_id)[name])
        return (self.until - at) / timedelta(days=1)

    def count(self, newest: float, oldest: float) -> int:
        return sum(newest <= age < oldest for age, _truth, _p in self.tickets)

    def bad(self, newest: float, oldest: float) -> int:
        return sum(newest <= age < oldest and truth.sentiment in BAD for age, truth, _p in self.tickets)

    def last_heard(self) -> float:
        heard = [datetime.fromisoformat(p["hs_last_message_received_at"]) for _a, _t, p in self.tickets]
        return min((self.until - at) / timedelta(days=1) for at in heard)

    def fires(self) -> set[str]:
        """The three product rules with their defaults, read off the truth."""
        tenant = self.portal.tenant
        fired = set()
        points = {"negative": 1, "very_negative": 3}
        intents = {"implied": 3, "explicit": 6}
        score = sum(
            (points[t.sentiment or ""] + intents.get(t.churn_intent or "", 0)) * 0.5 ** (age / 7)
            for age, t, _p in self.tickets
            if age < 21 and t.sentiment in BAD
        )
        if score >= 0.5:
            fired.add("frustrated")
        x, y = self.count(0, 14), self.count(14, 104)
        topics = Counter(t.topic for age, t, _p in self.tickets if age < 30)
        is_new = float(self.company_age()) < 45
        if (
            self.count(0, 7) >= (6 if is_new else 3)
            or max(topics.values(), default=0) >= 2
            or (x >= (6 if is_new else 3) and poisson_z(x, y) >= 2.33)
        ):
            fired.add("significant_support")
        if self.silence() >= 2:
            fired.add("silently_struggling")
        assert tenant.mrr_property
        return fired

    def company_age(self) -> float:
        return (self.until - datetime.fromisoformat(self.company["createdate"])) / timedelta(days=1)

    def silence(self) -> int:
        tenant = self.portal.tenant
        if self.company_age() <= 60:
            return 0
        login = datetime.fromisoformat(self.company[tenant.last_login_property or ""])
        score = 2 * (self.until - login > timedelta(days=8))
        score += 2 * (int(self.company[tenant.onboarding_step_property or ""]) < 3)
        mrr = float(self.company.get(tenant.mrr_property or "", 0))
        score += 2 * (mrr > 999 and int(self.company[tenant.usage_property or ""]) < 50)
        if self.last_heard() > 30:
            y = self.count(30, 120)
            score += y >= 9 and math.exp(-(y + 0.5) / 90 * 30) <= 0.05
            score += self.bad(0, 90) > 0
        return score


def stories(world: World, until: datetime = UNTIL) -> Iterator[tuple[str, str, Story]]:
    truths = {(one.tenant_id, one.ticket_id): one for one in world.ticket_truth}
    for slug, portal in world.portals.items():
        own = {ticket_id: one for (tenant, ticket_id), one in truths.items() if tenant == slug}
        for company_id in portal.ids(COMPANIES):
            yield slug, company_id, Story(portal, company_id, own, until)


def test_equal_arguments_give_equal_worlds_and_another_seed_another() -> None:
    first = generate_world(seed=3, tenants=2, tickets=320, until=UNTIL)
    assert everything(first) == everything(generate_world(seed=3, tenants=2, tickets=320, until=UNTIL))
    assert everything(first) != everything(generate_world(seed=4, tenants=2, tickets=320, until=UNTIL))


def test_noise_disturbs_customers_and_fields_but_not_what_was_planted() -> None:
    calm, noisy = (generate_world(seed=3, tenants=2, tickets=900, until=UNTIL, noise=noise) for noise in (0, 1))
    assert [(one.company_id, one.trigger_type) for one in calm.truth] == [
        (one.company_id, one.trigger_type) for one in noisy.truth
    ]

    def unlinked(world: World) -> float:
        tickets = [(portal, one) for portal in world.portals.values() for one in portal.ids(TICKETS)]
        return sum(not portal.linked_ids(TICKETS, one, COMPANIES) for portal, one in tickets) / len(tickets)

    def filled(world: World) -> int:
        return sum(
            portal.tenant.mrr_property in portal.properties_of(COMPANIES, one)
            for portal in world.portals.values()
            for one in portal.ids(COMPANIES)
        )

    def grumblers(world: World) -> int:
        return sum(
            any(age < 21 and truth.sentiment in BAD for age, truth, _ in story.tickets)
            for _, _, story in stories(world)
            if story.company["hs_object_id"] not in {one.company_id for one in world.truth}
        )

    assert unlinked(calm) < 0.05 < 0.25 < unlinked(noisy) < 0.4
    assert 0.55 < filled(noisy) / filled(calm) < 0.85
    assert grumblers(calm) == 0 < grumblers(noisy)
    with pytest.raises(ValueError, match="Noise"):
        generate_world(noise=1.5)


def test_the_asked_for_number_of_tickets_comes_in_a_believable_house(world: World) -> None:
    assert sum(len(portal.ids(TICKETS)) for portal in world.portals.values()) == 2000
    assert len(world.ticket_truth) == 2000
    for portal in world.portals.values():
        assert 35 <= len(portal.ids(COMPANIES)) <= 60
        assert any(owner.archived for owner in portal.owners())
        named = {portal.tenant.mrr_property, portal.tenant.renewal_property, portal.tenant.last_login_property}
        assert named <= set(portal.live_definitions(COMPANIES))
    assert len({portal.tenant.mrr_property for portal in world.portals.values()}) == 3
    assert len(world.portal("quillhaven").pipelines()) == 2


def test_nothing_happens_after_the_end_and_dates_are_in_order(world: World) -> None:
    for portal in world.portals.values():
        closed = {stage for pipeline in portal.pipelines() for stage in pipeline.closed_stage_ids()}
        for one in portal.ids(TICKETS):
            properties = portal.properties_of(TICKETS, one)
            created = datetime.fromisoformat(properties["createdate"])
            modified = datetime.fromisoformat(properties["hs_lastmodifieddate"])
            assert created <= modified <= UNTIL
            assert (properties["hs_pipeline_stage"] in closed) == ("closed_date" in properties)
            for name in ("closed_date", "first_agent_reply_date", "hs_last_message_received_at"):
                assert created <= datetime.fromisoformat(properties.get(name, properties["createdate"])) <= modified


def test_texts_differ_and_have_the_oddities_of_real_ones(world: World) -> None:
    for portal in world.portals.values():
        texts = [portal.properties_of(TICKETS, one) for one in portal.ids(TICKETS)]
        contents = [one["content"] for one in texts if "content" in one]
        assert len(set(contents)) > 0.95 * len(contents)
        assert 0.1 < mean("<p>" in one for one in contents) < 0.3
        assert sum("&#x27;" in one or "&amp;" in one for one in contents) > 3
        assert any(len(one) > 200_000 for one in contents)
        assert any(sum(ord(mark) > 0x1F000 for mark in one) > 25 for one in contents)
        assert len(contents) < len(texts)
        assert not any("{" in one or "}" in one for one in contents)
        links = [portal.linked_ids(TICKETS, one, COMPANIES) for one in portal.ids(TICKETS)]
        assert sum(len(one) == 2 for one in links) == 1
        assert 0 < sum(not one for one in links) < 0.06 * len(links)


def test_every_level_topic_and_intent_occurs(world: World) -> None:
    assert {one.churn_intent for one in world.ticket_truth} >= {"none", "implied", "explicit"}
    for slug, portal in world.portals.items():
        own = [one for one in world.ticket_truth if one.tenant_id == slug]
        assert {one.topic for one in own} - {None} == {name for name, _ in portal.tenant.topics}
        assert Counter(one.sentiment for one in own).keys() >= {
            "very_negative", "negative", "neutral", "positive", "very_positive",
        }  # fmt: skip
        assert 9 <= len(portal.tenant.topics) <= 10


def test_three_accounts_are_planted_per_trigger_and_tenant(world: World) -> None:
    planted = Counter((one.tenant_id, one.trigger_type) for one in world.truth)
    assert len(planted) == 9
    assert set(planted.values()) == {3}


@pytest.mark.parametrize("weekday", range(7))
def test_planted_accounts_do_what_their_trigger_means_and_the_others_do_not(weekday: int) -> None:
    until = UNTIL + timedelta(days=weekday)
    world = generate_world(seed=weekday, tickets=1_200, until=until)
    planted = {(one.tenant_id, one.company_id): one.trigger_type for one in world.truth}
    for slug, company_id, story in stories(world, until):
        trigger = planted.get((slug, company_id))
        assert story.fires() == ({trigger} if trigger else set()), (slug, company_id, trigger)


def test_planted_accounts_have_a_margin(world: World) -> None:
    planted = {(one.tenant_id, one.company_id): one.trigger_type for one in world.truth}
    for slug, company_id, story in stories(world):
        match planted.get((slug, company_id)):
            case "frustrated":
                assert story.bad(0, 5) >= 2
            case "significant_support":
                x, y = story.count(0, 14), story.count(14, 104)
                assert x >= 6
                assert poisson_z(x, y) >= 2.33
                assert story.count(0, 7) >= 3
            case "silently_struggling":
                assert story.count(0, 30) == 0
                assert story.count(30, 120) >= 9
                assert story.bad(30, 90) >= 1
                assert story.last_heard() > 30
            case _:
                assert story.bad(0, 21) == 0


def test_customers_who_write_back_turn_now_and_then_and_only_where_the_plot_allows(world: World) -> None:
    planted = {(one.tenant_id, one.company_id): one.trigger_type for one in world.truth}
    opened = {(one.tenant_id, one.ticket_id): one.sentiment for one in world.ticket_truth}
    turns: Counter[tuple[str, bool]] = Counter()
    for one in world.message_truth:
        portal = world.portal(one.tenant_id)
        email = portal.properties_of(EMAILS, one.email_id)
        age = (UNTIL - datetime.fromisoformat(email["hs_timestamp"])) / timedelta(days=1)
        [company] = list(portal.linked_ids(TICKETS, one.ticket_id, COMPANIES))[:1]
        role = planted.get((one.tenant_id, company))
        calm = opened[one.tenant_id, one.ticket_id] not in BAD
        if role == "frustrated" and one.sentiment in BAD:
            assert (calm, one.sentiment) == (True, "very_negative")
            assert age < 20
            turns["planted", calm] += 1
        elif one.sentiment != "neutral":
            assert role is None
            assert age > 28
            assert not (calm and one.is_solved)
            turns["solved" if one.is_solved else "unhappy", calm] += 1
    assert turns["planted", True] == 3, "one account of each tenant"
    assert turns["solved", False] > 5
    assert turns["unhappy", False] > 0
    assert turns["unhappy", True] > 3


def test_the_tenants_volume_is_steady(world: World) -> None:
    for portal in world.portals.values():
        ages = [
            (UNTIL - datetime.fromisoformat(portal.properties_of(TICKETS, one)["createdate"])) / timedelta(days=1)
            for one in portal.ids(TICKETS)
        ]
        monthly = [sum(start <= age < start + 30 for age in ages) for start in range(0, 270, 30)]
        assert min(monthly) > 0.6 * mean(monthly)
        assert monthly[0] > 0.8 * mean(monthly)


def test_tenants_share_some_ids_so_that_keys_without_a_tenant_collide(world: World) -> None:
    assert set.intersection(*(set(portal.ids(TICKETS)) for portal in world.portals.values()))


@pytest.mark.parametrize(("tickets", "each"), [(20, 0), (70, 1), (200, 3), (3_000, 3)])
def test_small_and_large_tenants(tickets: int, each: int) -> None:
    world = generate_world(tenants=1, tickets=tickets, until=UNTIL)
    assert len(world.portal("lumenbrook").ids(TICKETS)) == tickets
    assert len(world.truth) == 3 * each


def test_a_fourth_tenant_is_a_branch_and_impossible_worlds_are_refused() -> None:
    assert list(generate_world(tenants=4, tickets=80, until=UNTIL).portals)[3] == "lumenbrook-2"
    with pytest.raises(ValueError, match="5 months"):
        generate_world(months=2)


def test_the_truth_is_written_as_json(world: World, tmp_path: Path) -> None:
    world.write_truth(tmp_path / "truth.json")
    written = orjson.loads((tmp_path / "truth.json").read_bytes())
    assert (len(written["accounts"]), len(written["tickets"])) == (27, 2000)
    assert written["accounts"][0].keys() == {"tenant_id", "company_id", "trigger_type", "reason"}


def test_the_stream_is_deterministic_ordered_and_varied() -> None:
    records = list(generate_tickets(500, seed=1))
    assert records == list(generate_tickets(500, seed=1))
    ids = [int(one["id"]) for one in records]
    assert ids == sorted(set(ids))
    assert len({one["properties"]["content"] for one in records}) == 500
    assert all(value is None or isinstance(value, str) for one in records for value in one["properties"].values())


def test_the_bulk_world_serves_the_stream() -> None:
    portal = bulk_world(120, companies=10).portal("bulk")
    streamed = list(generate_tickets(120, companies=10))
    assert portal.ids(TICKETS) == [one["id"] for one in streamed]
    first = portal.properties_of(TICKETS, streamed[0]["id"])
    assert first["content"] == streamed[0]["properties"]["content"]
    assert list(portal.linked_ids(TICKETS, streamed[0]["id"], COMPANIES)) == [first["hs_primary_company_id"]]


def test_every_ticket_has_a_way_through_the_stages_that_ends_where_it_is(world: World) -> None:
    lengths: Counter[int] = Counter()
    for portal in world.portals.values():
        stage_ids = {one.id for pipeline in portal.pipelines() for one in pipeline.stages}
        for one in portal.ids(TICKETS):
            properties = portal.properties_of(TICKETS, one)
            with portal.reading() as (stores, _links):
                record = stores[TICKETS].find(int(one))
                assert record is not None
                stages = record.values_of("hs_pipeline_stage")
            names, moments = [stage for stage, _at in stages], [moment for _stage, moment in stages]
            assert moments == sorted(set(moments))
            assert moments[0] == record.created_at
            assert all(before != after for before, after in pairwise(names))
            assert set(names) <= stage_ids
            assert names[-1] == properties["hs_pipeline_stage"]
            if "closed_date" in properties:
                assert to_iso(moments[-1]) == properties["closed_date"]
            if "first_agent_reply_date" in properties:
                assert to_iso(moments[1]) == properties["first_agent_reply_date"]
            lengths[len(stages)] += 1
    assert lengths.keys() == {1, 2, 3, 4}
    assert lengths[3] > lengths[2]
