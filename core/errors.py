"""The two marks every error of ours carries, so that retry is decided by class and never by reading a message.

A concrete error lives beside the code that raises it, subclasses exactly one of the two, and its message is a sentence:
what happened, to which tenant and object, what to do next.
"""


class ChurnboardError(Exception):
    """Base of every error we raise on purpose; `str(error)` is fit to be shown to a person."""


class Terminal(ChurnboardError):
    """Trying again without a change of input, settings or permission fails again."""


class Transient(ChurnboardError):
    """The same call may succeed later; whoever retries does so because of this class."""


class ChangedMeanwhile(Terminal):
    """Somebody changed the same thing after it was looked at; nothing was written."""
