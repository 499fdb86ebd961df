"""A tenant's own rules: tried out, saved, switched off."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from churnboard.shared import app, configure_logging, console, installation, settings

if TYPE_CHECKING:
    from core.appdb.rules import RuleVersion
    from core.installation import Installation
    from core.rules import Rule
    from orchestration.rules import DryRun

rules_app = typer.Typer(no_args_is_help=True, help="Rules of a tenant's own that open cards.")
app.add_typer(rules_app, name="rules")

TenantOption = Annotated[str, typer.Option(help="Tenant slug.")]
FileOption = Annotated[
    Path, typer.Option(help="The rule, as JSON.", exists=True, dir_okay=False, readable=True, resolve_path=True)
]
RuleArgument = Annotated[str, typer.Argument(help="What the rule is called by.")]

_MOST_CARDS = 20


@rules_app.command("facts")
def list_facts() -> None:
    """What a rule may ask of a company."""
    from core.rules import FACTS

    table = Table("fact", "compared with", "needs", "what it is")
    for fact in FACTS.values():
        needs = [name for name, is_needed in (("within_days", fact.has_window), ("topic", fact.has_topic)) if is_needed]
        mapped = f" (mapped: {fact.mapped_field})" if fact.mapped_field else ""
        table.add_row(fact.name, " ".join(fact.kind.operators), ", ".join(needs), f"{fact.meaning}{mapped}")
    console.print(table)


@rules_app.command("list")
def list_rules(tenant: TenantOption) -> None:
    """Every rule of a tenant, and what it would have opened when it was saved."""
    place = installation(settings())
    held = place.rules.current(place.directory.tenant(tenant).tenant_id)
    table = Table("rule", "name", "severity", "notifies", "since", "by", "dry run")
    for one in held:
        name, severity = escape(one.plain["name"]), one.plain["severity"]
        since = f"{one.valid_from_at:%Y-%m-%d}"
        if one.is_active:
            notifies = "yes" if one.plain["is_notify"] else ""
            table.add_row(one.rule_id, name, severity, notifies, since, one.author, _remembered(one))
        else:
            table.add_row(f"[dim]{one.rule_id}[/dim]", name, "[dim]off[/dim]", "", since, one.author, "")
    console.print(table if held else f"{tenant} has no rules of its own: save one with `churnboard rules save`.")


@rules_app.command("show")
def show_rule(tenant: TenantOption, rule_id: RuleArgument) -> None:
    """A rule as it can be saved again, and its versions."""
    place = installation(settings())
    versions = place.rules.find(place.directory.tenant(tenant).tenant_id, rule_id)
    console.print_json(json.dumps(versions[-1].plain))
    table = Table("version", "since", "by", "", "dry run")
    for one in versions:
        is_on = "fires" if one.is_active else "[dim]off[/dim]"
        table.add_row(str(one.version), f"{one.valid_from_at:%Y-%m-%d %H:%M}", one.author, is_on, _remembered(one))
    console.print(table)


@rules_app.command("check")
def check_rule(tenant: TenantOption, file: FileOption) -> None:
    """Try a rule out over the last 90 days: which cards would it have opened? Nothing is saved."""
    _tried(installation(settings()), tenant, _read(file))


@rules_app.command("save")
def save_rule(
    tenant: TenantOption,
    file: FileOption,
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking.")] = False,
) -> None:
    """Try a rule out and, once the figure is confirmed, have it fire from now on."""
    place = installation(settings())
    rule = _read(file)
    found = _tried(place, tenant, rule)
    if not yes:
        typer.confirm(f"Have {rule.rule_id} fire from now on?", abort=True)
    saved = place.rules.save(tenant, rule, dry_run=found.as_json(), author=getpass.getuser(), now=_now(place))
    if saved is None:
        console.print(f"{rule.rule_id} is in force just so; nothing was changed.")
    else:
        console.print(
            f"{rule.rule_id} of {tenant} is saved as version {saved.version}; it fires from the next refresh on."
        )


@rules_app.command("disable")
def disable_rule(tenant: TenantOption, rule_id: RuleArgument) -> None:
    """Switch a rule off: its cards end, as if what it asks for were over."""
    place = installation(settings())
    of = place.directory.tenant(tenant).tenant_id
    if place.rules.disable(of, rule_id, author=getpass.getuser(), now=_now(place)) is None:
        console.print(f"{rule_id} of {tenant} is off already.")
    else:
        console.print(f"{rule_id} of {tenant} is off from the next refresh on; its cards end within three days.")


def _read(file: Path) -> "Rule":
    from core.rules import InvalidRule, Problem, parse_rule

    try:
        return parse_rule(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidRule([Problem("", f"{file} is no text in UTF-8.")]) from error


def _now(place: "Installation") -> datetime:
    """The present; in an installation whose clock is set, such as a demo, what it is set to."""
    return place.settings.as_of or datetime.now(UTC)


def _tried(place: "Installation", tenant: str, rule: "Rule") -> "DryRun":
    from orchestration.rules import DRY_RUN_DAYS, dry_run

    configure_logging("WARNING")
    of = place.directory.tenant(tenant)
    with console.status(f"Trying {rule.rule_id} out …"):
        found = dry_run(place, of, rule)
    console.print(
        f"{rule.rule_id} would have opened {_cards_said(len(found.cards))} in the last {DRY_RUN_DAYS} days "
        f"({_companies_said(found.active_count)} now), at {found.flagged_count:,} of {_companies_said(found.company_count)}."
    )
    for measure in found.unknown_measures:
        console.print(
            f"[yellow]{escape(measure)} is known of no company, so nothing that needs it ever fires.[/yellow]"
        )
    if found.is_flood:
        console.print(
            f"[bold red]WARNING: it would flag {found.flagged_count:,} of {_companies_said(found.company_count)}, "
            "more than a third. A board that shows everybody shows nobody: make the rule narrower.[/bold red]"
        )
    if found.cards:
        console.print(_cards(found))
    return found


def _cards(found: "DryRun") -> Table:
    table = Table("company", "opened", "ended", "severity", "why")
    for card in found.cards[-_MOST_CARDS:]:
        ended = str(card.closed_on) if card.closed_on else "still on"
        name = f"{escape(card.company_name or '')} ({card.company_id})"
        table.add_row(name, str(card.opened_on), ended, card.severity, escape(card.why))
    if len(found.cards) > _MOST_CARDS:
        table.caption = f"the newest {_MOST_CARDS} of {len(found.cards):,}"
    return table


def _remembered(one: "RuleVersion") -> str:
    tried = one.dry_run
    if not tried:
        return ""
    cards, companies = _cards_said(tried["card_count"]), _companies_said(tried["active_count"])
    return f"{cards} in {tried['days']} days, {companies} then"


def _cards_said(count: int) -> str:
    return f"{count:,} card{'' if count == 1 else 's'}"


def _companies_said(count: int) -> str:
    return f"{count:,} compan{'y' if count == 1 else 'ies'}"
