"""Canaries: tickets whose right reading is known, asked about anew every day: a model that changed shows here first."""

from analysis.canaries.canary import Canary, CanaryKind, load_canaries
from analysis.canaries.readings import CANARY_READINGS, CanaryReading, latest
from analysis.canaries.run import PAYER, read_canaries
from analysis.canaries.verdict import Verdict, judge

__all__ = [
    "CANARY_READINGS",
    "PAYER",
    "Canary",
    "CanaryKind",
    "CanaryReading",
    "Verdict",
    "judge",
    "latest",
    "load_canaries",
    "read_canaries",
]
