"""Two tenants, every operation of the API, and thousands of requests that try to get from one to the other.

Whoever asks is of tenant acme, or proves nothing; what they ask with is tenant beta's: ids, words, cursors, ETags, an expired
token, a revoked key. Every row of beta, in every table there is, carries a canary, so that whatever of it is in an answer shows.
An answer may repeat what the request itself said. And whatever acme wrote, beta's rows are afterwards what they were.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    Engine,
    Float,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
)

from core.appdb import metadata, open_app_database
from core.appdb.engine import writing
from core.appdb.types import UtcDateTime
from core.vocabulary import CardStatus, Role
from serve.auth.issuer import open_local_issuer
from serve.auth.users import UserDirectory
from serve.openapi import openapi_document
from tests.integration.serve.conftest import _database
from tests.support.api import AUDIENCE, Api, rsa_key, running_api, signed
from tests.support.connections import connect
from tests.support.published import MARKED_COUNT, add_event, add_tenant, publish_sample
from tests.support.requests import Hoard, Made, Maker, Operation
from tests.support.standing import plant

CANARY = "zqxbetazqx"

SIGNING_IN = {"list_demo_users", "sign_in_demo_user"}
"""They exist in a local installation only, where signing in as whomever of whichever tenant is what they are for."""

DOCUMENT = openapi_document()
OPERATIONS: list[Operation] = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] not in SIGNING_IN
    and not any("text/event-stream" in one.get("content", {}) for one in operation["responses"].values())
]
_IDS = re.compile(r"(_id|_hash|^subject|^prefix|^email|^actor|_by|^assignee|^owner|^topic|^name|^company)$")


@dataclass
class Two:
    """Both tenants in one installation."""

    api: Api
    engine: Engine
    own: Hoard
    foreign: Hoard


def marked_row(table: Table, tenant_id: str, mark: str) -> dict[str, Any]:
    """A row that the table takes, with the mark in every text that is free to carry it."""
    listed = {
        found.group(1): found.group(2)
        for check in table.constraints
        if isinstance(check, CheckConstraint) and (found := re.match(r"(\w+) in \('([^']*)'", str(check.sqltext)))
    }
    row: dict[str, Any] = {}
    for column in table.columns:
        match column.type:
            case _ if column.name == "tenant_id":
                row[column.name] = tenant_id
            case _ if column.name in listed:
                row[column.name] = listed[column.name]
            case UtcDateTime():
                row[column.name] = datetime(2026, 3, 1, tzinfo=UTC)
            case Date():
                row[column.name] = date(2026, 3, 1)
            case Boolean():
                row[column.name] = True
            case Integer() | Float():
                row[column.name] = 1
            case JSON():
                row[column.name] = [mark]
            case String():
                row[column.name] = f"{column.name}{mark}"[-(column.type.length or 200) :]
    return row


def fill(engine: Engine, tenant_id: str, mark: str) -> None:
    """Give the tenant a row in every table in which it has none, those of tomorrow included."""
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            if "tenant_id" not in table.columns or table.info.get("mart"):
                continue
            held = select(func.count()).select_from(table).where(table.c.tenant_id == tenant_id)
            if not connection.scalar(held):
                connection.execute(insert(table).values(marked_row(table, tenant_id, mark)))


def hoard_of(engine: Engine, tenant_id: str, mark: str) -> Hoard:
    """Everything of a tenant that can be asked for, out of its rows."""
    hoard = Hoard(texts=[mark, mark[:6], f"Acme{mark}"])
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if "tenant_id" not in table.columns:
                continue
            for row in connection.execute(select(table).where(table.c.tenant_id == tenant_id)).mappings():
                for name, value in row.items():
                    if isinstance(value, str) and _IDS.search(name) and name not in {"tenant_id", "secret_hash"}:
                        hoard.ids.setdefault(str(name), []).append(value)
    return hoard


def look_around(api: Api, tenant_id: str, hoard: Hoard) -> None:
    """Collect ETags and cursors that the API gives the tenant itself."""
    headers = {"Authorization": f"Bearer {api.token(tenant_id, Role.ADMIN)}"}
    for method, path, operation in OPERATIONS:
        names = {one["name"] for one in operation.get("parameters", ())}
        if method == "GET" and operation["x-required-role"] != "anybody" and "{" not in path:
            answer = api.client.get(path, headers=headers, params={"limit": "1"} if "limit" in names else {})
            if "ETag" in answer.headers:
                hoard.etags.append(answer.headers["ETag"])
            if answer.status_code == 200 and answer.json().get("next_cursor"):
                hoard.cursors.setdefault(path, []).append(answer.json()["next_cursor"])


@contextmanager
def two_tenants(engine_name: str, folder: Path) -> Iterator[Two]:
    with _database(engine_name, folder) as url:
        engine = open_app_database(url)
        add_tenant(engine, "acme")
        add_tenant(engine, "beta", name=f"Beta {CANARY}")
        for tenant_id, mark in (("acme", ""), ("beta", CANARY)):
            cards = publish_sample(engine, tenant_id, mark=mark)
            plant(engine, tenant_id, mark)
            connect(engine, folder, tenant_id, said=mark or None)
            if tenant_id == "acme":
                # The same card id in both tenants: only the tenant tells their events apart.
                add_event(
                    engine,
                    "beta",
                    cards[0]["card_id"],
                    1,
                    CardStatus.NEW,
                    kind="commented",
                    payload={"text": CANARY, "mentions": []},
                )
        # Malformed where a feature wants a shape of its own, so only the tenant that must not be seen gets them.
        fill(engine, "beta", CANARY)
        with running_api(engine, folder) as api:
            own, foreign = (hoard_of(engine, *one) for one in (("acme", "acme"), ("beta", CANARY)))
            look_around(api, "beta", foreign)
            yield Two(api, engine, own, foreign)
        engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two_tenants(request.param, tmp_path_factory.mktemp("fuzz")) as world:
        yield world


class Askers:
    """Everybody who may try: people of acme, its key, and those who prove nothing, by what they hold of beta's."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._expired = self._of_beta(iat=_LONG_AGO, exp=_LONG_AGO + timedelta(hours=1))
        self._forged = signed(rsa_key("forger"), self._kid, sub="demo|beta|admin")
        self._elsewhere = self._of_beta(iss="https://issuer.example")
        self._own_key = self._key("acme")
        revoked = self._key("beta")
        self._revoked = revoked
        api.client.delete(f"/api/v1/api-keys/{revoked.split('_')[1]}", headers=_bearer(api.token("beta", Role.ADMIN)))
        # The prefix of one that lives, with a secret of our own.
        self._grafted = f"{self._key('beta')[:16]}{self._own_key[16:]}"
        self.renew()

    def renew(self) -> None:
        """Undo what requests that were allowed did to the people who ask."""
        directory = UserDirectory(self._api.engine)
        for role in Role:
            directory.keep_demo_user("acme", role)
        if self._api.client.get("/api/v1/me", headers=_bearer(self._own_key)).status_code != 200:
            self._own_key = self._key("acme")

    def headers(self, chance: random.Random) -> dict[str, str]:
        """Who asks this time."""
        people = [self._api.token("acme", role) for role in Role]
        strangers = ["", self._expired, self._forged, self._elsewhere, self._revoked, self._grafted]
        token = chance.choices([*people, self._own_key, *strangers], [1, 2, 6, 2, *(0.3 for _ in strangers)], k=1)[0]
        return _bearer(token) if token else {}

    @property
    def _kid(self) -> str:
        issuer = open_local_issuer(self._api.data_dir, audience=AUDIENCE)
        return str(issuer.jwks()["keys"][0]["kid"])

    def _of_beta(self, **values: Any) -> str:
        return signed(rsa_key("issuer"), self._kid, **{"sub": "demo|beta|admin"} | values)

    def _key(self, tenant_id: str) -> str:
        headers = _bearer(self._api.token(tenant_id, Role.ADMIN))
        made = self._api.client.post("/api/v1/api-keys", json={"name": "fuzz"}, headers=headers)
        return str(made.json()["key"])


