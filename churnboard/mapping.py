"""What a tenant's HubSpot properties and stages mean."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.vocabulary import MappedField, MrrUnit

if TYPE_CHECKING:
    from core.fields import FieldMapping
    from core.installation import Installation
    from ingestion.hubspot.mappable import Mappable

mapping_app = typer.Typer(no_args_is_help=True, help="What a tenant's HubSpot properties and stages mean.")
app.add_typer(mapping_app, name="mapping")


@mapping_app.command("show")
def show_mapping(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """What is mapped now, with values as they were loaded and how many companies have one."""
    from ingestion.hubspot.samples import read_samples

    place = installation(settings())
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
    from core.fields import FieldMapping
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
    place = installation(settings())
    check(mapping, _mappable(place, tenant), tenant)
    _change_mapping(place, tenant, mapping)


@mapping_app.command("clear")
def clear_mapping(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    field: Annotated[MappedField, typer.Argument(help="What is no longer mapped.")],
) -> None:
    """Take a mapping back: the fact becomes unknown, stages are guessed from their labels."""
    from core.fields import FieldMapping

    _change_mapping(installation(settings()), tenant, FieldMapping(field=field))


@mapping_app.command("history")
def show_mapping_history(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Every change of a mapping, oldest first."""
    place = installation(settings())
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

    place = installation(settings())
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
