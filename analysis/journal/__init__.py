"""The call journal: every paid model call, claimed before it is made and kept raw before it is understood."""

from analysis.journal.batch import BatchCall, BatchRecord, CallEnd, Verdict
from analysis.journal.batches import BatchJournal
from analysis.journal.grouped import GroupedJournal
from analysis.journal.journal import Journal, JournalUnavailable
from analysis.journal.open import UnknownJournal, open_journal
from analysis.journal.records import CallRecord, Claim, ClaimResult
from analysis.journal.table import BatchState, CallState

__all__ = [
    "BatchCall",
    "BatchJournal",
    "BatchRecord",
    "BatchState",
    "CallEnd",
    "CallRecord",
    "CallState",
    "Claim",
    "ClaimResult",
    "GroupedJournal",
    "Journal",
    "JournalUnavailable",
    "UnknownJournal",
    "Verdict",
    "open_journal",
]
