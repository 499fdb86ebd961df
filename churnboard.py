"""The `churnboard` command: a thin face over the rooms. Each command imports what it needs when it runs, so `--help` is instant."""

import getpass
import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from core.errors import ChurnboardError
from core.vocabulary import EvaluationSubject, MappedField, MrrUnit

if TYPE_CHECKING:
    from core.appdb.mappings import FieldMapping
    from core.installation import Installation
    from core.settings import Settings
    from ingestion.hubspot.limits.shared import SharedLimits
    from ingestion.hubspot.mappable import Mappable

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Which customers are about to leave, and the proof.")
tenants_app = typer.Typer(no_args_is_help=True, help="Who is read: tenants and their HubSpot connections.")
connections_app = typer.Typer(no_args_is_help=True, help="How tenants' HubSpot portals are reached.")
mapping_app = typer.Typer(no_args_is_help=True, help="What a tenant's HubSpot properties and stages mean.")
builds_app = typer.Typer(no_args_is_help=True, help="What readers are served: published builds.")
dead_letters_app = typer.Typer(no_args_is_help=True, help="Tickets that could not be read, and why.")
webhooks_app = typer.Typer(no_args_is_help=True, help="What HubSpot told us, and whether it was read.")
limits_app = typer.Typer(no_args_is_help=True, help="How much of HubSpot's request budgets is used, portal by portal.")
erasures_app = typer.Typer(no_args_is_help=True, help="Whose data had to go, and whether it is gone.")
app.add_typer(tenants_app, name="tenants")
app.add_typer(connections_app, name="connections")
app.add_typer(mapping_app, name="mapping")
app.add_typer(builds_app, name="builds")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(limits_app, name="limits")
app.add_typer(erasures_app, name="erasures")
console = Console()


def main() -> None:
    """Run the command line; an error of ours is one sentence on stderr and exit code 1."""
    try:
        app()
    except ChurnboardError as error:
        Console(stderr=True).print(f"[red]{type(error).__name__}[/red]: {error}", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


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

    _configure_logging("WARNING")
    run_demo(_settings(), tickets=tickets, is_serving=serve, seed=seed, console=console)


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

    _configure_logging()
    script = load_faults(faults) if faults else []
    newest = datetime.fromisoformat(until) if until else datetime.now(UTC)
    if tickets:
        world = load_tickets_file(tickets, tenant_id=slug_from(tickets.stem))
    elif bulk:
        world = bulk_world(bulk, companies=companies, contacts=contacts, seed=seed)
    else:
        world = generate_world(seed=seed, tenants=tenants, tickets=count, months=months, until=newest)
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

    _configure_logging()
    run(_settings(), on_listening=lambda url: console.print(f"The board is at {url}, the API at {url}/docs."))


@app.command()
def refresh() -> None:
    """Load, read, transform and publish every tenant now, through Dagster."""
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import refresh as refresh_all

    settings = _settings()
    _configure_logging()
    refresh_all(
        build_definitions(),
        open_instance(settings.stores.data_dir),
        _installation(settings),
        on_step=lambda step: console.print(f"{step.number}/{step.count} {step.title}"),
        is_quiet=True,
    )


@app.command()
def sync(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    sweep: Annotated[
        bool, typer.Option(help="Read all links, and compare all ids where counts differ, now and not tonight.")
    ] = False,
    allow_deletions: Annotated[
        list[str] | None,
        typer.Option(help="Object type of which any number of records may be gone from HubSpot; repeat for several."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Just this record, as tickets/123, wherever it is now; repeat for several."),
    ] = None,
) -> None:
    """Load one tenant's HubSpot now, and show what is held against what HubSpot counts. Reads no ticket, publishes nothing."""
    from ingestion.hubspot.tables import OBJECT_TYPES
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import load
    from orchestration.watching import stream_table, watched

    named: dict[str, list[str]] = {}
    for one in only or ():
        kind_name, _, record_id = one.partition("/")
        if not record_id.isdecimal():
            raise typer.BadParameter(f"{one!r} is not a record: write it as tickets/123.")
        named.setdefault(kind_name, []).append(record_id)
    unknown = {*(allow_deletions or ()), *named} - {kind.name for kind in OBJECT_TYPES}
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}: known are {', '.join(kind.name for kind in OBJECT_TYPES)}."
        )
    settings = _settings()
    _configure_logging("WARNING")
    place = _installation(settings)
    of = place.directory.tenant(tenant).cell
    with watched(console) as on_rows:
        load(
            build_definitions(resources={"place": place, "on_rows": on_rows}),
            open_instance(settings.stores.data_dir),
            of,
            is_sweeping=sweep,
            allowed_deletions=allow_deletions or (),
            only={tenant: named} if named else None,
        )
    console.print(stream_table(place.warehouse, tenant))


