"""Words of prompts: kept once, never changed, a tenant's own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from core.appdb.directory import Tenant, TenantDirectory
from core.appdb.engine import writing
from core.appdb.locking import UnknownTenant
from core.appdb.tables import prompt_wording
from core.appdb.wordings import Wording, WordingBook
from core.tenants import cell, tenant_id
from core.vocabulary import AnalysisTask

ACME = tenant_id("acme")
SAID = Wording(
    task=AnalysisTask.SENTIMENT,
    prompt_version="2026-11-b",
    fingerprint="0123456789abcdef",
    schema_hash="fedcba9876543210",
    notes="First.",
    system_text="You read tickets.",
    user_text="ticket {{ text }}",
    again_text="again {{ complaint }}",
)


def test_words_are_kept_once_and_an_edited_file_has_its_own(app_database: Engine) -> None:
    TenantDirectory(app_database).save(Tenant(tenant_id=ACME, name="Acme", cell=cell("acme")))
    book = WordingBook(ACME, lambda: writing(app_database))
    first, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)
    assert book.keep([SAID], now=first) == 1
    assert book.keep([SAID], now=later) == 0
    edited = replace(SAID, fingerprint="aaaabbbbccccdddd", system_text="You judge tickets.")
    assert book.keep([SAID, edited], now=later) == 1
    kept = prompt_wording.c
    with app_database.connect() as connection:
        rows = connection.execute(select(kept.system_text, kept.first_used_at).order_by(kept.first_used_at)).all()
    assert [tuple(row) for row in rows] == [("You read tickets.", first), ("You judge tickets.", later)]
    with pytest.raises(UnknownTenant):
        WordingBook("nobody", lambda: writing(app_database)).keep([SAID])
