"""A run of reading as a person at a terminal sees it: a bar with rate, cost so far and time left."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from analysis.progress import OnProgress, Progress, duration


@contextmanager
def watched_reading(console: Console, title: str = "reading") -> Iterator[OnProgress]:
    """Shows what it is told for as long as the block lasts; where nobody sits at a terminal, shows nothing."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[told]}"),
    )
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task(title, total=1.0, done="", told="", visible=False)

        def show(progress: Progress) -> None:
            shown = shown_of(progress)
            is_over = progress.share >= 1
            bar.update(line, completed=progress.share, done=shown.done, told=shown.told, visible=not is_over)

        yield show


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands beside the bar."""

    done: str
    told: str


def shown_of(progress: Progress) -> Shown:
    """The words beside the bar: how many of how many, then rate, cost so far and time left."""
    if progress.calls_total:
        done = f"{progress.calls_paid:,}/{progress.calls_total:,} calls"
    else:
        done = f"{progress.messages_done:,}/{progress.messages_total:,} messages"
    told = [progress.rate]
    if progress.calls_paid or progress.calls_total:
        told.append(f"{progress.cost_usd:.4f} USD so far")
    if progress.seconds_left:
        told.append(f"{duration(progress.seconds_left)} left")
    return Shown(done, ", ".join(told))