@app.command()
def evaluate(
    subject: Annotated[EvaluationSubject, typer.Argument(help="What is held against people's labels.")],
    data: Annotated[Path | None, typer.Option(envvar="CHURNBOARD_DATA_DIR", help="Folder of labelled texts.")] = None,
    labelled_set: Annotated[
        str, typer.Option("--set", help="Which of the subject's sets; its first if not given.")
    ] = "",
    most: Annotated[int | None, typer.Option(min=1, help="No more than so many texts, taken evenly.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Also the half that the embedded rules were made with.")
    ] = False,
) -> None:
    """How well the analyzer that is set reads labelled texts; an LLM is paid once a text, whatever the number of runs."""
    from rich.progress import Progress

    from analysis import make_analyzer, open_journal
    from analysis.evals import labelled_sets, load_labelled, run_evaluation
    from analysis.evals.table import confusion_table, evaluation_table

    sets = {one.name: one for one in labelled_sets(subject)}
    wanted = sets.get(labelled_set or next(iter(sets)))
    if wanted is None:
        raise typer.BadParameter(f"There is no set {labelled_set!r} for {subject}: known are {', '.join(sets)}.")
    if data is None:
        raise typer.BadParameter("Give the folder of labelled texts as --data, or set CHURNBOARD_DATA_DIR.")
    settings = _settings()
    _configure_logging("WARNING")
    rows = load_labelled(wanted, data, is_whole=whole, most=most)
    with Progress(console=console, transient=True, disable=settings.analysis.use_embedded) as progress:
        task = progress.add_task("calls", total=len(rows))
        run = run_evaluation(
            wanted,
            rows,
            analyzer=make_analyzer(settings.analysis),
            journal=open_journal(settings.stores.journal),
            warehouse=_installation(settings).warehouse,
            settings=settings.analysis,
            on_paid=lambda: progress.advance(task),
        )
    console.print(evaluation_table(wanted, run))
    console.print(confusion_table(run.found[0][1]))


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    from serve.openapi import openapi_document

    typer.echo(json.dumps(openapi_document(), indent=2))


@app.command(name="dagster-home")
def dagster_home_command() -> None:
    """Make Dagster's home in the data folder ready and print it."""
    from orchestration.instance import dagster_home

    typer.echo(dagster_home(_settings().stores.data_dir))


@tenants_app.command("list")
def list_tenants() -> None:
    """Every tenant, its cell and how its last sync ended."""
    place = _installation(_settings())
    table = Table("tenant", "name", "cell", "served build", "as of")
    for tenant in place.directory.tenants():
        build = place.builds.current(tenant.tenant_id)
        served = (build.build_id, f"{build.as_of_at:%Y-%m-%d %H:%M}") if build else ("nothing published yet", "")
        table.add_row(tenant.tenant_id, tenant.name, tenant.cell, *served)
    console.print(table)


