"""What evaluations found, one row a run, beside the readings they judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analysis.analyzer import Identity
from analysis.evals.evaluate import Evaluation
from analysis.evals.precision import LABEL_PRECISION, LabelPrecision
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
        Column("example_count", ColumnType.INTEGER),
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
    """What one run found.

    Attributes:
        found: An evaluation for each grain of labels, the finest first, with what these are called.
        precision: How often each level or intent it answered was right; empty for topics.
        example_count: Up to how many examples of each topic the analyzer was taught before.
    """

    run_id: str
    subject: EvaluationSubject
    labelled_set: str
    identity: Identity
    found: Sequence[tuple[str, Evaluation]]
    evaluated_at: datetime
    duration_seconds: float
    precision: Sequence[LabelPrecision] = ()
    example_count: int = 0


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
            "example_count": run.example_count,
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
    precise = precision_rows(
        run.precision,
        run_id=run.run_id,
        subject=run.subject,
        labelled_set=run.labelled_set,
        evaluated_at=run.evaluated_at,
        analyzer=run.identity.kind,
        model=run.identity.model,
        prompt_version=run.identity.prompt_version,
        schema_hash=run.identity.schema_hash,
    )
    warehouse.merge([(EVALUATIONS, rows), (LABEL_PRECISION, precise)])


def precision_rows(found: Sequence[LabelPrecision], **of_run: object) -> list[dict[str, Any]]:
    """The rows of `enrichment.label_precision` for one run."""
    return [
        {
            **of_run,
            "label": one.label,
            "answered_count": one.answered_count,
            "right_count": one.right_count,
            "precision_score": one.precision,
            "lower_bound_score": one.lower_bound,
        }
        for one in found
    ]
