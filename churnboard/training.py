"""Trains what ships with the embedded analyzer."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console
from core.vocabulary import EvaluationSubject


@app.command()
def train(
    data: Annotated[Path | None, typer.Option(envvar="CHURNBOARD_DATA_DIR", help="Folder of labelled texts.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; the one that ships if not given.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Cross-validate too, which trains five times more.")] = False,
) -> None:
    """Train the embedded analyzer's head on labelled texts; the same texts give the same file. Needs scipy (extra `train`)."""
    from analysis.embedded.training import HEAD_FILE, cross_validated, lessons, written
    from analysis.embedded.training import train as fit
    from analysis.evals import Half, coarser, compare, labelled_sets, load_labelled, three_classes

    if data is None:
        raise typer.BadParameter("Give the folder of labelled texts as --data, or set CHURNBOARD_DATA_DIR.")
    sets = {one.name: one for one in labelled_sets(EvaluationSubject.SENTIMENT)}
    texts = {name: load_labelled(one, data, half=Half.SEEN) for name, one in sets.items()}
    by_set = {name: lessons([(row.text, row.label) for row in rows]) for name, rows in texts.items()}
    learned = [one for of_set in by_set.values() for one in of_set]
    head = fit(learned)
    file = out or HEAD_FILE
    file.write_text(written(head), encoding="utf-8")
    counts = ", ".join(f"{len(rows):,} {name}" for name, rows in texts.items())
    console.print(f"{head.version}: {len(head.words):,} words, {len(head.measures)} measures, from {counts}: {file}")
    if check:
        names = {id(one): name for name, of_set in by_set.items() for one in of_set}
        found = [(names[id(one)], one.label.value, level.value) for one, level in cross_validated(learned)]
        table = Table("set", "levels", "texts", "macro-F1", "kappa", "precision", "recall", title="cross-validated")
        for name in by_set:
            fine = compare((label, level) for of, label, level in found if of == name)
            for levels, one in (("five", fine), ("three", coarser(fine, three_classes))):
                shares = (one.macro_f1, one.kappa or 0.0, one.precision or 0.0, one.recall or 0.0)
                table.add_row(name, levels, f"{one.count:,}", *(f"{share:.3f}" for share in shares))
        console.print(table)
