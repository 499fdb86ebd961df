"""Evaluating an analyzer that costs money: through the call journal, so that no text of a labelled set is paid for twice."""

import asyncio
from collections.abc import Callable, Sequence

from analysis.analyzer import PaidAnalyzer, Question, Usage, call_key
from analysis.calls import Call
from analysis.driver import Driver
from analysis.evals.evaluate import Ask, Told
from analysis.journal import Journal

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
    on_paid: Callable[[], None] = lambda: None,
) -> Ask:
    """Ask a paid analyzer as many texts at a time as it stands, and close it; the arguments are those of `Driver`.

    A text whose call was given up, or whose answer could not be used twice, has no answer.

    Raises:
        ModelStopped, ModelUnavailable, JournalUnavailable: When asked, as `Driver.answer`; what was answered is in the journal.
    """

    async def tell(questions: Sequence[Question]) -> list[Told]:
        driver = Driver(
            journal=journal,
            analyzer=analyzer,
            run_id=run_id,
            max_concurrency=max_concurrency,
            lease_seconds=lease_seconds,
            patience_seconds=patience_seconds,
            on_paid=on_paid,
            # The figures are to be those of the model they name.
            may_fall_back=False,
        )
        keys = [call_key(PAYER, analyzer.identity(question.task), question) for question in questions]
        calls = {key: Call(key, PAYER, question) for key, question in zip(keys, questions, strict=True)}
        try:
            outcomes = await driver.answer(list(calls.values()))
        finally:
            await analyzer.close()
        if driver.stopped:
            raise driver.stopped
        return [(outcomes[key].answer, outcomes[key].usage) if key in outcomes else (None, Usage()) for key in keys]

    return lambda questions: asyncio.run(tell(questions))
