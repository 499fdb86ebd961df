"""How well an analyzer reads, against labels people gave."""

from analysis.evals.evaluate import Evaluation, LabelledText, evaluate, three_classes

__all__ = ["Evaluation", "LabelledText", "evaluate", "three_classes"]
