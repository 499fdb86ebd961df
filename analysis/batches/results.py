"""From what came of a batch to what is written about its calls. Pure: no provider, no journal."""

import json
from collections.abc import Iterable

from analysis.batches.client import BatchStatus, ResultLine, Standing
from analysis.journal.batch import CallEnd, Verdict
from analysis.journal.table import BatchState
from analysis.llm.failures import Blocked, ModelCallError, ModelStopped, TextTooLong, Throttled, TooExpensive, failure
from analysis.llm.replies import error_code, reply_in

_NOT_MADE = frozenset({"batch_expired", "batch_cancelled"})

_END_OF = {
    Blocked: CallEnd.DEAD,
    TextTooLong: CallEnd.DEAD,
    ModelStopped: CallEnd.RELEASED,
    Throttled: CallEnd.RELEASED,
    TooExpensive: CallEnd.RELEASED,
}

ENDS = {
    BatchStatus.COMPLETED: BatchState.COLLECTED,
    BatchStatus.EXPIRED: BatchState.EXPIRED,
    BatchStatus.CANCELLED: BatchState.CANCELLED,
    BatchStatus.FAILED: BatchState.FAILED,
}
"""What a batch that is over becomes in the journal."""


def verdicts(lines: Iterable[ResultLine], *, where: str) -> list[Verdict]:
    """What came of each call there is a result of; of two results with the same key the first counts."""
    found: dict[str, Verdict] = {}
    for line in lines:
        if line.custom_id not in found:
            found[line.custom_id] = verdict(line, where=where)
    return list(found.values())


def verdict(line: ResultLine, *, where: str) -> Verdict:
    """What came of one call, by the classes of `analysis.llm.failures`.

    A reply is kept as it came. Refused for good: dead. What needs a person or a pause: released. Anything else is asked by
    itself, since its text may be what a whole batch would be refused for.
    """
    key = line.custom_id
    if line.error is not None and str(line.error.get("code")) in _NOT_MADE:
        return Verdict(key, CallEnd.RELEASED, reason=str(line.error.get("message") or line.error["code"]))
    try:
        if line.body is None:
            fields = line.error or {"message": "there is neither a response nor an error"}
            status = line.status if line.status and line.status >= 400 else error_code(fields)
            raise failure(status, fields, where=where, retry_after=None)
        raw = json.dumps(line.body, ensure_ascii=False)
        return Verdict(key, CallEnd.ANSWERED, reply_in(line.body, raw=raw, status=line.status or 200, where=where))
    except ModelCallError as error:
        end = _END_OF.get(type(error), CallEnd.FAILED)
        return Verdict(key, end, reason=str(error), usage=error.usage, error_type=error.error_type)


def end_of_the_others(standing: Standing, *, has_completed: bool) -> CallEnd:
    """What becomes of the calls of a batch nothing came of.

    A provider that completed such batches before and refuses this one may dislike one of its texts: each is asked by itself. One
    that never took any, or takes none just now, has nothing against the texts.
    """
    if standing.status is BatchStatus.COMPLETED:
        return CallEnd.FAILED
    if standing.status is BatchStatus.FAILED and has_completed and not standing.is_limit:
        return CallEnd.FAILED
    return CallEnd.RELEASED
