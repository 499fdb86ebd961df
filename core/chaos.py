"""Named places where a test may kill, raise or delay the running step; a no-op unless `CHAOS_SEED` is set.

`CHAOS_POINTS` lists what happens where: `name:action[@hit]`, comma separated, for instance `ingest.after_load:kill@2` (the
second time the point is passed). Actions: `kill` (SIGKILL to this process, as a power cut would), `stop` (SIGSTOP: it sleeps until
somebody wakes it), `raise` (a `ChaosError`), `delay` (half a second). With a seed and no points, every point draws: a quarter of
those a run activates fire (the ratios FoundationDB's BUGGIFY uses), so a soak run needs no list. The environment is read when
a point is passed, never at import.
"""

import os
import random
import signal
import time
from functools import lru_cache

from core.errors import Terminal, Transient

POINTS = frozenset(
    {
        "ingest.after_extract",
        "ingest.after_normalize",
        "ingest.before_load",
        "ingest.after_load",
        "ingest.after_cursor",
        "hints.after_load",
        "enrich.after_claim",
        "enrich.after_call",
        "enrich.after_journal",
        "enrich.after_deferred",
        "enrich.before_merge",
        "enrich.after_merge",
        "enrich.after_batch_intent",
        "enrich.after_batch_upload",
        "enrich.before_batch_post",
        "enrich.after_batch_post",
        "enrich.after_batch_submitted",
        "enrich.after_batch_results",
        "enrich.after_batch_collected",
        "transform.before_build",
        "transform.during_build",
        "transform.after_build",
        "publish.after_stage",
        "publish.before_pointer",
        "publish.after_pointer",
        "publish.after_bi_file",
        "publish.after_collect",
        "erase.after_request",
        "erase.after_warehouse",
        "erase.after_journal",
        "erase.after_published",
        "delete.after_application",
        "delete.after_warehouse",
        "notify.after_told",
        "notify.after_claim",
        "notify.after_send",
        "notify.after_digest",
        "tasks.before_stop",
    }
)
"""Every point there is; `point` refuses a name that is not listed, so a test over this set covers them all."""


class ChaosError(Transient):
    """Raised by a point whose action is `raise`."""


class ChaosPlanError(Terminal):
    """`CHAOS_POINTS` names a point or an action that does not exist."""


_hits: dict[str, int] = {}


def point(name: str) -> None:
    """Pass the place `name`; does nothing in a process without `CHAOS_SEED`.

    Raises:
        ChaosPlanError: The name is not in `POINTS`, or the plan cannot be read.
        ChaosError: The plan says `raise` here.
    """
    if name not in POINTS:
        raise ChaosPlanError(f"There is no chaos point named {name!r}; add it to core.chaos.POINTS first.")
    seed = os.environ.get("CHAOS_SEED")
    if not seed:
        return
    _hits[name] = _hits.get(name, 0) + 1
    plan = os.environ.get("CHAOS_POINTS", "")
    action = _planned(plan).get((name, _hits[name])) if plan else _drawn(seed, name, _hits[name])
    if action:
        _act(action, name)


def _act(action: str, name: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "raise":
        raise ChaosError(f"Chaos point {name} raised as planned; run the step again.")
    else:
        time.sleep(0.5)


@lru_cache(maxsize=8)
def _planned(plan: str) -> dict[tuple[str, int], str]:
    steps = {}
    for entry in filter(None, (part.strip() for part in plan.split(","))):
        name, _, rest = entry.partition(":")
        action, _, hit = rest.partition("@")
        if name not in POINTS or action not in {"kill", "raise", "delay", "stop"} or not (hit or "1").isdigit():
            raise ChaosPlanError(
                f"CHAOS_POINTS entry {entry!r} is not `point:kill|raise|delay|stop[@hit]` with a known point."
            )
        steps[name, int(hit or 1)] = action
    return steps


def _drawn(seed: str, name: str, hit: int) -> str | None:
    activated = random.Random(f"{seed}|{name}").random() < 0.5  # noqa: S311 - a reproducible draw, no secret
    draw = random.Random(f"{seed}|{name}|{hit}")  # noqa: S311 - same
    return draw.choice(("kill", "raise", "delay")) if activated and draw.random() < 0.25 else None
