"""Kept answers through the whole API: the same as fresh ones, whatever happened in between; nobody else's, however they ask."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from core.appdb.builds import BuildStore, NoOlderBuild
from core.appdb.engine import writing
from core.appdb.tables import api_key as key_table
from core.appdb.tables import user as user_table
from core.erasure.published import clear_application
from core.erasure.registry import Subject
from core.people import ApiKeyBook
from core.tenants import TenantId
from core.vocabulary import CardStatus, Role
from serve.auth import tokens
from serve.auth.users import UserDirectory
from serve.board.repository import CardRepository
from tests.integration.serve.conftest import Installation, NewTenant
from tests.support.api import Api, local_settings, running_api
from tests.support.published import add_event, add_tenant, card, card_ticket, company, evidence, publish

PATHS = (
    "/cards?limit=2",
    "/cards?assignee=me",
    f"/cards/{card(1)['card_id']}",
)
ROLES = (Role.VIEWER, Role.MEMBER)


@pytest.fixture
def forgetful(installation: Installation) -> Iterator[Api]:
    """Another API on the same database, which keeps nothing."""
    data_dir = installation.api.data_dir
    with running_api(
        installation.api.engine, data_dir, settings=local_settings(data_dir, api_kept_answers_mb=0)
    ) as api:
        yield api


@dataclass
class World:
    """A tenant to which things happen."""

    api: Api
    tenant_id: TenantId
    builds: int = 0
    events: dict[str, int] = field(default_factory=dict)

    def publish(self) -> None:
        self.builds += 1
        rows = [card(number, why=f"build {self.builds}") for number in range(1, 2 + self.builds % 3)]
        publish(
            self.api.engine,
            self.tenant_id,
            f"build-{self.builds:03d}",
            cards=rows,
            quotes=[evidence(row) for row in rows],
            card_tickets=[card_ticket(row) for row in rows],
            companies=[company(number) for number in range(1, 2 + self.builds % 3)],
            published_at=datetime.now(UTC),
        )

    def roll_back(self) -> None:
        with suppress(NoOlderBuild):
            BuildStore(self.api.engine).rollback(self.tenant_id, published_at=datetime.now(UTC))

    def assign(self) -> None:
        assignee = f"demo|{self.tenant_id}|{ROLES[sum(self.events.values()) % 2]}"
        self._act("assigned", {"assignee": assignee})

    def comment(self) -> None:
        self._act("commented", {"text": f"after {self.events}"})

    def begin(self) -> None:
        self._act("status_changed", {}, CardStatus.WORKING)

    def _act(self, kind: str, payload: dict[str, Any], status: CardStatus = CardStatus.NEW) -> None:
        row = card(1)
        seq = self.events[row["card_id"]] = self.events.get(row["card_id"], 0) + 1
        add_event(self.api.engine, self.tenant_id, row["card_id"], seq, status, kind=kind, payload=payload)

    def erase(self) -> None:
        subject = Subject(self.tenant_id, [card(1)["contact_id"]], [card(1)["ticket_id"]])
        clear_application(self.api.engine, subject, ["Ada Lovelace"])

    def promote(self) -> None:
        self._of_member(Role.ADMIN)

    def demote(self) -> None:
        self._of_member(Role.VIEWER)

    def _of_member(self, role: Role) -> None:
        with writing(self.api.engine) as connection:
            mine = user_table.c.subject == f"demo|{self.tenant_id}|member"
            connection.execute(update(user_table).where(mine).values(role=role))

    def remove(self) -> None:
        with writing(self.api.engine) as connection:
            connection.execute(delete(user_table).where(user_table.c.subject == f"demo|{self.tenant_id}|member"))

    def bring_back(self) -> None:
        UserDirectory(self.api.engine).keep_demo_user(self.tenant_id, Role.MEMBER)


HAPPENINGS: tuple[Callable[[World], None], ...] = (
    *(World.publish, World.roll_back, World.assign, World.comment, World.begin, World.erase),
    *(World.promote, World.demote, World.remove, World.bring_back),
)


@given(happened=st.lists(st.sampled_from(HAPPENINGS), max_size=5))
@example(happened=list(HAPPENINGS))
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_kept_answer_is_what_a_fresh_one_would_be(
    installation: Installation, forgetful: Api, happened: list[Callable[[World], None]]
) -> None:
    api = installation.api
    world = World(api, add_tenant(api.engine, f"k{uuid.uuid4().hex[:12]}"))
    held = {role: api.token(world.tenant_id, role) for role in ROLES}
    tags: dict[tuple[Role, str], str] = {}
    for happens in (lambda _: None, World.publish, *happened):
        happens(world)
        for role, token in held.items():
            for path in PATHS:
                asked = {"Authorization": f"Bearer {token}"}
                fresh = forgetful.client.get(f"/api/v1{path}", headers=asked)
                known = asked | {"If-None-Match": tags.get((role, path), '"none"')}
                again = forgetful.client.get(f"/api/v1{path}", headers=known)
                assert _said(api.client.get(f"/api/v1{path}", headers=known)) == _said(again)
                for _ in range(2):
                    assert _said(api.client.get(f"/api/v1{path}", headers=asked)) == _said(fresh)
                tags[role, path] = fresh.headers.get("ETag", '"none"')


def _said(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    return (
        answer.status_code,
        answer.content,
        {name: value for name, value in answer.headers.items() if name not in {"x-request-id", "date"}},
    )


@pytest.fixture
def read_cards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every page of cards that is read out of the database."""
    read: list[int] = []
    page = CardRepository.page

    def noted(self: CardRepository, wanted: Any) -> Any:
        read.append(1)
        return page(self, wanted)

    monkeypatch.setattr(CardRepository, "page", noted)
    return read


