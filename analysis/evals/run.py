"""One evaluation from a labelled set to the rows that keep what was found."""

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from analysis.analyzer import Analyzer, PaidAnalyzer
from analysis.budget import Budget
from analysis.costs import Costs
from analysis.evals.evaluate import Ask, LabelledText, asking, coarser, evaluate, three_classes
from analysis.evals.labelled import LabelledSet
from analysis.evals.paid import asking_through
from analysis.evals.precision import claimed, label_precision
from analysis.evals.runs import EvaluationRun, keep
from analysis.journal import Journal
from analysis.progress import OnProgress
from core.settings import AnalysisSettings
from core.vocabulary import EvaluationSubject
from core.warehouse import Warehouse

_PATIENCE_SECONDS = 120.0


def run_evaluation(
    wanted: LabelledSet,
    rows: Sequence[LabelledText],
    *,
    analyzer: Analyzer,
    journal: Journal,
    warehouse: Warehouse,
    settings: AnalysisSettings,
    example_count: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> EvaluationRun:
    """Have the rows of a set answered, compare, and write what was found into `enrichment.evaluations` and `label_precision`.

    Args:
        wanted: The set.
        rows: Its rows, or some of them.
        analyzer: Who answers; closed afterwards. One that costs money answers through the journal, and is paid once a text.
        journal: For that.
        warehouse: Where the rows are written.
        settings: How many calls at once, and how long one may take.
        example_count: Up to how many examples of each topic the rows' taxonomy has.
        on_progress: Told after each paid call.

    Raises:
        BudgetSpent, ModelStopped, ModelUnavailable, JournalUnavailable, WarehouseBusy, WarehouseUnavailable: As `enrich`.
    """
    run_id, started = str(uuid.uuid4()), time.monotonic()
    ask: Ask = asking(analyzer)
    if isinstance(analyzer, PaidAnalyzer):
        ask = asking_through(
            journal,
            analyzer,
            run_id=run_id,
            max_concurrency=settings.llm_max_concurrency,
            lease_seconds=settings.llm_lease_seconds,
            patience_seconds=_PATIENCE_SECONDS,
            budget=Budget(
                Costs(journal, analyzer, settings.llm_assumed_usd_per_million),
                lambda _: settings.llm_evaluation_monthly_budget_usd,
            ),
            on_progress=on_progress,
        )
    fine = evaluate(wanted.task, rows, ask, read=wanted.read, claim=partial(claimed, wanted.subject))
    found = [(wanted.subject.value, fine)]
    if wanted.subject is EvaluationSubject.SENTIMENT:
        found = [("five levels", fine), ("three levels", coarser(fine, three_classes))]
    run = EvaluationRun(
        run_id=run_id,
        subject=wanted.subject,
        labelled_set=wanted.name,
        identity=analyzer.identity(wanted.task),
        found=found,
        precision=label_precision(wanted.subject, fine.claims),
        evaluated_at=datetime.now(UTC),
        duration_seconds=time.monotonic() - started,
        example_count=example_count,
    )
    keep(warehouse, run)
    return run
