"""Everything anew for everybody, or one tenant's HubSpot."""

from typing import Annotated

import typer

from churnboard.shared import app, configure_logging, console, installation, settings


@app.command()
def refresh(
    full: Annotated[
        bool, typer.Option(help="Build every ticket and score every day anew, instead of going on from what is there.")
    ] = False,
) -> None:
    """Load, read, transform and publish every tenant now, through Dagster."""
    from analysis.watching import watched_reading
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.refresh import refresh as refresh_all

    chosen = settings()
    configure_logging()
    with watched_reading(console) as on_reading:
        refresh_all(
            build_definitions(resources={"on_reading": on_reading}),
            open_instance(chosen.stores.data_dir),
            installation(chosen),
            on_step=lambda step: console.print(f"{step.number}/{step.count} {step.title}"),
            is_quiet=True,
            is_full=full,
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
    chosen = settings()
    configure_logging("WARNING")
    place = installation(chosen)
    of = place.directory.tenant(tenant).cell
    with watched(console) as on_rows:
        load(
            build_definitions(resources={"place": place, "on_rows": on_rows}),
            open_instance(chosen.stores.data_dir),
            of,
            is_sweeping=sweep,
            allowed_deletions=allow_deletions or (),
            only={tenant: named} if named else None,
        )
    console.print(stream_table(place.warehouse, tenant))
