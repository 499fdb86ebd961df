"""Streams out of a tenant session."""

from typing import Any

from sqlalchemy import select

from serve.sources.schemas import Source
from serve.tenancy import TenantSession, published

_STREAM = published("source_health").c
_STREAMS = select(*(_STREAM[name] for name in Source.model_fields)).order_by(_STREAM.stream)


class SourceRepository:
    """Reads streams of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def streams(self) -> list[dict[str, Any]]:
        """Rows of `source_health`, by stream."""
        return self._session.rows(_STREAMS)
