"""The canaries of the day, and whether they hold: no ticket steers its reading, and answers are what they were yesterday."""

from datetime import UTC, datetime

import dagster as dg

from analysis import make_analyzer, open_journal
from analysis.canaries import judge, latest, read_canaries
from core.installation import Installation
from core.naming import ENRICHMENT

_KEY = dg.AssetKey([ENRICHMENT, "canary_readings"])


@dg.asset(key=_KEY, group_name="canaries", kinds={"llm"})
def canary_readings(
    context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """What the analyzer that is set makes of tickets whose right reading is known; a day's answers are paid for once."""
    readings = read_canaries(
        warehouse=place.warehouse,
        journal=open_journal(place.settings.stores.journal),
        analyzer=make_analyzer(place.settings.analysis),
        settings=place.settings.analysis,
        run_id=context.run.run_id,
        read_on=datetime.now(UTC).date(),
    )
    verdict = judge(readings)
    context.log.info(verdict.sentence)
    return dg.MaterializeResult(
        metadata={
            "model": readings[0].model,
            "prompt_version": readings[0].prompt_version,
            "canaries": len(readings),
            "right_score": verdict.right_score,
            "flip_score": verdict.flip_score,
            "tokens": sum(one.input_tokens + one.output_tokens for one in readings),
            "cost_usd": sum(one.cost_usd for one in readings),
        }
    )


@dg.asset_check(
    asset=_KEY,
    description="No canary steers its reading, four in five are read right, and at most one answer in ten changed since last time.",
)
def canaries_hold(place: dg.ResourceParam[Installation]) -> dg.AssetCheckResult:
    """A model that can be talked round, or that its provider changed behind its name, shows here before it shows on the board."""
    readings = latest(place.warehouse)
    verdict = judge(readings)
    wrong = {
        one.canary: one.reason
        or f"{one.sentiment}, {one.churn_intent}; right is {one.expected_sentiment}; {one.expected_churn_intent}"
        for one in readings
        if one.canary in verdict.wrong
    }
    return dg.AssetCheckResult(
        passed=verdict.is_trusted and verdict.is_steady,
        severity=dg.AssetCheckSeverity.WARN if verdict.is_trusted else dg.AssetCheckSeverity.ERROR,
        description=verdict.sentence,
        metadata={
            "right_score": verdict.right_score,
            "flip_score": verdict.flip_score,
            "compared": verdict.compared_count,
            "steered": list(verdict.broken),
            "flipped": list(verdict.flipped),
            "wrong": wrong,
            "known_weak": sorted(one.canary for one in readings if one.is_known_weak),
        },
    )
