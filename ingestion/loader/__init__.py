"""Arrow tables into the warehouse, nothing lost and nothing doubled: the only room that knows dlt.

A source hands over `Chunk`s and `Mark`s; `load` sorts out what is already held, loads the rest in packages, proves each package
in the warehouse and only then gives the marks back, so that whoever keeps cursors moves them after the proof and never before.
"""

from ingestion.loader.errors import LoadFailed, LoadInterrupted, RowsNotProved, UnloadableRows
from ingestion.loader.run import Chunk, Counts, Mark, load
from ingestion.loader.tables import RawTable, add_columns, ensure_tables

__all__ = [
    "Chunk",
    "Counts",
    "LoadFailed",
    "LoadInterrupted",
    "Mark",
    "RawTable",
    "RowsNotProved",
    "UnloadableRows",
    "add_columns",
    "ensure_tables",
    "load",
]
