"""The journal's statements; those of every call are put together once.

SQLAlchemy builds an insert that resolves conflicts anew each time, which costs more than sending the call that it claims.
"""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Double,
    Engine,
    Update,
    UpdateBase,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    or_,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from analysis.analyzer import Usage
from analysis.journal.table import LLM_CALL, CallState

_C = LLM_CALL.c
_JULIAN_1970 = 2440587.5
_PREFIX = "given_"
_ASKED = (
    "call_key",
    "tenant_id",
    "ticket_id",
    "task",
    "model",
    "prompt_version",
    "schema_hash",
    "input_hash",
    "claimed_by",
    "run_id",
    "reserved_usd",
    "sent_tokens",
)
_FIGURES = ("input_tokens", "output_tokens", "cost_usd", "latency_ms")
_ZEROS = ("reply_count", "failure_count", "failed_run_count", *_FIGURES)

_RECLAIMED = {
    "state",
    "ticket_id",
    "model",
    "claimed_by",
    "lease_until",
    "run_id",
    "batch_key",
    "reserved_usd",
    "sent_tokens",
    "updated_at",
}

FAILED_RUNS = _C.failed_run_count + case((_C.failed_run_id == _C.run_id, 0), else_=1)
"""Runs in which the call failed, this one included."""


def _given(name: str) -> BindParameter[Any]:
    return bindparam(_PREFIX + name)


_ADDING = {name: _C[name] + _given(name) for name in _FIGURES}


class Prepared:
    """One statement as text of the database's own dialect, with its constants."""

    def __init__(self, engine: Engine, statement: UpdateBase) -> None:
        compiled = statement.compile(dialect=type(engine.dialect)(paramstyle="named"))  # type: ignore[call-arg] # every dialect takes it
        self._text = text(str(compiled))
        self._constants = {name: value for name, value in compiled.params.items() if not name.startswith(_PREFIX)}

    def run(self, connection: Connection, **values: object) -> CursorResult[Any]:
        """Execute it with these values."""
        given = {_PREFIX + name: value for name, value in values.items()}
        return connection.execute(self._text, self._constants | given)


class Statements:
    """What is sent for every call, for one engine."""

    def __init__(self, engine: Engine) -> None:
        self._is_sqlite = engine.dialect.name == "sqlite"
        self.now: ColumnElement[float] = (
            (func.julianday("now") - literal(_JULIAN_1970, Double)) * literal(86400.0, Double)
            if self._is_sqlite
            else cast(extract("epoch", func.clock_timestamp()), Double)
        )
        """Seconds since 1970, by the database's clock."""
        self.columns = (*LLM_CALL.columns, (_C.lease_until - self.now).label("lease_left"))
        """What a record is made of."""
        failed = _C.state.in_([literal(CallState.FAILED.value), literal(CallState.ERASED.value)])
        unusable = and_(_C.state == CallState.ANSWERED, _C.reply_count == _given("after_reply"))
        self.claim = Prepared(engine, self._claiming(null(), failed, unusable))
        self.claim_for_batch = Prepared(engine, self._claiming(_given("batch_key"), _C.state == CallState.ERASED))
        self.release = Prepared(engine, self._releasing())
        self.store = Prepared(engine, self._storing())

    def _claiming(self, batch_key: ColumnElement[Any], *claimable: ColumnElement[bool]) -> UpdateBase:
        """Claims a call nobody asked for before, one whose lease has run out, or one that is `claimable` besides."""
        lease_until = self.now + _given("lease_seconds")
        row = {
            **{name: _given(name) for name in _ASKED},
            "state": literal(CallState.CLAIMED.value),
            "attempt": literal(1),
            "lease_until": lease_until,
            "batch_key": batch_key,
            "first_claimed_at": self.now,
            "updated_at": self.now,
            **{name: literal(0) for name in _ZEROS},
        }
        changed = [name for name in row if name in _RECLAIMED]
        # A lease that was given back ends in 1970; one that ran out had a holder who was never heard of again.
        is_lost = and_(_C.state == CallState.CLAIMED, _C.lease_until > 0)
        lost = {
            "lost_count": func.coalesce(_C.lost_count, 0) + case((is_lost, 1), else_=0),
            "lost_usd": func.coalesce(_C.lost_usd, 0.0)
            + case((is_lost, func.coalesce(_C.reserved_usd, 0.0)), else_=0.0),
        }
        insert = (sqlite.insert if self._is_sqlite else postgresql.insert)(LLM_CALL).values(row)
        return insert.on_conflict_do_update(
            index_elements=[_C.call_key],
            set_={**{name: row[name] for name in changed}, **lost, "attempt": _C.attempt + 1},
            where=or_(and_(_C.state == CallState.CLAIMED, _C.lease_until < self.now), *claimable),
        ).returning(_C.attempt, _C.reply_count, _C.response, _C.failure_count)

    def _releasing(self) -> UpdateBase:
        failures = _given("failures")
        is_failure = failures > 0
        return self._held().values(
            lease_until=literal(0.0, Double),
            failure_count=_C.failure_count + failures,
            failed_run_count=case((is_failure, FAILED_RUNS), else_=_C.failed_run_count),
            failed_run_id=case((is_failure, _C.run_id), else_=_C.failed_run_id),
            updated_at=self.now,
            **_ADDING,
        )

    def _storing(self) -> UpdateBase:
        return (
            self._held()
            .values(
                state=literal(CallState.ANSWERED.value),
                reply_count=_C.reply_count + 1,
                reason=None,
                error_type=None,
                model=func.coalesce(_given("model"), _C.model),
                updated_at=self.now,
                **{name: _given(name) for name in ("response", "generation_id", "provider")},
                **_ADDING,
            )
            .returning(*self.columns)
        )

    @staticmethod
    def _held() -> Update:
        """Changes the call as long as the claim on it holds."""
        return update(LLM_CALL).where(
            _C.call_key == _given("call_key"), _C.attempt == _given("attempt"), _C.state == CallState.CLAIMED
        )


def added(usage: Usage) -> dict[str, ColumnElement[Any]]:
    """Adds what was charged."""
    return {
        "input_tokens": _C.input_tokens + usage.input_tokens,
        "output_tokens": _C.output_tokens + usage.output_tokens,
        "cost_usd": _C.cost_usd + usage.cost_usd,
        "latency_ms": _C.latency_ms + usage.latency_ms,
    }


def figures(usage: Usage) -> dict[str, float]:
    """What was charged, as the prepared statements take it."""
    return {name: getattr(usage, name) for name in _FIGURES}
