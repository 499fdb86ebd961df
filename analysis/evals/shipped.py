"""What was measured of the embedded analyzer before it was shipped: its readings have a confidence on the first day.

The figures stand in `analysis/embedded/measured.yaml`, written by `churnboard evaluate … --keep-as-shipped` and read by the version
they were measured of. What an installation measures itself is newer, and counts instead.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict

from analysis.evals.precision import LABEL_PRECISION, LabelPrecision
from analysis.evals.runs import EvaluationRun, precision_rows
from core.errors import Terminal
from core.vocabulary import AnalyzerKind, EvaluationSubject
from core.warehouse import Warehouse

MEASURED: Final = Path(str(files("analysis.embedded").joinpath("measured.yaml")))
"""Where the figures stand."""

_HEADING: Final = """\
# Written by `churnboard evaluate SUBJECT --set SET --keep-as-shipped`. Of each answer: how often given, how often right.
"""


class NotToBeShipped(Terminal):
    """What was measured is no part of what ships."""


class _Measured(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: EvaluationSubject
    labelled_set: str
    model: str
    prompt_version: str
    schema_hash: str
    evaluated_at: datetime
    labels: Mapping[str, tuple[int, int]]

    @property
    def run_id(self) -> str:
        return f"shipped {self.prompt_version} {self.subject} {self.labelled_set}"


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    measured: tuple[_Measured, ...] = ()


def shipped_precision(file: Path = MEASURED) -> list[dict[str, Any]]:
    """The shipped figures as rows of `enrichment.label_precision`."""
    return [
        row
        for one in _read(file).measured
        for row in precision_rows(
            [LabelPrecision(label, answered, right) for label, (answered, right) in one.labels.items()],
            run_id=one.run_id,
            subject=one.subject,
            labelled_set=one.labelled_set,
            evaluated_at=one.evaluated_at,
            analyzer=AnalyzerKind.EMBEDDED,
            model=one.model,
            prompt_version=one.prompt_version,
            schema_hash=one.schema_hash,
        )
    ]


def add_shipped_precision(warehouse: Warehouse) -> None:
    """Make sure that the table is there, and the shipped figures in it.

    Raises:
        WarehouseBusy, WarehouseUnavailable: As `Warehouse.merge`.
    """
    held: set[tuple[str, datetime]] = set()
    with warehouse.snapshot() as snapshot:
        is_there = snapshot.has_table(LABEL_PRECISION.schema, LABEL_PRECISION.name)
        if is_there:
            rows = snapshot.rows(f"select run_id, evaluated_at from {LABEL_PRECISION.qualified}")  # noqa: S608 - a name of ours
            held = {(row["run_id"], row["evaluated_at"]) for row in rows}
    new = [row for row in shipped_precision() if (row["run_id"], row["evaluated_at"]) not in held]
    if new or not is_there:
        warehouse.merge([(LABEL_PRECISION, new)])


def keep_as_shipped(run: EvaluationRun, file: Path = MEASURED) -> Path:
    """Put what a run found in the place of what ships; figures of other versions of the same subject go.

    Returns:
        The file.

    Raises:
        NotToBeShipped: The run was not one of the embedded analyzer over whole levels or intents, or the file cannot be written.
    """
    if run.identity.kind is not AnalyzerKind.EMBEDDED or not run.precision:
        raise NotToBeShipped(
            f"A run of {run.identity.model} over {run.subject} does not ship: only the levels and intents of the embedded "
            f"analyzer do. Set ANALYZER=embedded and evaluate sentiment or intent."
        )
    new = _Measured(
        subject=run.subject,
        labelled_set=run.labelled_set,
        model=run.identity.model,
        prompt_version=run.identity.prompt_version,
        schema_hash=run.identity.schema_hash,
        evaluated_at=run.evaluated_at.replace(microsecond=0),
        labels={one.label: (one.answered_count, one.right_count) for one in run.precision},
    )
    others = [
        one
        for one in _read(file).measured
        if one.subject is not new.subject
        or (one.labelled_set != new.labelled_set and one.prompt_version == new.prompt_version)
    ]
    sheet = _Sheet(measured=tuple(sorted([*others, new], key=lambda one: (one.subject, one.labelled_set))))
    written = yaml.safe_dump(sheet.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    try:
        file.write_text(_HEADING + written, encoding="utf-8")
    except OSError as error:
        raise NotToBeShipped(
            f"{file} cannot be written ({error.strerror}): keep figures from a checkout of churnboard."
        ) from error
    return file


def _read(file: Path) -> _Sheet:
    return _Sheet.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
