"""How well an analyzer reads, against labels people gave."""

from analysis.evals.evaluate import Evaluation, LabelledText, asking, coarser, evaluate, three_classes
from analysis.evals.labelled import LABELLED_SETS, LabelledSet, is_unseen, labelled_sets, load_labelled, load_texts
from analysis.evals.run import run_evaluation
from analysis.evals.runs import EvaluationRun

__all__ = [
    "LABELLED_SETS",
    "Evaluation",
    "EvaluationRun",
    "LabelledSet",
    "LabelledText",
    "asking",
    "coarser",
    "evaluate",
    "is_unseen",
    "labelled_sets",
    "load_labelled",
    "load_texts",
    "run_evaluation",
    "three_classes",
]
