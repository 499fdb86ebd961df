"""What evaluations found, one row a run, beside the readings they judge."""

from collections.abc import Sequence
from datetime import datetime

from analysis.analyzer import Identity
from analysis.evals.evaluate import Evaluation
from core.naming import ENRICHMENT
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


def keep(
    warehouse: Warehouse,
    found: Sequence[tuple[str, Evaluation]],
    *,
    run_id: str,
    subject: str,
    labelled_set: str,
    identity: Identity,
    evaluated_at: datetime,
    duration_seconds: float,
) -> None:
    """Write a run's rows; `found` are its evaluations, each with what its labels are called."""
    rows = [
        {
            "run_id": run_id,
            "labels": labels,
            "subject": subject,
            "labelled_set": labelled_set,
            "evaluated_at": evaluated_at,
            "analyzer": identity.kind.value,
            "model": identity.model,
            "prompt_version": identity.prompt_version,
            "schema_hash": identity.schema_hash,
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
            "duration_seconds": duration_seconds,
        }
        for labels, one in found
    ]
    warehouse.merge([(EVALUATIONS, rows)])
