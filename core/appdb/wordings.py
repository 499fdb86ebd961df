"""What the prompts said that a tenant's tickets were read with: their very words, kept when they are first asked with.

A prompt is a file, and whoever shows a reading has no files of prompts: without this, a reader of a card would see a version's name
and have to believe it. Rows are only ever added. A version whose file was edited after all has one row for each wording.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from core.appdb.locking import lock_tenant
from core.appdb.tables import prompt_wording
from core.vocabulary import AnalysisTask

_C = prompt_wording.c


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words of one prompt version, variables still to be filled in.

    Attributes:
        fingerprint: Hash of the words; part of what a call is known by.
        schema_hash: Hash of the shape of the answers it asks for.
        notes: What changed in it, and why, as whoever wrote it says.
        system_text: What the model is told first.
        user_text: What a ticket is put into.
        again_text: What replaces that after an answer that could not be used.
    """

    task: AnalysisTask
    prompt_version: str
    fingerprint: str
    schema_hash: str
    notes: str
    system_text: str
    user_text: str
    again_text: str


class WordingBook:
    """Keeps one tenant's."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def keep(self, wordings: Sequence[Wording], *, now: datetime | None = None) -> int:
        """Keep those that are not kept yet; returns how many.

        Raises:
            UnknownTenant: There is no such tenant.
        """
        with self._transaction() as connection:
            lock_tenant(connection, self._tenant_id)
            mine = select(_C.task, _C.prompt_version, _C.fingerprint).where(_C.tenant_id == self._tenant_id)
            held = {tuple(row) for row in connection.execute(mine)}
            new = [one for one in wordings if (one.task, one.prompt_version, one.fingerprint) not in held]
            if new:
                since = {"tenant_id": self._tenant_id, "first_used_at": now or datetime.now(UTC)}
                connection.execute(insert(prompt_wording), [asdict(one) | since for one in new])
        return len(new)