def test_what_was_answered_is_read_once_for_everybody_of_a_role(tenant: NewTenant, read_cards: list[int]) -> None:
    tenant.publish(cards=[card(1)])
    first = tenant.get("/cards")
    for _ in range(3):
        again = tenant.get("/cards")
        assert _said(again) == _said(first)
        assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
        assert tenant.get("/cards", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert len(read_cards) == 1
    key = ApiKeyBook(tenant.tenant_id, lambda: writing(tenant.api.engine)).make("BI", expires_at=None, by="x").key
    for _ in range(3):
        asked = {"Authorization": f"Bearer {key}"}
        assert _said(tenant.api.client.get("/api/v1/cards", headers=asked)) == _said(first), "a key is a viewer"
    assert len(read_cards) <= 2
    tenant.act(card(1), 1, CardStatus.WORKING)
    assert tenant.get("/cards").json()["items"][0]["status"] == "working"


def test_access_that_is_taken_away_is_gone_with_the_next_request(tenant: NewTenant) -> None:
    tenant.publish(cards=[card(1)])
    engine, asked = tenant.api.engine, {"If-None-Match": "*"}
    book = ApiKeyBook(tenant.tenant_id, lambda: writing(engine))
    keys = [book.make(name, expires_at=None, by="x") for name in ("a", "b")]
    bearers = [{"Authorization": f"Bearer {one.key}"} for one in keys]
    for _ in range(3):
        assert tenant.get("/cards", headers=asked).status_code == 304
        assert {tenant.api.client.get("/api/v1/cards", headers=one).status_code for one in bearers} == {200}
    with writing(engine) as connection:
        connection.execute(delete(user_table).where(user_table.c.tenant_id == tenant.tenant_id))
        mine = key_table.c.prefix == keys[1].row["prefix"]
        connection.execute(update(key_table).where(mine).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    book.revoke(keys[0].row["prefix"])
    assert tenant.get("/cards", headers=asked).json()["error"] == "UnknownUser"
    assert [tenant.api.client.get("/api/v1/cards", headers=one).status_code for one in bearers] == [401, 401]
    forged = {"Authorization": f"Bearer {keys[0].key[:-4]}aaaa"}
    assert tenant.api.client.get("/api/v1/cards", headers=forged).status_code == 401


def test_a_kept_answer_is_given_to_plain_questions_only(tenant: NewTenant) -> None:
    tenant.publish(cards=[card(1)])
    kept = tenant.get("/metrics/sentiment")
    assert tenant.get("/metrics/sentiment").content == kept.content
    assert (
        tenant.get("/metrics/sentiment", headers={"Accept": "text/csv"}).headers["Content-Type"].startswith("text/csv")
    )
    token = tenant.api.token(tenant.tenant_id)
    for authorization in (f"bearer {token}", f"Basic {token}", token, f"Bearer {token}x"):
        answer = tenant.api.client.get("/api/v1/cards", headers={"Authorization": authorization})
        assert answer.status_code == (200 if authorization.startswith("bearer") else 401), authorization
    assert tenant.api.client.post("/api/v1/cards", headers={"Authorization": f"Bearer {token}"}).status_code == 405


def test_an_expired_token_is_refused_though_it_was_just_checked(
    tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.publish(cards=[card(1)])
    assert [tenant.get("/cards").status_code for _ in range(2)] == [200, 200]
    verifier = tenant.api.client.app.state.services.verifier  # type: ignore[attr-defined]
    token = tenant.api.token(tenant.tenant_id)
    known = verifier.remembered(token)
    assert known is not None
    monkeypatch.setattr(time, "time", lambda: known.expires_at + tokens.LEEWAY_SECONDS - 1)
    assert verifier.remembered(token) == known
    monkeypatch.setattr(time, "time", lambda: known.expires_at + tokens.LEEWAY_SECONDS)
    assert verifier.remembered(token) is None
