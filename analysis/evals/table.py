"""An evaluation as a person reads it in a terminal."""

from collections.abc import Callable

from rich.table import Table

from analysis.evals.evaluate import Evaluation
from analysis.evals.labelled import LabelledSet
from analysis.evals.runs import EvaluationRun
from core.vocabulary import EvaluationSubject

_CONFUSED = 5
_ACTED_ON = {
    EvaluationSubject.SENTIMENT: "negative or worse",
    EvaluationSubject.INTENT: "leaving",
    EvaluationSubject.TOPICS: "",
}


def evaluation_table(wanted: LabelledSet, run: EvaluationRun) -> Table:
    """One row per grain of labels; measures that have no meaning for the subject have no column."""
    who, finest = run.identity, run.found[0][1]
    shares: dict[str, Callable[[Evaluation], float | None]] = {
        "accuracy": lambda found: found.accuracy,
        "among first three": lambda found: found.best_three_accuracy,
        "macro-F1": lambda found: found.macro_f1,
        "kappa, quadratic": lambda found: found.kappa,
        f"precision of {_ACTED_ON[wanted.subject]}": lambda found: found.precision,
        f"recall of {_ACTED_ON[wanted.subject]}": lambda found: found.recall,
    }
    shown = {name: share for name, share in shares.items() if share(finest) is not None}
    table = Table(
        "labels",
        "texts",
        "unread",
        *shown,
        "cost of 1,000",
        title=f"{wanted.subject} of {wanted.name}, read by {who.model} with {who.prompt_version}",
        caption=f"{run.duration_seconds:.1f} s; run {run.run_id}. Differences under three points are noise.",
    )
    for labels, found in run.found:
        figures = [f"{share(found):.3f}" for share in shown.values()]
        table.add_row(
            labels, f"{found.count:,}", f"{found.unread_count:,}", *figures, f"{found.cost_usd_per_1000:.2f} USD"
        )
    return table


def confusion_table(found: Evaluation) -> Table:
    """The commonest errors: what people said, what was answered instead, how often."""
    table = Table("people say", "answered", "times", title="most frequent errors")
    errors = sorted(((count, pair) for pair, count in found.confusion.items() if pair[0] != pair[1]), reverse=True)
    for count, (label, answer) in errors[:_CONFUSED]:
        table.add_row(label, answer, f"{count:,}")
    return table
