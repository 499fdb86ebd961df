"""The call journal: every paid model call, claimed before it is made and kept raw before it is understood."""

from analysis.journal.grouped import GroupedJournal
from analysis.journal.journal import Journal, JournalUnavailable
from analysis.journal.open import UnknownJournal, open_journal
from analysis.journal.records import CallRecord, Claim, ClaimResult
from analysis.journal.table import CallState

__all__ = [
    "CallRecord",
    "CallState",
    "Claim",
    "ClaimResult",
    "GroupedJournal",
    "Journal",
    "JournalUnavailable",
    "UnknownJournal",
    "open_journal",
]
