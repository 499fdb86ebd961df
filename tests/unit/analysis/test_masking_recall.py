"""What masking must reach on planted details, and that the measurement can fail."""

import random

from analysis.evals.masking import measure_masking
from analysis.evals.planting import plant
from analysis.masking import MaskedText
from core.vocabulary import PiiKind

TEXTS = [f"The export broke on day {day}. Nobody answers!\n\nWe wait for it." for day in range(700)]
WANTED = {PiiKind.EMAIL: 0.99, PiiKind.CARD: 0.99, PiiKind.IBAN: 0.99, PiiKind.PHONE: 0.95, PiiKind.NAME: 0.97}


def test_recall_and_precision_hold() -> None:
    run = measure_masking(TEXTS, seed=7)
    for kind, found in run.kinds.items():
        assert found.planted_count == len(TEXTS)
        assert found.recall >= WANTED[kind], (kind, found)
        assert found.precision >= 0.98, (kind, found)
        assert found.unplanted_count == 0, (kind, found)
    assert run.masked_decoy_count <= 0.01 * run.decoy_count
    assert len(run.missed) == sum(found.planted_count - found.masked_count for found in run.kinds.values())


def test_a_masking_that_does_nothing_has_no_recall() -> None:
    run = measure_masking(TEXTS[:20], seed=7, by=lambda text, _: MaskedText(text, text))
    assert {found.recall for found in run.kinds.values()} == {0.0}
    assert len(run.missed) == 5 * 20


def test_what_is_planted_stands_where_it_says() -> None:
    planted = plant(TEXTS[0], random.Random(3))
    assert sorted(kind for kind, *_ in planted.details) == sorted(PiiKind)
    for _, start, end in [*planted.details, *((None, *decoy) for decoy in planted.decoys)]:
        assert planted.text[start:end].strip() == planted.text[start:end] != ""
    assert plant(TEXTS[0], random.Random(3)) == planted
