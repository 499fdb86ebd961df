"""What was paid, for whoever reads the accounts: by model and prompt, call by call, and in all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from analysis.journal.table import LLM_CALL, LLM_CHARGE, LLM_SPEND, CallState, ChargeKind
from core.vocabulary import AnalysisTask

_C = LLM_CALL.c
_H = LLM_CHARGE.c
_S = LLM_SPEND.c
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What one version of a prompt cost a payer with one model.

    Attributes:
        call_count: Questions asked, however often.
        answered_count: Questions with an answer.
        unusable_count: Replies that could not be understood, or that found their place taken.
        failure_count: Failures that were charged.
    """

    task: AnalysisTask
    model: str
    prompt_version: str
    call_count: int
    answered_count: int
    unusable_count: int
    failure_count: int
    input_tokens: int
    output_tokens: int
    cost_usd: float

    @property
    def usd_per_1000(self) -> float:
        """US dollars for a thousand answers, everything that went wrong included."""
        return 1000 * self.cost_usd / self.answered_count if self.answered_count else 0.0


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one call cost: in the time that was asked for, and in all."""

    call_key: str
    state: CallState
    cost_usd: float
    total_usd: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Calls whose maker was never heard of again: how many, and what they would have cost. Perhaps the server charged them."""

    call_count: int
    estimated_usd: float


@dataclass(frozen=True, slots=True)
class Generation:
    """One charged reply, by the id that the server knows it by."""

    generation_id: str
    call_key: str
    cost_usd: float


class Ledger:
    """Reads only; every method is one or more short transactions. Months are `YYYY-MM`, None is ever since."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[Connection]], now: ColumnElement[float]
    ) -> None:
        self._transaction = transaction
        self._now = now

    def payers(self) -> list[str]:
        """Everybody who ever paid."""
        with self._transaction() as connection:
            return list(connection.scalars(select(_S.tenant_id).distinct().order_by(_S.tenant_id)))

    def paid_usd(self, tenant_id: str | None, month: str | None) -> float:
        """What a payer spent; None: all of them together."""
        query = select(func.coalesce(func.sum(_S.spent_usd), 0.0))
        if tenant_id is not None:
            query = query.where(_S.tenant_id == tenant_id)
        if month is not None:
            query = query.where(_S.month == month)
        with self._transaction() as connection:
            return float(connection.scalar(query) or 0.0)

    def lines(self, tenant_id: str, month: str | None) -> list[LedgerLine]:
        """What a payer paid for, by task, model and prompt."""

        def count(*kinds: ChargeKind) -> ColumnElement[int]:
            return func.sum(case((_H.kind.in_(kinds), 1), else_=0))

        call = (
            select(
                _H.call_key,
                count(ChargeKind.REPLY).label("replies"),
                count(ChargeKind.LATE).label("late"),
                count(ChargeKind.FAILURE).label("failures"),
                func.sum(_H.input_tokens).label("input_tokens"),
                func.sum(_H.output_tokens).label("output_tokens"),
                func.sum(_H.cost_usd).label("cost_usd"),
            )
            .where(*_chosen(tenant_id, month))
            .group_by(_H.call_key)
            .subquery()
        )
        is_answered = case((and_(_C.state.in_([CallState.ANSWERED, CallState.ERASED]), call.c.replies > 0), 1), else_=0)
        by = (_C.task, _C.model, _C.prompt_version)
        query = (
            select(
                *by,
                func.count(),
                func.sum(is_answered),
                func.sum(call.c.replies + call.c.late - is_answered),
                func.sum(call.c.failures),
                func.sum(call.c.input_tokens),
                func.sum(call.c.output_tokens),
                func.sum(call.c.cost_usd),
            )
            .join_from(call, LLM_CALL, _C.call_key == call.c.call_key)
            .group_by(*by)
            .order_by(*by)
        )
        with self._transaction() as connection:
            return [
                LedgerLine(AnalysisTask(row[0]), row[1], row[2], *_counts(row[3:9]), float(row[9]))
                for row in connection.execute(query)
            ]

    def calls(self, tenant_id: str, month: str | None) -> Iterator[CallCost]:
        """Every call that was charged, by key, without ever holding them all."""
        in_time = _H.cost_usd if month is None else case((_H.month == month, _H.cost_usd), else_=0.0)
        after = ""
        while True:
            cost = (
                select(_H.call_key, func.sum(in_time).label("cost_usd"), func.sum(_H.cost_usd).label("total_usd"))
                .where(_H.tenant_id == tenant_id, _H.call_key > after)
                .group_by(_H.call_key)
                .order_by(_H.call_key)
                .limit(_PAGE)
                .subquery()
            )
            query = select(cost, _C.state).join_from(cost, LLM_CALL, _C.call_key == cost.c.call_key)
            with self._transaction() as connection:
                page = connection.execute(query.order_by(cost.c.call_key)).all()
            for row in page:
                yield CallCost(row.call_key, CallState(row.state), row.cost_usd, row.total_usd)
            if len(page) < _PAGE:
                return
            after = page[-1].call_key

    def lost(self, tenant_id: str | None) -> Lost:
        """Calls that were given away and never heard of again, ever since; None: of all payers."""
        # A lease that was given back ends in 1970; one that ran out had a holder who did not come back.
        is_lost = and_(_C.state == CallState.CLAIMED, _C.lease_until > 0, _C.lease_until < self._now)
        count = func.coalesce(_C.lost_count, 0) + case((is_lost, 1), else_=0)
        usd = func.coalesce(_C.lost_usd, 0.0) + case((is_lost, func.coalesce(_C.reserved_usd, 0.0)), else_=0.0)
        query = select(func.coalesce(func.sum(count), 0), func.coalesce(func.sum(usd), 0.0)).where(
            or_(_C.lost_count > 0, _C.state == CallState.CLAIMED)
        )
        if tenant_id is not None:
            query = query.where(_C.tenant_id == tenant_id)
        with self._transaction() as connection:
            calls, estimated = connection.execute(query).one()
        return Lost(int(calls), float(estimated))

    def newest_generations(self, tenant_id: str, month: str | None, most: int) -> list[Generation]:
        """The newest charged replies that a server can be asked about."""
        query = (
            select(_H.generation_id, _H.call_key, _H.cost_usd)
            .where(*_chosen(tenant_id, month), _H.generation_id.is_not(None))
            .order_by(_H.charge_id.desc())
            .limit(most)
        )
        with self._transaction() as connection:
            return [Generation(*row) for row in connection.execute(query)]


def _counts(values: Sequence[Any]) -> tuple[int, int, int, int, int, int]:
    calls, answered, unusable, failures, sent, received = map(int, values)
    return calls, answered, unusable, failures, sent, received


def _chosen(tenant_id: str, month: str | None) -> list[ColumnElement[bool]]:
    chosen = [_H.tenant_id == tenant_id]
    return chosen if month is None else [*chosen, _H.month == month]
