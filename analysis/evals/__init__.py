"""How well an analyzer reads, against labels people gave."""

from analysis.evals.evaluate import Evaluation, LabelledText, asking, coarser, compare, evaluate, three_classes
from analysis.evals.labelled import (
    LABELLED_SETS,
    Half,
    LabelledSet,
    is_unseen,
    labelled_sets,
    load_labelled,
    load_texts,
)
from analysis.evals.run import run_evaluation
from analysis.evals.runs import EvaluationRun
from analysis.evals.teaching import taught

__all__ = [
    "LABELLED_SETS",
    "Evaluation",
    "EvaluationRun",
    "Half",
    "LabelledSet",
    "LabelledText",
    "asking",
    "coarser",
    "compare",
    "evaluate",
    "is_unseen",
    "labelled_sets",
    "load_labelled",
    "load_texts",
    "run_evaluation",
    "taught",
    "three_classes",
]