_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def leaked(answer: httpx.Response, made: Made, written: set[str]) -> set[str]:
    """What of beta's is in an answer, apart from what acme has said itself."""
    sent = answer.text + str(answer.headers.raw)
    # A sentence ends in a full stop of its own.
    named = (one.rstrip(".:") for one in re.findall(rf"[\w.@|:/-]*{CANARY}[\w.@|:/-]*", sent))
    found = {one for one in named if one not in made.said}
    if str(MARKED_COUNT) in sent:
        found.add(str(MARKED_COUNT))
    return {one for one in found if not any(one in said for said in written)}


def rows_of(engine: Engine, tenant_id: str) -> dict[str, list[str]]:
    """Every row of a tenant, in every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                repr(tuple(row)) for row in connection.execute(select(table).where(table.c.tenant_id == tenant_id))
            )
            for table in metadata.sorted_tables
            if "tenant_id" in table.columns
        }


def attack(two: Two, count: int, seed: int) -> dict[str, set[int]]:
    """Send that many requests; returns which statuses each operation answered with."""
    chance = random.Random(seed)
    askers = Askers(two.api)
    maker = Maker(DOCUMENT, chance, two.own, two.foreign)
    before = rows_of(two.engine, "beta")
    seen: dict[str, set[int]] = {operation["operationId"]: set() for _, _, operation in OPERATIONS}
    written: set[str] = set()
    two.api.client.cookies.set("churnboard_consent", CANARY)
    for number in range(count):
        if number % 100 == 0:
            askers.renew()
        # Each in turn, so that none is left to luck.
        made = maker.make(OPERATIONS[number % len(OPERATIONS)], askers.headers(chance))
        answer = two.api.client.request(
            made.method, made.url, headers=made.headers, json=made.body, follow_redirects=False
        )
        seen[made.operation_id].add(answer.status_code)
        told = f"seed {seed}, request {number}: {made} → {answer.status_code} {answer.text[:500]}"
        assert answer.status_code != 500, told
        assert answer.status_code != 304, f"an ETag of beta's is good for acme: {told}"
        assert not (secrets := leaked(answer, made, written)), f"{secrets}: {told}"
        if made.method != "GET" and answer.status_code < 400:
            # What acme says of its own accord is acme's from now on.
            written.add(made.said)
    after = rows_of(two.engine, "beta")
    assert {name for name in before if before[name] != after[name]} == set()
    return seen


def test_every_table_holds_something_that_must_not_be_seen(two: Two) -> None:
    """What no row carries the canary in is not guarded by looking for it."""
    held = rows_of(two.engine, "beta")
    assert [name for name, rows in held.items() if not rows] == []
    unmarked = {name for name, rows in held.items() if CANARY not in str(rows) and str(MARKED_COUNT) not in str(rows)}
    wordless = {table.name for table in metadata.sorted_tables if not has_words(table)}
    assert unmarked - wordless <= {
        *("build", "published_build", "published_churn_recall"),
        # Ids, states, counts and moments.
        *("card_event", "card_state", "live_event", "llm_standing", "deletion", "notification_preference"),
    }


def has_words(table: Table) -> bool:
    """Whether there is a column, apart from the tenant's, that could carry a canary."""
    return any(isinstance(column.type, String | JSON) for column in table.columns if column.name != "tenant_id")


def test_nothing_of_another_tenant_is_found_or_moved(two: Two) -> None:
    seen = attack(two, 300, seed=1)
    assert all(seen.values())


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
def test_ten_thousand_requests(engine_name: str, tmp_path: Path) -> None:
    with two_tenants(engine_name, tmp_path) as world:
        seen = attack(world, 10_000, seed=20261126)
    for _, path, operation in OPERATIONS:
        if operation["x-required-role"] in set(Role):
            # Refusals at the door alone would prove little.
            assert seen[operation["operationId"]] - {401, 403}, (path, seen[operation["operationId"]])
