"""Evaluating an analyzer that costs money: through the call journal, so that no text of a labelled set is paid for twice."""

import asyncio
from collections.abc import Sequence

from analysis.analyzer import PaidAnalyzer, Question, Usage, call_key
from analysis.budget import Budget, check_room
from analysis.calls import Call
from analysis.driver import Driver
from analysis.evals.evaluate import Ask, Told
from analysis.journal import Journal
from analysis.progress import Meter, OnProgress

PAYER = "(evaluation)"
"""Stands in the journal where a tenant's slug would; no slug looks like it."""


def asking_through(
    journal: Journal,
    analyzer: PaidAnalyzer,
    *,
    run_id: str,
    max_concurrency: int,
    lease_seconds: float,
    patience_seconds: float,
    budget: Budget | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Ask:
    """Ask a paid analyzer as many texts at a time as it stands, and close it; the arguments are those of `Driver`.

    A text whose call was given up, or whose answer could not be used twice, has no answer.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable: When asked, as `Driver.answer`; what was answered is in the journal.
        BudgetSpent: The budget has no room for all of them; the same.
    """

    async def tell(questions: Sequence[Question]) -> list[Told]:
        keys = [call_key(PAYER, analyzer.identity(question.task), question) for question in questions]
        calls = {key: Call(key, PAYER, question) for key, question in zip(keys, questions, strict=True)}
        unpaid_count = len(calls) - len(await asyncio.to_thread(journal.lookup, list(calls)))
        meter = Meter()

        def tell_progress() -> None:
            spent = driver.spent.values()
            paid = sum(one.calls for one in spent)
            done = len(calls) - unpaid_count + min(paid, unpaid_count)
            cost_usd = sum(one.usage.cost_usd for one in spent)
            on_progress(
                meter.progress(
                    messages_done=done,
                    messages_total=len(calls),
                    calls_paid=paid,
                    calls_total=unpaid_count,
                    cost_usd=cost_usd,
                )
            )

        driver = Driver(
            journal=journal,
            analyzer=analyzer,
            run_id=run_id,
            max_concurrency=max_concurrency,
            lease_seconds=lease_seconds,
            patience_seconds=patience_seconds,
            on_paid=tell_progress,
            budget=budget,
            # The figures are to be those of the model they name.
            may_fall_back=False,
        )
        outcomes = await driver.answer_all(list(calls.values()))
        check_room(
            driver.deferred,
            what=f"of {len(calls):,} texts were not read",
            advice="Raise LLM_EVALUATION_MONTHLY_BUDGET_USD and evaluate again",
        )
        return [(outcomes[key].answer, outcomes[key].usage) if key in outcomes else (None, Usage()) for key in keys]

    return lambda questions: asyncio.run(tell(questions))
