"""The job `everything`: one button for what `churnboard refresh` does."""

from collections.abc import Callable

import dagster as dg

from orchestration.refresh import refresh


def make_everything(definitions: Callable[[], dg.Definitions]) -> dg.JobDefinition:
    """The job; `definitions` gives those whose jobs it runs, asked for when it runs, since it is itself one of them."""

    @dg.op(required_resource_keys={"place"}, description="Every cell's ingest and enrich runs, then transform.")
    def refresh_everything(context: dg.OpExecutionContext) -> None:
        refresh(
            definitions(),
            context.instance,
            context.resources.place,
            on_step=lambda step: context.log.info(f"{step.number}/{step.count} {step.title}"),
        )

    @dg.job(
        executor_def=dg.in_process_executor,
        description="Load, read, transform and publish every tenant; the runs it makes are listed beside it.",
    )
    def everything() -> None:
        refresh_everything()

    return everything
