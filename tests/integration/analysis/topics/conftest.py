"""A tenant with tickets, a taxonomy and an analyzer, in one folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from analysis import EnrichmentReport, enrich, make_analyzer, open_journal
from analysis.topics.asking import Asker
from analysis.topics.correct import correct_topics
from core.appdb import open_app_database
from core.appdb.corrections import Corrections
from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.proposals import Proposals
from core.appdb.topics import Topics
from core.settings import AnalysisSettings
from core.tenants import cell, tenant_id
from core.topics import ContentTopic
from core.warehouse import Warehouse
from tests.support.tickets import TOPICS, enriched, stage, stage_app_state

ACME = tenant_id("acme")


@dataclass
class Desk:
    """One tenant's tickets and taxonomy."""

    warehouse: Warehouse
    engine: Engine
    folder: Path
    settings: AnalysisSettings

    @property
    def topics(self) -> Topics:
        return Topics(self.engine)

    @property
    def corrections(self) -> Corrections:
        return Corrections(self.engine)

    @property
    def proposals(self) -> Proposals:
        return Proposals(self.engine)

    @property
    def asker(self) -> Asker:
        journal = open_journal(f"sqlite:///{self.folder / 'journal.db'}")
        return Asker(make_analyzer(self.settings), journal, self.settings, "topics-run")

    def load(self) -> None:
        """What people decided, as the warehouse is told."""
        stage_app_state(self.warehouse, TenantDirectory(self.engine).app_state())

    def read(self, run_id: str = "run") -> EnrichmentReport:
        """Read what is unread."""
        return enrich(
            warehouse=self.warehouse,
            journal=self.asker.journal,
            analyzer=make_analyzer(self.settings),
            tenant_ids=[ACME],
            months=None,
            run_id=run_id,
        )

    def correct(self, ticket_id: str, *labels: str) -> int:
        added = correct_topics(
            self.warehouse, self.topics, self.corrections, ACME, ticket_id, labels, author="ada", why="so it is"
        )
        return added.correction_id

    def labels(self) -> dict[str, list[str]]:
        """Labels as they stand on the rows."""
        found: dict[str, list[str]] = {}
        for row in enriched(self.warehouse)["ticket_topics"]:
            found.setdefault(row["ticket_id"], []).append(row["topic"])
        return found


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(warehouse: Warehouse, tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes the desk, its tickets staged, on each engine."""
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")

    def make(tickets: list[dict[str, Any]], topics: dict[str, str] | None = None, **settings: Any) -> Desk:
        TenantDirectory(engine).save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
        chosen = TOPICS if topics is None else topics
        Topics(engine).seed(ACME, [ContentTopic(name, said) for name, said in chosen.items()])
        stage(warehouse, tickets)
        desk = Desk(warehouse, engine, tmp_path, AnalysisSettings(**settings))
        desk.load()
        return desk

    yield make
    engine.dispose()
