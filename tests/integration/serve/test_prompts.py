"""What a model was asked: the words behind a reading's prompt version, for the tenant whose tickets were read with them."""

from core.appdb.engine import writing
from core.appdb.wordings import WordingBook
from tests.integration.core.test_wordings import SAID
from tests.integration.serve.conftest import NewTenant


def test_the_words_behind_a_version(tenant: NewTenant) -> None:
    missing = tenant.get("/prompts/sentiment/2026-11-b")
    assert (missing.status_code, missing.json()["error"]) == (404, "PromptNotFound")
    WordingBook(tenant.tenant_id, lambda: writing(tenant.api.engine)).keep([SAID])
    [told] = tenant.get("/prompts/sentiment/2026-11-b").json()["items"]
    assert (told["system_text"], told["fingerprint"]) == (SAID.system_text, SAID.fingerprint)
    assert tenant.get("/prompts/topics/2026-11-b").status_code == 404
    assert tenant.get("/prompts/grammar/2026-11-b").status_code == 422
    assert tenant.api.get("/prompts/sentiment/2026-11-b", "acme").status_code == 404
