"""The budgets' state where the warehouse is Postgres: a row per portal, its lock, and the server's clock for everybody."""

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg2
import psycopg2.extensions
from pydantic import SecretStr

from ingestion.hubspot.limits.state import PortalState
from ingestion.hubspot.limits.store import LimitsUnavailable, Now, PortalKey, Step, decoded, encoded

_T = TypeVar("_T")

# No row is held for longer than a step takes, so whoever waits longer waits for a machine that is gone.
_OPTIONS = "-c timezone=UTC -c lock_timeout=30s -c idle_in_transaction_session_timeout=10s -c synchronous_commit=off"

_DDL = """
select pg_advisory_xact_lock(hashtext('churnboard:limits'));
create schema if not exists operations;
create table if not exists operations.portal_limits (
  tenant_id text not null, base_url text not null, state text not null, primary key (tenant_id, base_url)
) with (fillfactor = 50);
"""


class PostgresStore:
    """For all machines of an installation. Holds one connection from its first use to `close`.

    Args:
        url: `postgresql://…`, with the password.
    """

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg2.extensions.connection | None = None

    def change(self, key: PortalKey, step: Step[_T]) -> _T:
        """See `LimitStore.change`."""
        with self._lock:
            is_fresh = self._connection is None
            try:
                return self._change(self._opened(), key, step)
            except psycopg2.Error as error:
                self._drop()
                if is_fresh or not isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
                    raise _unavailable(error) from error
            # A connection that was idle for long, or a server that was restarted: the step was rolled back with it.
            try:
                return self._change(self._opened(), key, step)
            except psycopg2.Error as error:
                self._drop()
                raise _unavailable(error) from error

    def _change(self, connection: psycopg2.extensions.connection, key: PortalKey, step: Step[_T]) -> _T:
        place: Any = (key.tenant_id, key.base_url)
        with connection, connection.cursor() as cursor:
            look = (
                "select state, extract(epoch from clock_timestamp())::float8 from operations.portal_limits "
                "where tenant_id = %s and base_url = %s for update"
            )
            cursor.execute(look, place)
            if (row := cursor.fetchone()) is None:
                cursor.execute("insert into operations.portal_limits values (%s, %s, '') on conflict do nothing", place)
                cursor.execute(look, place)
                row = cursor.fetchone()
            state = decoded(row[0])
            result = step(state, _now(row[1]))
            cursor.execute(
                "update operations.portal_limits set state = %s where tenant_id = %s and base_url = %s",
                (encoded(state).decode(), *place),
            )
        return result

    def standing(self) -> dict[PortalKey, tuple[PortalState, Now]]:
        """See `LimitStore.standing`."""
        with self._lock:
            try:
                connection = self._opened()
                with connection, connection.cursor() as cursor:
                    cursor.execute(
                        "select tenant_id, base_url, state, extract(epoch from clock_timestamp())::float8 "
                        "from operations.portal_limits order by tenant_id, base_url"
                    )
                    return {PortalKey(row[0], row[1]): (decoded(row[2]), _now(row[3])) for row in cursor}
            except psycopg2.Error as error:
                self._drop()
                raise _unavailable(error) from error

    def close(self) -> None:
        """See `LimitStore.close`."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
        self._connection = None

    def _opened(self) -> psycopg2.extensions.connection:
        if self._connection is None:
            connection = psycopg2.connect(self._url.get_secret_value(), connect_timeout=10, options=_OPTIONS)
            with connection, connection.cursor() as cursor:
                cursor.execute("select to_regclass('operations.portal_limits') is not null")
                if cursor.fetchone() != (True,):
                    cursor.execute(_DDL)
            self._connection = connection
        return self._connection


def _now(seconds: float) -> Now:
    return Now(seconds, datetime.fromtimestamp(seconds, UTC))


def _unavailable(error: psycopg2.Error) -> LimitsUnavailable:
    return LimitsUnavailable(
        f"The request budgets in the warehouse's Postgres cannot be used: {' '.join(str(error).split())}. "
        f"Start the server or correct WAREHOUSE_URL; the next sync goes on where this one stood."
    )
