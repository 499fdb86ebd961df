"""What runs in the foreground: the demo, the sandbox, the API, and what their makers ask for."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from churnboard.shared import app, configure_logging, console, settings


@app.command()
def demo(
    tickets: Annotated[
        Path | None, typer.Option(help="A JSONL file of real tickets instead of generated ones.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated tickets.")] = 7,
    serve: Annotated[bool, typer.Option(help="Serve the board afterwards.")] = True,
) -> None:
    """Tickets in, risk cards out: a sandbox HubSpot, everything through Dagster, the board in the browser."""
    from orchestration.demo.run import run_demo

    configure_logging("WARNING")
    run_demo(settings(), tickets=tickets, is_serving=serve, seed=seed, console=console)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9009,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    tickets: Annotated[
        Path | None, typer.Option(help="Serve these real tickets (JSONL) instead of generated ones.")
    ] = None,
    bulk: Annotated[int, typer.Option(min=0, help="Serve one portal with so many tickets, made as they are read.")] = 0,
    companies: Annotated[int, typer.Option(min=1, help="Companies of a bulk portal.")] = 2_000,
    contacts: Annotated[int, typer.Option(min=0, help="Contacts of a bulk portal.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 7,
    tenants: Annotated[int, typer.Option(min=1, max=3, help="Tenants to generate.")] = 3,
    count: Annotated[int, typer.Option(min=1, help="Tickets to generate, over all tenants.")] = 2000,
    months: Annotated[int, typer.Option(min=5, help="Months the generated tickets reach back.")] = 9,
    newcomer: Annotated[
        int, typer.Option(min=0, help="Tickets of one more portal, of a tenant that is still to be connected.")
    ] = 0,
    noise: Annotated[float, typer.Option(min=0, max=1, help="How untidy generated customers and records are.")] = 0,
    until: Annotated[str, typer.Option(help="Newest generated moment (ISO 8601); default now.")] = "",
    limits: Annotated[bool, typer.Option(help="Enforce HubSpot's rate limits.")] = True,
    truth: Annotated[Path | None, typer.Option(help="Write what was planted to this file.")] = None,
    describe: Annotated[Path | None, typer.Option(help="Write how to connect to this file.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A YAML file of faults to act out (docs/sandbox.md).")] = None,
    webhooks: Annotated[
        str, typer.Option(help="Address to tell of every change, signed as HubSpot does: …/api/v1/webhooks/hubspot.")
    ] = "",
) -> None:
    """A local HubSpot that behaves like HubSpot, filled with generated or given tickets."""
    from core.tenants import slug_from
    from ingestion.sandbox.app import CLIENT_SECRET
    from ingestion.sandbox.bulk import bulk_world
    from ingestion.sandbox.describe import describe as described
    from ingestion.sandbox.faults import load_faults
    from ingestion.sandbox.generate import generate_world
    from ingestion.sandbox.limits import Limits
    from ingestion.sandbox.server import serve as serve_world
    from ingestion.sandbox.tickets_file import load_tickets_file
    from ingestion.sandbox.webhooks import fanning_out

    configure_logging()
    script = load_faults(faults) if faults else []
    newest = datetime.fromisoformat(until) if until else datetime.now(UTC)
    if tickets:
        world = load_tickets_file(tickets, tenant_id=slug_from(tickets.stem))
    elif bulk:
        world = bulk_world(bulk, companies=companies, contacts=contacts, seed=seed)
    else:
        world = generate_world(
            seed=seed,
            tenants=tenants,
            tickets=count,
            months=months,
            until=newest,
            noise=noise,
            newcomer_tickets=newcomer,
        )
    if truth:
        truth.parent.mkdir(parents=True, exist_ok=True)
        world.write_truth(truth)
    if describe:
        describe.parent.mkdir(parents=True, exist_ok=True)
        draft = describe.with_suffix(".tmp")
        draft.write_text(json.dumps(described(world)))
        draft.replace(describe)
    console.print(f"HubSpot sandbox on http://{host}:{port}")
    for portal in described(world)["tenants"]:
        console.print(
            f"  {portal['profile']['tenant_id']}: {portal['tickets']:,} tickets, access token {portal['access_token']}"
        )
    with fanning_out(world, webhooks, CLIENT_SECRET) if webhooks else nullcontext():
        serve_world(world, host, port, Limits() if limits else None, script)


@app.command()
def serve() -> None:
    """The read API and the board."""
    from serve.main import run

    configure_logging()
    run(settings(), on_listening=lambda url: console.print(f"The board is at {url}, the API at {url}/docs."))


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    from serve.openapi import openapi_document

    typer.echo(json.dumps(openapi_document(), indent=2))


@app.command(name="dagster-home")
def dagster_home_command() -> None:
    """Make Dagster's home in the data folder ready and print it."""
    from orchestration.instance import dagster_home

    typer.echo(dagster_home(settings().stores.data_dir))
