"""Calls that wait in batches at the model's provider."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, configure_logging, console, installation, settings

if TYPE_CHECKING:
    from analysis.journal import BatchRecord

batches_app = typer.Typer(
    no_args_is_help=True, help="Backlogs at the provider's half price: handed in, waiting, brought in."
)
app.add_typer(batches_app, name="batches")


@batches_app.command("list")
def list_batches(
    tenant: Annotated[str | None, typer.Argument(help="Tenant slug; all if not given.")] = None,
    most: Annotated[int, typer.Option(min=1, help="No more than so many of those that are over.")] = 20,
) -> None:
    """Every batch that is waited for, and the newest of those that are over, with what they brought and cost."""
    from analysis import open_journal
    from analysis.batches import waiting

    place = installation(settings())
    of = [place.directory.tenant(tenant).tenant_id] if tenant else None
    held = open_journal(place.settings.stores.journal).batches.all(of)
    if not held:
        console.print("No call was ever put into a batch; LLM_BATCH says where a backlog goes (docs/reading.md).")
        return
    over = [batch for batch in held if not batch.is_open][-most:]
    waited_for = [batch for batch in held if batch.is_open]
    table = Table("tenant", "batch", "question", "tickets of", "calls", "state", "since", "answered", "USD", "why")
    for one in [*over, *waited_for]:
        table.add_row(*_row(one))
    console.print(table)
    console.print(waiting(waited_for))


@batches_app.command("collect")
def collect_batches() -> None:
    """Bring in what is over at the provider, now, and read on in those months."""
    from analysis import open_journal
    from orchestration.batches import batches_due
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import read_again

    chosen = settings()
    configure_logging("WARNING")
    place = installation(chosen)
    journal = open_journal(chosen.stores.journal).batches
    before = {batch.batch_key for batch in journal.open()}
    due = batches_due(place)
    for of, days in due.items():
        definitions = build_definitions(resources={"place": place})
        read_again(definitions, open_instance(chosen.stores.data_dir), of, *days)
    ended = [batch for batch in journal.all() if batch.batch_key in before and not batch.is_open]
    answered = sum(batch.answered_count for batch in ended)
    cost = sum(batch.usage.cost_usd for batch in ended)
    console.print(
        f"{len(ended):,} of {len(before):,} batches brought in: {answered:,} calls answered for {cost:.4f} USD, "
        f"{sum(batch.failed_count for batch in ended):,} failed, "
        f"{sum(batch.released_count for batch in ended):,} left to be asked again."
    )


@batches_app.command("cancel")
def cancel_batch(
    batch: Annotated[str, typer.Argument(help="The provider's id of the batch, as `batches list` shows it.")],
) -> None:
    """Call a batch off; what it finished by then is paid and is brought in with the next collection."""
    from analysis import open_journal
    from analysis.batches import make_batch_client

    place = installation(settings())
    journal = open_journal(place.settings.stores.journal).batches
    held = next((one for one in journal.open() if one.provider_batch_id == batch), None)
    if held is None:
        raise typer.BadParameter(f"{batch}: not among the batches that are waited for; see `churnboard batches list`.")
    client = make_batch_client(place.settings.analysis, held.provider)
    try:
        standing = client.cancel(batch)
    finally:
        client.close()
    console.print(f"{batch} with {held.call_count:,} calls of {held.tenant_id} is {standing.status} at the provider.")
    console.print("`churnboard batches collect`, or the sensor, brings in what it finished.")


def _row(batch: "BatchRecord") -> tuple[str, ...]:
    months = f"{batch.first_created_on:%Y-%m}"
    if f"{batch.last_created_on:%Y-%m}" != months:
        months = f"{months} to {batch.last_created_on:%Y-%m}"
    since = batch.ended_at or batch.submitted_at or batch.intended_at
    return (
        batch.tenant_id,
        batch.provider_batch_id or batch.batch_key,
        batch.task,
        months,
        f"{batch.call_count:,}",
        batch.state,
        f"{since:%Y-%m-%d %H:%M} UTC",
        "" if batch.is_open else f"{batch.answered_count:,}",
        "" if batch.is_open else f"{batch.usage.cost_usd:.4f}",
        batch.reason or "",
    )
