"""How far an import is, stream by stream, and what it found that fields could be mapped to: told by whoever imports.

The warehouse knows both better, and may be locked by the very import that people watch: this is a copy, replaced whole each time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, Table, delete, insert, select

from core.appdb.engine import writing
from core.appdb.tables import field_candidate, import_stream
from core.vocabulary import MappedField


@dataclass(frozen=True, kw_only=True)
class StreamProgress:
    """How far one stream is.

    Attributes:
        read_count: Rows read so far, those held from before included.
        portal_total: How many HubSpot says there are; None: it does not say.
    """

    stream: str
    read_count: int
    portal_total: int | None = None


@dataclass(frozen=True, kw_only=True)
class FieldCandidate:
    """A company property, or a ticket stage, that a field could be mapped to.

    Attributes:
        name: As HubSpot spells it; of a stage `pipeline_id/stage_id`.
        type: HubSpot's data type, or `core.fields.STAGE`.
        fits: Fields it can hold, each with how much it sounds like it; 0: by its type alone.
        sample_values: Three different values at most; numbers and dates only, so nothing of a person.
        filled_count: Companies with a value, or tickets in the stage.
        record_count: Out of so many.
    """

    name: str
    label: str
    type: str
    fits: dict[MappedField, int] = field(default_factory=dict)
    sample_values: Sequence[str] = ()
    filled_count: int = 0
    record_count: int = 0


class Imports:
    """Writes what an import has to tell."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep_progress(self, tenant_id: str, streams: Sequence[StreamProgress], *, now: datetime | None = None) -> None:
        """Replace what is known of the tenant's streams."""
        moment = now or datetime.now(UTC)
        rows = [{"tenant_id": tenant_id, "updated_at": moment, **asdict(one)} for one in streams]
        self._replace(import_stream, tenant_id, rows)

    def keep_candidates(
        self, tenant_id: str, candidates: Sequence[FieldCandidate], *, now: datetime | None = None
    ) -> None:
        """Replace what the tenant's fields could be mapped to."""
        moment = now or datetime.now(UTC)
        rows = [
            {"tenant_id": tenant_id, "sampled_at": moment, **asdict(one), "sample_values": list(one.sample_values)}
            for one in candidates
        ]
        self._replace(field_candidate, tenant_id, rows)

    def progress(self, tenant_id: str) -> list[StreamProgress]:
        """What was kept last."""
        columns = import_stream.c
        query = select(columns.stream, columns.read_count, columns.portal_total).where(columns.tenant_id == tenant_id)
        with self._engine.connect() as connection:
            return [StreamProgress(**row) for row in connection.execute(query.order_by(columns.stream)).mappings()]

    def _replace(self, table: Table, tenant_id: str, rows: Sequence[dict[str, object]]) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(table.c.tenant_id == tenant_id))
            if rows:
                connection.execute(insert(table), rows)