@tenants_app.command("add")
def add_tenant(
    tenant: Annotated[str, typer.Argument(help="Slug: lower-case letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="Name people read.")] = "",
    hubspot_token: Annotated[
        str, typer.Option(envvar="HUBSPOT_ACCESS_TOKEN", prompt=True, hide_input=True, help="HubSpot access token.")
    ] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of its revenue figures.")] = "USD",
) -> None:
    """Add a tenant and connect its HubSpot portal, or bring both up to date."""
    from analysis.topics import default_topics
    from core.appdb.directory import Tenant, Topic
    from core.connections import Credentials
    from core.tenants import cell, tenant_id

    place = _installation(_settings())
    new = Tenant(
        tenant_id=tenant_id(tenant),
        name=name or tenant,
        cell=cell(tenant),
        currency=currency,
    )
    place.directory.save(new)
    place.connection(new.tenant_id).keep(Credentials(access_token=SecretStr(hubspot_token)))
    topics = [Topic(name=topic.name, description=topic.description) for topic in default_topics()]
    place.directory.save_topics(new.tenant_id, topics)
    console.print(f"{tenant} is connected; `churnboard refresh` loads it now, the daily schedule every night.")
    console.print(f"`churnboard mapping suggest {tenant}` finds where its HubSpot keeps revenue, renewal and use.")


@mapping_app.command("show")
def show_mapping(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """What is mapped now, with values as they were loaded and how many companies have one."""
    from ingestion.hubspot.samples import read_samples

    place = _installation(_settings())
    current = place.mappings.current(place.directory.tenant(tenant).tenant_id)
    names = [one.property_name for one in current.values() if one.property_name]
    samples = read_samples(place.warehouse, tenant, names)
    table = Table("field", "mapped to", "companies with a value", "for instance")
    for field in MappedField:
        mapping = current.get(field)
        sample = samples.by_property.get(mapping.property_name or "") if mapping else None
        found = (f"{sample.company_count:,} of {samples.company_count:,}", ", ".join(sample.values)) if sample else ()
        table.add_row(field, _described(mapping) if mapping else "[dim]not mapped[/dim]", *found)
    console.print(table)


@mapping_app.command("set")
def set_mapping(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    field: Annotated[MappedField, typer.Argument(help="What it means.")],
    values: Annotated[
        list[str], typer.Argument(help="A company property; for stages any number of pipeline/stage, or none.")
    ],
    unit: Annotated[
        MrrUnit | None, typer.Option(help="What one amount of MRR is paid for; month unless given.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of the amounts, if not the tenant's.")] = None,
    currency_property: Annotated[str | None, typer.Option(help="Company property that holds the code instead.")] = None,
) -> None:
    """Map a field, after asking HubSpot whether what it is mapped to exists and fits."""
    from core.appdb.mappings import FieldMapping
    from ingestion.hubspot.mappable import check

    if field is not MappedField.MRR and (unit or currency or currency_property):
        raise typer.BadParameter(f"--unit and --currency belong to mrr, not to {field}.")
    if currency and currency_property:
        raise typer.BadParameter("The currency is either a code or in a property: give one of the two options.")
    if not field.is_stages and len(values) != 1:
        raise typer.BadParameter(f"{field} is mapped to one company property, not to {len(values)}.")
    mapping = FieldMapping(
        field=field,
        property_name=None if field.is_stages else values[0],
        stage_ids=(() if values == ["none"] else tuple(values)) if field.is_stages else None,
        unit=(unit or MrrUnit.MONTH) if field is MappedField.MRR else None,
        currency=currency.upper() if currency else None,
        currency_property=currency_property,
    )
    place = _installation(_settings())
    check(mapping, _mappable(place, tenant), tenant)
    _change_mapping(place, tenant, mapping)


@mapping_app.command("clear")
def clear_mapping(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    field: Annotated[MappedField, typer.Argument(help="What is no longer mapped.")],
) -> None:
    """Take a mapping back: the fact becomes unknown, stages are guessed from their labels."""
    from core.appdb.mappings import FieldMapping

    _change_mapping(_installation(_settings()), tenant, FieldMapping(field=field))


@mapping_app.command("history")
def show_mapping_history(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Every change of a mapping, oldest first."""
    place = _installation(_settings())
    table = Table("since", "field", "version", "mapped to", "by")
    for one in place.mappings.history(place.directory.tenant(tenant).tenant_id):
        said = _described(one.mapping) if one.mapping.is_mapped else "[dim]cleared[/dim]"
        table.add_row(f"{one.valid_from_at:%Y-%m-%d %H:%M}", one.mapping.field, str(one.version), said, one.author)
    console.print(table)


@mapping_app.command("suggest")
def suggest_mapping(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Company properties that sound like a field and have a fitting type, best first, with values as they were loaded."""
    from ingestion.hubspot.mappable import suggestions
    from ingestion.hubspot.samples import read_samples

    place = _installation(_settings())
    found = _mappable(place, tenant)
    suggested = [(field, one) for field in MappedField for one in suggestions(field, found)[:3]]
    samples = read_samples(place.warehouse, tenant, [one.name for _, one in suggested])
    table = Table("field", "property", "label", "type", "companies with a value", "for instance")
    for field, one in suggested:
        sample = samples.by_property[one.name]
        held = f"{sample.company_count:,} of {samples.company_count:,}"
        table.add_row(field, one.name, one.label, one.type, held, ", ".join(sample.values))
    console.print(table)
    console.print(f"Take one with `churnboard mapping set {tenant} FIELD PROPERTY`.")


@connections_app.command("list")
def list_connections() -> None:
    """Every tenant's HubSpot connection: how it stands, until when its token is good, what it may not read."""
    from core.connections.scopes import missing

    place = _installation(_settings())
    table = Table("tenant", "status", "portal", "token", "last synced", "scopes missing", "message")
    for tenant in place.directory.tenants():
        held = place.connection(tenant.tenant_id).connection()
        if held is None:
            table.add_row(tenant.tenant_id, "never connected")
            continue
        is_over = held.status == "disconnected"
        token = f"until {held.expires_at:%Y-%m-%d %H:%M} UTC" if held.expires_at else "does not expire"
        lacking = ", ".join(scope.name for scope in missing(held.scopes)) if held.scopes is not None else "not known"
        table.add_row(
            tenant.tenant_id,
            held.status,
            held.hub_id or "",
            "" if is_over else token,
            f"{held.last_synced_at:%Y-%m-%d %H:%M} UTC" if held.last_synced_at else "",
            "" if is_over else lacking,
            held.error_message or "",
        )
    console.print(table)


@connections_app.command("disconnect")
def disconnect_hubspot(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Uninstall the app in the tenant's portal and forget the credentials; also where HubSpot does not answer."""
    from core.connections.farewell import disconnect

    place = _installation(_settings())
    console.print(disconnect(place.connection(place.directory.tenant(tenant).tenant_id), place.oauth))


@app.command()
def erase(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    contact: Annotated[str, typer.Option(help="HubSpot's id of the contact.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a contact, and the words of their tickets, from every store; then search for what is left."""
    from core.vocabulary import ErasureSource
    from orchestration.erasure import Eraser

    place = _installation(_settings())
    _configure_logging("WARNING")
    tenant_id = place.directory.tenant(tenant).tenant_id
    if not yes:
        typer.confirm(
            f"Erase contact {contact} of {tenant}, and the words of all their tickets, for good? "
            f"HubSpot itself is not touched.",
            abort=True,
        )
    eraser = Eraser(place)
    eraser.request(tenant_id, {contact: []}, source=ErasureSource.PERSON)
    [done] = eraser.carry_out([tenant_id])
    table = Table("store", "cleared")
    for store, count in done.changed.items():
        table.add_row(store, f"{count:,}")
    console.print(table)
    for one in done.residue:
        console.print(f"[red]still found[/red] in {one.store}: {one.where}, {one.count:,} times", highlight=False)
    if done.residue:
        console.print("The request stays open: every load tries again. See docs/operations.md, Privacy deletion.")
        raise typer.Exit(1)
    tickets = len({ticket for request in done.requests for ticket in request.ticket_ids})
    console.print(f"Nothing remains of {tenant}'s contact {contact}. Tickets that lost their words: {tickets:,}.")


@erasures_app.command("list")
def list_erasures(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Every request of a tenant, and whether it is done."""
    place = _installation(_settings())
    table = Table("contact", "tickets", "requested", "by", "done", "found afterwards")
    for one in place.erasures.of(place.directory.tenant(tenant).tenant_id):
        table.add_row(
            one.object_id,
            str(len(one.ticket_ids)),
            f"{one.requested_at:%Y-%m-%d %H:%M}",
            one.source,
            f"{one.done_at:%Y-%m-%d %H:%M}" if one.done_at else "not yet",
            "" if one.residue_count is None else str(one.residue_count),
        )
    console.print(table)


@dead_letters_app.command("list")
def list_dead_letters(
    tenant: Annotated[str | None, typer.Argument(help="Tenant slug; all if not given.")] = None,
) -> None:
    """What could not be read, oldest first."""
    from analysis.dead_letters import dead_letters

    place = _installation(_settings())
    tenants = [place.directory.tenant(tenant)] if tenant else place.directory.tenants()
    letters = dead_letters(place.warehouse, [one.tenant_id for one in tenants])
    table = Table("tenant", "ticket", "question", "asked", "since", "why not")
    for one in letters:
        since = f"{one.first_seen_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            one.tenant_id, one.ticket_id, one.task, f"{one.attempt_count} times", since, one.reason or "erased"
        )
    console.print(table if letters else "Every ticket that says something was read.")


@dead_letters_app.command("replay")
def replay_dead_letters(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    ticket: Annotated[list[str] | None, typer.Option(help="Just this ticket, by its id; repeat for several.")] = None,
) -> None:
    """Have a tenant's dead letters asked about once more, now; a model behind an API is paid for it."""
    from analysis import open_journal
    from analysis.dead_letters import dead_letters
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import read_again

    settings = _settings()
    _configure_logging("WARNING")
    place = _installation(settings)
    of = place.directory.tenant(tenant)
    before = [one for one in dead_letters(place.warehouse, [of.tenant_id]) if not ticket or one.ticket_id in ticket]
    if unknown := set(ticket or ()) - {one.ticket_id for one in before}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not among the dead letters of {tenant}.")
    if not before:
        console.print(f"{tenant} has no dead letters.")
        return
    open_journal(settings.stores.journal).revive([one.call_key for one in before])
    created = [one.created_at.date() for one in before]
    definitions = build_definitions(resources={"place": place})
    read_again(definitions, open_instance(settings.stores.data_dir), of.cell, min(created), max(created))
    asked = {(one.ticket_id, one.task) for one in before}
    left = [one for one in dead_letters(place.warehouse, [of.tenant_id]) if (one.ticket_id, one.task) in asked]
    console.print(f"{len(before)} asked again: {len(before) - len(left)} read, {len(left)} still without an answer.")
    console.print("The cards follow with the next transform: `churnboard refresh`, or the sensors where Dagster runs.")


@webhooks_app.command("list")
def list_webhooks() -> None:
    """What HubSpot told us in the last thirty days, portal by portal; portals that nobody has connected are listed too."""
    table = Table("portal", "tenant", "events", "last", "waiting", "since", "attempts")
    for one in _installation(_settings()).webhooks.portals():
        waiting = (
            f"{one.waiting_count:,}",
            f"{one.waiting_since:%Y-%m-%d %H:%M} UTC" if one.waiting_since else "",
            str(one.attempt_count) if one.waiting_count else "",
        )
        table.add_row(
            one.portal_id,
            one.tenant_id or "[red]connected by nobody[/red]",
            f"{one.received_count:,}",
            f"{one.last_received_at:%Y-%m-%d %H:%M} UTC",
            *(waiting if one.tenant_id else ("", "", "")),
        )
    console.print(table)


@builds_app.command("list")
def list_builds(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """The builds kept for a tenant, newest first."""
    place = _installation(_settings())
    table = Table("build", "as of", "built", "cards", "served")
    for build in place.builds.builds(place.directory.tenant(tenant).tenant_id):
        table.add_row(
            build.build_id,
            f"{build.as_of_at:%Y-%m-%d %H:%M}",
            f"{build.built_at:%Y-%m-%d %H:%M:%S}",
            str(build.row_counts.get("churn_risk_cards", 0)),
            "yes" if build.published_at else "",
        )
    console.print(table)


@builds_app.command("rollback")
def rollback(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Serve the build before the present one again."""
    place = _installation(_settings())
    build = place.builds.rollback(place.directory.tenant(tenant).tenant_id, published_at=datetime.now(UTC))
    console.print(f"{tenant} is served from build {build.build_id}, as of {build.as_of_at:%Y-%m-%d %H:%M}.")


@limits_app.command("list")
def list_limits() -> None:
    """Every portal's budgets as all its workers see them now, and until when its day is used up."""
    with _limits(_settings()) as limits:
        standing = limits.standing()
    table = Table("tenant", "portal", "budget", "used", "in flight", "queue", "closed until")
    for portal in standing:
        for budget, one in portal.budgets.items():
            used = f"{one.used} of {one.limit or 'any'} in {one.window_seconds:g} s"
            closed = f"{one.closed_until:%H:%M:%S} UTC" if one.closed_until else ""
            counts = (str(one.in_flight), str(one.waiting))
            table.add_row(portal.key.tenant_id, portal.key.base_url, budget, used, *counts, closed)
    console.print(table)
    for portal in standing:
        if portal.stop:
            console.print(portal.stop.reason, highlight=False)


@limits_app.command("clear")
def clear_limits(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Let a tenant's workers ask HubSpot again, where a person knows that its day or pause is over."""
    with _limits(_settings()) as limits:
        lifted = limits.clear(tenant)
    console.print(f"{tenant}: {lifted} lifted; its next sync asks HubSpot." if lifted else f"{tenant} was not stopped.")


def _mappable(place: "Installation", tenant: str) -> "Mappable":
    from ingestion.hubspot.mappable import Mappable
    from orchestration.portals import open_portal

    with open_portal(place, place.directory.tenant(tenant)) as portal:
        return Mappable.in_portal(portal)


def _change_mapping(place: "Installation", tenant: str, mapping: "FieldMapping") -> None:
    new = place.mappings.set(tenant, mapping, author=getpass.getuser())
    said = _described(mapping) if mapping.is_mapped else "not mapped"
    when = "since before; nothing was changed" if new is None else "from the next refresh on"
    console.print(f"{mapping.field} of {tenant} is {said} {when}.")


def _described(mapping: "FieldMapping") -> str:
    if mapping.stage_ids is not None:
        return ", ".join(mapping.stage_ids) or "no stage"
    parts = [mapping.property_name or ""]
    if mapping.unit is not None:
        parts.append(f"a {mapping.unit}")
    if mapping.currency or mapping.currency_property:
        parts.append(mapping.currency or f"in the currency of {mapping.currency_property}")
    return " ".join(parts)


def _settings() -> "Settings":
    from core.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        raise typer.BadParameter(f"A setting cannot be used: {wrong}. See .env.example.") from error


def _installation(settings: "Settings") -> "Installation":
    from core.installation import Installation

    return Installation(settings)


def _limits(settings: "Settings") -> "SharedLimits":
    from ingestion.hubspot.limits.shared import open_limits

    return open_limits(_installation(settings).warehouse, settings.stores.data_dir)


def _configure_logging(level: str | None = None) -> None:
    from core.logging import configure_logging

    settings = _settings()
    configure_logging(as_json=not settings.is_local, level=level or settings.runtime.log_level)


if __name__ == "__main__":
    main()
