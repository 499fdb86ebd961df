"""What an enrichment did, in figures: returned to whoever ran it."""

from dataclasses import dataclass, field

from core.vocabulary import AnalysisTask


@dataclass
class TaskReport:
    """One task's part. Counts are of messages, for topics of tickets, unless they say calls; money is of this run only."""

    read: int = 0
    """Read and written in this run, whether paid now, journaled before, or read on this machine."""

    reused: int = 0
    """Held already, for this very text, analyzer and prompt: not touched."""

    calls_paid: int = 0
    """Calls this run paid for; replies that could not be used count."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    dead_letters: int = 0
    """Without an answer for good, with the reason in `enrichment.dead_letters`."""

    failed: int = 0
    """Left for another run."""

    waiting: int = 0
    """Tickets whose call is in a batch at the provider, or belongs into the next one."""

    batched_calls: int = 0
    """Calls answered by batches this run brought in; they are among those paid."""

    batched_cost_usd: float = 0.0

    deferred: int = 0
    """Waiting for room in a budget, in `enrichment.deferred_readings`."""


@dataclass
class EnrichmentReport:
    """One run over some tenants' tickets."""

    run_id: str
    messages_seen: int = 0
    messages_without_text: int = 0
    messages_repeated: int = 0
    """Messages not read for themselves, because the ticket's opening text says the same."""

    messages_removed: int = 0
    """Messages whose enrichment was removed, because the text, the message or the ticket is gone."""

    tasks: dict[AnalysisTask, TaskReport] = field(default_factory=lambda: {task: TaskReport() for task in AnalysisTask})
    batches_waiting: str = ""
    """A sentence about the batches that are still at the provider; empty where there is none."""

    duration_seconds: float = 0.0

    @property
    def read(self) -> int:
        """Readings written, over the tasks."""
        return sum(task.read for task in self.tasks.values())

    @property
    def reused(self) -> int:
        """Readings left as they were, over the tasks."""
        return sum(task.reused for task in self.tasks.values())

    @property
    def calls_paid(self) -> int:
        """Calls paid in this run, over the tasks."""
        return sum(task.calls_paid for task in self.tasks.values())

    @property
    def cost_usd(self) -> float:
        """What this run cost, over the tasks."""
        return sum(task.cost_usd for task in self.tasks.values())

    @property
    def dead_letters(self) -> int:
        """Dead letters met, over the tasks."""
        return sum(task.dead_letters for task in self.tasks.values())

    @property
    def failed(self) -> int:
        """Readings left for another run, over the tasks."""
        return sum(task.failed for task in self.tasks.values())

    @property
    def waiting(self) -> int:
        """Readings that wait for batches, over the tasks."""
        return sum(task.waiting for task in self.tasks.values())

    @property
    def batched_calls(self) -> int:
        """Calls answered by batches this run brought in, over the tasks."""
        return sum(task.batched_calls for task in self.tasks.values())

    @property
    def batched_cost_usd(self) -> float:
        """What these batches cost, over the tasks."""
        return sum(task.batched_cost_usd for task in self.tasks.values())

    @property
    def deferred(self) -> int:
        """Readings that wait for room in a budget, over the tasks."""
        return sum(task.deferred for task in self.tasks.values())

    @property
    def input_tokens(self) -> int:
        """Tokens sent in this run, over the tasks."""
        return sum(task.input_tokens for task in self.tasks.values())

    @property
    def output_tokens(self) -> int:
        """Tokens received in this run, over the tasks."""
        return sum(task.output_tokens for task in self.tasks.values())
