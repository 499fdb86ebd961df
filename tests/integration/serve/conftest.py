"""One running API per engine: two tenants for tests that only read, a new tenant for each test that writes."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from core.appdb import open_app_database
from core.vocabulary import CardStatus
from tests.support.api import Api, running_api
from tests.support.connections import connect
from tests.support.databases import throw_away_database
from tests.support.published import Row, add_event, add_tenant, publish, publish_sample
from tests.support.standing import plant

CANARY = "zqxcanaryzqx"
"""Stands in every text and id of tenant beta's rows, and nowhere else."""


@dataclass
class Installation:
    """Tenant acme, whose rows are asked for, and beta, whose rows must never show."""

    api: Api
    acme: list[Row]
    beta: list[Row]
    standing: Mapping[str, Mapping[str, str]]
    """By tenant, an id for each path parameter that names something outside the builds."""

    def ids(self, tenant_id: str) -> Mapping[str, str]:
        """By path parameter, something of a tenant."""
        row = {"acme": self.acme, "beta": self.beta}[tenant_id][0]
        named = {name: row[name] for name in ("card_id", "company_id", "ticket_id")}
        return {**named, **self.standing[tenant_id]}


def _database(engine_name: str, folder: Path) -> AbstractContextManager[str]:
    return nullcontext(f"sqlite:///{folder / 'app.db'}") if engine_name == "sqlite" else throw_away_database()


@pytest.fixture(scope="session", autouse=True)
def logs() -> Iterator[LogCapture]:
    """What was logged, as events; kept instead of printed."""
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture
    structlog.reset_defaults()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("served")
    with _database(request.param, folder) as url:
        engine = open_app_database(url)
        add_tenant(engine, "acme")
        add_tenant(engine, "beta", name=f"Beta {CANARY}")
        acme = publish_sample(engine, "acme")
        beta = publish_sample(engine, "beta", mark=CANARY)
        # The same card id in both tenants: only the tenant tells their events apart.
        add_event(engine, "beta", acme[0]["card_id"], 1, CardStatus.COMPLETED, kind="completed")
        connect(engine, folder, "acme")
        connect(engine, folder, "beta", said=CANARY)
        standing = {"acme": plant(engine, "acme"), "beta": plant(engine, "beta", CANARY)}
        with running_api(engine, folder) as api:
            yield Installation(api, acme, beta, standing)
        engine.dispose()


@pytest.fixture
def api(installation: Installation) -> Api:
    return installation.api


@dataclass
class NewTenant:
    """A tenant of its own for a test that writes; nothing is published yet."""

    api: Api
    tenant_id: str

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET as its viewer."""
        return self.api.get(path, self.tenant_id, **options)

    def publish(self, build_id: str = "build-1", **marts: Any) -> None:
        """Put a build in front of its readers."""
        publish(self.api.engine, self.tenant_id, build_id, **marts)

    def act(self, row: Row, seq: int, status: CardStatus, *, kind: str = "status_changed") -> None:
        """Do something to a card."""
        add_event(self.api.engine, self.tenant_id, row["card_id"], seq, status, kind=kind)


@pytest.fixture
def tenant(api: Api) -> NewTenant:
    """A new tenant; cheaper than a new database."""
    return NewTenant(api, add_tenant(api.engine, f"t{uuid.uuid4().hex[:12]}"))
