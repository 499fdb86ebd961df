"""The command that does what people asked for on the board."""

import signal
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from churnboard.shared import app, configure_logging, console, installation, settings

if TYPE_CHECKING:
    from core.installation import Installation


@app.command()
def work(
    is_once: Annotated[bool, typer.Option("--once", help="End when nothing waits any more.")] = False,
    follow_webhooks: Annotated[
        bool,
        typer.Option(
            help="Between tasks, read what HubSpot's webhooks announce and publish it; for where Dagster's daemon does not run."
        ),
    ] = False,
) -> None:
    """Do what people ask for on the board and the API itself may not, and send notifications. Start as many as you like."""
    from orchestration.notifying.courier import Courier
    from orchestration.tasks.worker import work as do_tasks

    configure_logging()
    place = installation(settings())
    # An orderly end puts the task at hand back at once; otherwise it waits until its lease has run out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console.print("Waiting for tasks." if not is_once else "Doing what waits.")
    courier = Courier(place)
    with nullcontext() if is_once else courier.running():
        do_tasks(
            place,
            on_task=lambda task: console.print(f"{task.tenant_id}: {task.kind} ({task.task_id})"),
            meanwhile=_follower(place) if follow_webhooks else lambda: False,
            is_once=is_once,
        )
    if is_once:
        courier.make_digests()
        courier.deliver_due()


def _follower(place: "Installation") -> Callable[[], bool]:
    from orchestration.following import WebhookFollower

    follower = WebhookFollower(place, on_step=lambda step: console.print(f"webhooks: {step.title}"))
    follower.warm_up()
    return follower
