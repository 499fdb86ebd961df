"""What was put off is told together every morning, and what is due is sent: for installations where no worker does it."""

import dagster as dg

from core.installation import Installation
from orchestration.notifying.courier import Courier


@dg.asset(key=dg.AssetKey(["notifications", "digests"]), group_name="notifications")
def digests(context: dg.AssetExecutionContext, place: dg.ResourceParam[Installation]) -> dg.MaterializeResult[None]:
    """The digests that are due are written and sent, each once, however often this runs and whoever else does the same."""
    courier = Courier(place)
    made, looked_at = courier.make_digests(), courier.deliver_due()
    context.log.info(f"{made} digests, {looked_at} deliveries looked at")
    return dg.MaterializeResult(metadata={"digests": made, "deliveries": looked_at})
