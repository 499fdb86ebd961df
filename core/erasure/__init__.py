"""Erasing a person from every store, and searching for what is left.

One registry says what of a contact, and of the words of their tickets, lives where. The erasure is done from it, the search
afterwards is not: it looks into every column of every table and every byte of the data folder, so that what the registry forgot
is found. Words and names go; rows, readings and what was paid stay, so that counts do.

Who asks, and in which order the stores are cleared, is decided in `orchestration.erasure`.
"""

from core.erasure.needles import Needles
from core.erasure.registry import Holding, Subject
from core.erasure.residue import Residue, find_residue

__all__ = ["Holding", "Needles", "Residue", "Subject", "find_residue"]
