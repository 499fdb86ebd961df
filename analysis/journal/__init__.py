"""The call journal: every paid model call, claimed before it is made and kept raw before it is understood."""

from analysis.journal.batch import BatchCall, BatchRecord, CallEnd, Verdict
from analysis.journal.batches import BatchJournal
from analysis.journal.grouped import GroupedJournal
from analysis.journal.journal import Journal, JournalUnavailable
from analysis.journal.ledger import CallCost, Generation, Ledger, LedgerLine, Lost
from analysis.journal.open import UnknownJournal, open_journal
from analysis.journal.records import CallRecord, Claim, ClaimResult
from analysis.journal.spending import Allowance, Measured, Standing
from analysis.journal.table import BatchState, CallState

__all__ = [
    "Allowance",
    "BatchCall",
    "BatchJournal",
    "BatchRecord",
    "BatchState",
    "CallCost",
    "CallEnd",
    "CallRecord",
    "CallState",
    "Claim",
    "ClaimResult",
    "Generation",
    "GroupedJournal",
    "Journal",
    "JournalUnavailable",
    "Ledger",
    "LedgerLine",
    "Lost",
    "Measured",
    "Standing",
    "UnknownJournal",
    "Verdict",
    "open_journal",
]
