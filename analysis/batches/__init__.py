"""The provider's half-price batches: many calls handed in at once, answered within a day, collected by whichever run comes next."""

from analysis.batches.backlog import Backlog, BacklogCall, BatchReport
from analysis.batches.client import BatchClient, BatchRefused, NotCancellable
from analysis.batches.collecting import Collector, waiting
from analysis.batches.make import Batching, make_batch_client, make_batching

__all__ = [
    "Backlog",
    "BacklogCall",
    "BatchClient",
    "BatchRefused",
    "BatchReport",
    "Batching",
    "Collector",
    "NotCancellable",
    "make_batch_client",
    "make_batching",
    "waiting",
]
