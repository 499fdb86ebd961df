"""An evaluation as a person reads it in a terminal."""

from collections.abc import Callable, Sequence

from rich.table import Table

from analysis.evals.evaluate import Evaluation
from analysis.evals.labelled import LabelledSet
from analysis.evals.masking import MaskingRun
from analysis.evals.runs import EvaluationRun
from core.vocabulary import EvaluationSubject

_CONFUSED = 5
_ACTED_ON = {
    EvaluationSubject.SENTIMENT: "negative or worse",
    EvaluationSubject.INTENT: "leaving",
    EvaluationSubject.TOPICS: "",
}


def evaluation_table(wanted: LabelledSet, runs: Sequence[EvaluationRun]) -> Table:
    """One row per run and grain of labels; measures that have no meaning for the subject have no column."""
    who, finest = runs[0].identity, runs[0].found[0][1]
    shares: dict[str, Callable[[Evaluation], float | None]] = {
        "accuracy": lambda found: found.accuracy,
        "among first three": lambda found: found.best_three_accuracy,
        "macro-F1": lambda found: found.macro_f1,
        "kappa, quadratic": lambda found: found.kappa,
        f"precision of {_ACTED_ON[wanted.subject]}": lambda found: found.precision,
        f"recall of {_ACTED_ON[wanted.subject]}": lambda found: found.recall,
    }
    shown = {name: share for name, share in shares.items() if share(finest) is not None}
    seconds = sum(run.duration_seconds for run in runs)
    table = Table(
        "labels",
        *(["examples of each"] if wanted.subject is EvaluationSubject.TOPICS else []),
        "texts",
        "unread",
        *shown,
        "cost of 1,000",
        title=f"{wanted.subject} of {wanted.name}, read by {who.model} with {who.prompt_version}",
        caption=f"{seconds:.1f} s; run {', '.join(run.run_id for run in runs)}. Differences under three points are noise.",
    )
    for run in runs:
        for labels, found in run.found:
            table.add_row(
                labels,
                *([f"{run.example_count:,}"] if wanted.subject is EvaluationSubject.TOPICS else []),
                f"{found.count:,}",
                f"{found.unread_count:,}",
                *(f"{share(found):.3f}" for share in shown.values()),
                f"{found.cost_usd_per_1000:.2f} USD",
            )
    return table


def confusion_table(found: Evaluation) -> Table:
    """The commonest errors: what people said, what was answered instead, how often."""
    table = Table("people say", "answered", "times", title="most frequent errors")
    errors = sorted(((count, pair) for pair, count in found.confusion.items() if pair[0] != pair[1]), reverse=True)
    for count, (label, answer) in errors[:_CONFUSED]:
        table.add_row(label, answer, f"{count:,}")
    return table


def precision_table(run: EvaluationRun) -> Table:
    """How often each answer was right: what the confidence of readings is told from."""
    table = Table("answered", "times", "right", "precision", "at least", title="how often an answer is right")
    for one in run.precision:
        table.add_row(
            one.label,
            f"{one.answered_count:,}",
            f"{one.right_count:,}",
            f"{one.precision:.3f}",
            f"{one.lower_bound:.3f}",
        )
    return table


def masking_table(run: MaskingRun) -> Table:
    """One row per kind of detail."""
    table = Table(
        "detail",
        "planted",
        "recall",
        "precision",
        "found in 1,000 texts as they are",
        title=f"masking of details planted in {run.text_count:,} texts",
        caption=f"{run.masked_decoy_count:,} of {run.decoy_count:,} planted things that only look like details were masked. "
        f"{run.duration_seconds:.1f} s; run {run.run_id}.",
    )
    for kind, found in run.kinds.items():
        per_thousand = 1000 * found.unplanted_count / max(1, run.text_count)
        table.add_row(
            kind, f"{found.planted_count:,}", f"{found.recall:.3f}", f"{found.precision:.3f}", f"{per_thousand:.2f}"
        )
    return table


def missed_table(run: MaskingRun) -> Table:
    """Some of what was sent as it is, in the line it was planted with."""
    table = Table("detail", "line", title=f"not masked: {len(run.missed):,}, for instance")
    step = max(1, len(run.missed) // (2 * _CONFUSED))
    for kind, line in run.missed[::step][: 2 * _CONFUSED]:
        table.add_row(kind, line)
    return table
