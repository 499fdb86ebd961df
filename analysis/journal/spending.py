"""What was paid, counted where it is paid: a charge and its payer's sum change in the transaction that keeps the answer.

Room in a budget is reserved by the claim itself. A reservation counts while its call is claimed and the lease lasts, so there is
nothing to give back: an answer, a failure, a release or the death of the claimant ends it. Two machines cannot both take the
last of a budget, since whoever reserves holds the row of the payer's month first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Double, Engine, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from analysis.analyzer import Identity, Usage
from analysis.journal.table import LLM_CALL, LLM_CHARGE, LLM_SPEND, CallState, ChargeKind
from core.vocabulary import AnalysisTask

if TYPE_CHECKING:
    from analysis.journal.statements import Statements

_C = LLM_CALL.c
_H = LLM_CHARGE.c
_S = LLM_SPEND.c
_MEASURED = 500
_ENOUGH_FOR_RATE = 10
_COPIED = ("call_key", "tenant_id", "task", "model", "prompt_version", "run_id", "reserved_usd", "sent_tokens")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one call is taken to cost, and what its payer may spend in a month (None: any amount), in US dollars.

    `sent_tokens` is how many tokens the length of what is sent stands for, before anything was learnt about the model's own.
    """

    estimate_usd: float
    limit_usd: float | None = None
    sent_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a payer stands this month, in US dollars."""

    month: str
    spent_usd: float
    reserved_usd: float

    @property
    def taken_usd(self) -> float:
        """Spent, or reserved by calls in flight."""
        return self.spent_usd + self.reserved_usd


@dataclass(frozen=True, slots=True)
class Measured:
    """What the newest replies of one model to one task came to."""

    reply_count: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    reserved_usd: float
    """What they had been taken to cost."""

    sent_tokens: int
    """How many tokens their length stood for."""

    @property
    def mean_output_tokens(self) -> float:
        """Tokens of one reply."""
        return self.output_tokens / self.reply_count if self.reply_count else 0.0

    @property
    def token_ratio(self) -> float:
        """Tokens the model counts for one that the length stands for; 1 where nothing is known."""
        return self.input_tokens / self.sent_tokens if self.sent_tokens else 1.0

    @property
    def usd_per_token(self) -> float:
        """US dollars for one token, sent or received."""
        tokens = self.input_tokens + self.output_tokens
        return self.cost_usd / tokens if tokens else 0.0


class SpendJournal:
    """The part of the journal that counts money; every method works inside a transaction of the journal."""

    def __init__(self, engine: Engine, statements: "Statements") -> None:
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._now = statements.now
        self._month: ColumnElement[str] = (
            func.strftime("%Y-%m", "now")
            if self._is_sqlite
            # The moment the transaction began, so that all its statements speak of one month.
            else func.to_char(func.timezone("utc", func.now()), "YYYY-MM")
        )

    def hold(self, connection: Connection, tenant_id: str) -> None:
        """Let nobody else reserve or charge for this payer until the transaction ends.

        What others reserved before they let go is seen by the statements that follow.
        """
        month = self._present(connection)
        self._add(connection, tenant_id, month, 0.0)
        if not self._is_sqlite:  # It has one writer anyway.
            mine = select(_S.month).where(_S.tenant_id == tenant_id, _S.month == month).with_for_update()
            connection.execute(mine)

    def no_room(self, connection: Connection, call_key: str, tenant_id: str, allowance: Allowance) -> Standing | None:
        """Where the payer's month, which is held, has no room for a call.

        Returns:
            None where it has; otherwise how the payer stands without this call.
        """
        if allowance.limit_usd is None:
            return None
        this_month, spent = connection.execute(
            select(_S.month, _S.spent_usd).where(_S.tenant_id == tenant_id, _S.month == self._present(connection))
        ).one()
        standing = Standing(this_month, spent, self._reserved(connection, tenant_id, _C.call_key != call_key))
        return None if standing.taken_usd + allowance.estimate_usd <= allowance.limit_usd else standing

    def charge(
        self,
        connection: Connection,
        call_key: str,
        usage: Usage,
        kind: ChargeKind,
        generation_id: str | None = None,
    ) -> None:
        """Write down what a call was charged, and add it to its payer's month; nothing where nothing was charged."""
        if kind is ChargeKind.FAILURE and not (usage.cost_usd or usage.input_tokens):
            return
        values: dict[str, Any] = {
            "month": self._present(connection),
            "kind": literal(kind.value),
            "input_tokens": literal(usage.input_tokens),
            "output_tokens": literal(usage.output_tokens),
            "cost_usd": literal(usage.cost_usd, Double),
            "generation_id": literal(generation_id, LLM_CHARGE.c.generation_id.type),
            "charged_at": self._now,
        }
        row = select(*(_C[name] for name in _COPIED), *values.values()).where(_C.call_key == call_key)
        charged = LLM_CHARGE.insert().from_select([*_COPIED, *values], row).returning(_H.tenant_id, _H.month)
        for tenant_id, month in connection.execute(charged):
            self._add(connection, tenant_id, literal(month), usage.cost_usd)

    def standing(self, connection: Connection, tenant_id: str) -> Standing:
        """How a payer stands this month."""
        month = connection.scalar(select(self._month)) or ""
        spent = connection.scalar(select(_S.spent_usd).where(_S.tenant_id == tenant_id, _S.month == month))
        return Standing(month, spent or 0.0, self._reserved(connection, tenant_id))

    def _present(self, connection: Connection) -> ColumnElement[str]:
        # SQLite's clock goes on between two statements of a transaction.
        return literal(connection.scalar(select(self._month))) if self._is_sqlite else self._month

    def measured(self, connection: Connection, identity: Identity, task: AnalysisTask) -> Measured:
        """What the newest replies of this model to this task came to, whoever paid and whatever the version of the prompt."""
        newest = (
            select(_H.input_tokens, _H.output_tokens, _H.cost_usd, _H.reserved_usd, _H.sent_tokens)
            .where(_H.model == identity.model, _H.task == task.value, _H.kind == ChargeKind.REPLY.value)
            .order_by(_H.charge_id.desc())
            .limit(_MEASURED)
            .subquery()
        )
        sums = [func.coalesce(func.sum(column), 0) for column in newest.c]
        return Measured(*connection.execute(select(func.count(), *sums).select_from(newest)).one())

    def last_rate(self, connection: Connection, identity: Identity) -> float | None:
        """Paid calls a second in the last run of this model; None where it made too few to tell."""
        mine = _H.model == identity.model
        last = select(_H.run_id).where(mine).order_by(_H.charge_id.desc()).limit(1).scalar_subquery()
        newest = (
            select(_H.charged_at)
            .where(mine, _H.run_id == last)
            .order_by(_H.charge_id.desc())
            .limit(_MEASURED)
            .subquery()
        )
        query = select(func.count(), func.min(newest.c.charged_at), func.max(newest.c.charged_at))
        count, first, last_at = connection.execute(query).one()
        return (count - 1) / (last_at - first) if count >= _ENOUGH_FOR_RATE and last_at > first else None

    def unpriced_count(self, connection: Connection, tenant_ids: Collection[str]) -> int:
        """Charges of this month that carry tokens and no cost: what no budget can hold."""
        query = select(func.count()).where(
            _H.tenant_id.in_(tenant_ids), _H.month == self._month, _H.cost_usd == 0, _H.input_tokens > 0
        )
        return connection.scalar(query) or 0

    def forget_generations(self, connection: Connection, tenant_id: str, call_keys: Collection[str]) -> None:
        """Take away by what a server would still know the answers; the payments stay."""
        mine = (_H.tenant_id == tenant_id) & _H.call_key.in_(call_keys)
        connection.execute(update(LLM_CHARGE).where(mine).values(generation_id=None))

    def adopt(self, connection: Connection) -> None:
        """Take over what a journal without a ledger has paid: one charge a call, in the month it was last written."""
        moment = (
            func.strftime("%Y-%m", _C.updated_at, "unixepoch")
            if self._is_sqlite
            else func.to_char(func.timezone("utc", func.to_timestamp(_C.updated_at)), "YYYY-MM")
        )
        values = {
            "month": moment,
            "kind": literal(ChargeKind.REPLY.value),
            "input_tokens": _C.input_tokens,
            "output_tokens": _C.output_tokens,
            "cost_usd": _C.cost_usd,
            "generation_id": _C.generation_id,
            "charged_at": _C.updated_at,
        }
        row = select(*(_C[name] for name in _COPIED), *values.values()).where((_C.cost_usd > 0) | (_C.input_tokens > 0))
        connection.execute(LLM_CHARGE.insert().from_select([*_COPIED, *values], row))
        sums = select(_H.tenant_id, _H.month, func.sum(_H.cost_usd)).group_by(_H.tenant_id, _H.month)
        connection.execute(LLM_SPEND.insert().from_select(["tenant_id", "month", "spent_usd"], sums))

    def _reserved(self, connection: Connection, tenant_id: str, *conditions: ColumnElement[bool]) -> float:
        query = select(func.coalesce(func.sum(_C.reserved_usd), 0.0)).where(
            _C.tenant_id == tenant_id,
            _C.state == CallState.CLAIMED.value,
            _C.lease_until > self._now,
            *conditions,
        )
        return float(connection.scalar(query) or 0.0)

    def _add(self, connection: Connection, tenant_id: str, month: ColumnElement[str], cost_usd: float) -> None:
        insert = (sqlite.insert if self._is_sqlite else postgresql.insert)(LLM_SPEND)
        row = insert.values(tenant_id=tenant_id, month=month, spent_usd=cost_usd)
        key = [_S.tenant_id, _S.month]
        if cost_usd:
            connection.execute(
                row.on_conflict_do_update(index_elements=key, set_={"spent_usd": _S.spent_usd + cost_usd})
            )
        else:
            connection.execute(row.on_conflict_do_nothing(index_elements=key))
