"""What evaluations found, one row a run, beside the readings they judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.analyzer import Identity
from analysis.evals.evaluate import Evaluation
from core.naming import ENRICHMENT
from core.vocabulary import EvaluationSubject
from core.warehouse import Column, ColumnType, TableSpec, Warehouse

_SHARE = ColumnType.FLOAT

EVALUATIONS = TableSpec(
    schema=ENRICHMENT,
    name="evaluations",
    columns=(
        Column("run_id"),
        Column("labels"),
        Column("subject"),
        Column("labelled_set"),
        Column("evaluated_at", ColumnType.TIMESTAMP),
        Column("analyzer"),
        Column("model"),
        Column("prompt_version"),
        Column("schema_hash"),
        Column("text_count", ColumnType.INTEGER),
        Column("unread_count", ColumnType.INTEGER),
        *(
            Column(f"{name}_score", _SHARE)
            for name in ("accuracy", "best_three_accuracy", "macro_f1", "kappa", "precision", "recall")
        ),
        Column("input_tokens", ColumnType.INTEGER),
        Column("output_tokens", ColumnType.INTEGER),
        Column("cost_usd", ColumnType.FLOAT),
        Column("duration_seconds", ColumnType.FLOAT),
    ),
    key=("run_id", "labels"),
)
"""One row per run and grain of labels: a run over five levels has a second row, in which they are three."""


@dataclass(frozen=True)
class EvaluationRun:
    """What one run found: `found` has an evaluation for each grain of labels, the finest first, with what these are called."""

    run_id: str
    subject: EvaluationSubject
    labelled_set: str
    identity: Identity
    found: Sequence[tuple[str, Evaluation]]
    evaluated_at: datetime
    duration_seconds: float


def keep(warehouse: Warehouse, run: EvaluationRun) -> None:
    """Write a run's rows."""
    rows = [
        {
            "run_id": run.run_id,
            "labels": labels,
            "subject": run.subject.value,
            "labelled_set": run.labelled_set,
            "evaluated_at": run.evaluated_at,
            "analyzer": run.identity.kind.value,
            "model": run.identity.model,
            "prompt_version": run.identity.prompt_version,
            "schema_hash": run.identity.schema_hash,
            "text_count": one.count,
            "unread_count": one.unread_count,
            "accuracy_score": one.accuracy,
            "best_three_accuracy_score": one.best_three_accuracy,
            "macro_f1_score": one.macro_f1,
            "kappa_score": one.kappa,
            "precision_score": one.precision,
            "recall_score": one.recall,
            "input_tokens": one.usage.input_tokens,
            "output_tokens": one.usage.output_tokens,
            "cost_usd": one.usage.cost_usd,
            "duration_seconds": run.duration_seconds,
        }
        for labels, one in run.found
    ]
    warehouse.merge([(EVALUATIONS, rows)])
