"""How a load fails, and how dlt's exceptions become those failures."""

from collections.abc import Iterator

from core.errors import ChurnboardError, Terminal, Transient

_REFUSALS = frozenset({"DataError", "IntegrityError", "ProgrammingError"})


class LoadFailed(Terminal):
    """The warehouse refuses the rows or the statement; the same rows fail again."""


class LoadInterrupted(Transient):
    """The warehouse went away, or was changed by somebody else, in the middle of a load."""


class RowsNotProved(Transient):
    """After a load that reported success, the warehouse does not hold the rows that were sent."""


class UnloadableRows(Terminal):
    """A chunk does not have the columns of its table."""


def translated(error: Exception, *, dataset: str, tenants: str) -> ChurnboardError:
    """What a dlt exception means to us.

    An error of ours that travelled through dlt (raised by the source while dlt was pulling from it) comes out unchanged.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ChurnboardError):
            return cause
    job = next((str(job_id) for cause in causes if (job_id := getattr(cause, "job_id", None))), "")
    where = f"table {dataset}.{job.split('.')[0]}" if job else f"dataset {dataset}"
    detail = " ".join(str(causes[-1]).split())[:500]
    if any(_is_refusal(getattr(cause, "client_exception", cause)) for cause in causes):
        return LoadFailed(
            f"The warehouse refused to load {where} for {tenants}: {detail}. "
            f"No cursor was moved; correct the cause and run the sync again."
        )
    return LoadInterrupted(
        f"Loading {where} for {tenants} did not finish: {detail}. No cursor was moved; run the sync again."
    )


def _is_refusal(cause: BaseException) -> bool:
    """Whether the database said no, rather than nothing.

    dlt wraps what it meets in exceptions meant for its own retry loop, and calls a row that `copy` refused transient. The names
    are those of PEP 249, which both drivers' exceptions inherit from.
    """
    from dlt.common.exceptions import TerminalException

    return isinstance(cause, TerminalException) or not _REFUSALS.isdisjoint(one.__name__ for one in type(cause).__mro__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = getattr(current, "exception", None)
        current = inner if isinstance(inner, BaseException) and id(inner) not in seen else current.__cause__
