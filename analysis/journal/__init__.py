"""The call journal: every paid model call, claimed before it is made and kept raw before it is understood."""

from analysis.journal.journal import CallRecord, Claim, ClaimResult, Journal, JournalUnavailable
from analysis.journal.open import UnknownJournal, open_journal
from analysis.journal.table import CallState

__all__ = [
    "CallRecord",
    "CallState",
    "Claim",
    "ClaimResult",
    "Journal",
    "JournalUnavailable",
    "UnknownJournal",
    "open_journal",
]
