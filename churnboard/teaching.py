"""What people teach and what comes of it: corrections, proposals, shipping a version, and its effect on tickets."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from churnboard.shared import configure_logging, console, installation, settings
from churnboard.topics import Tenant, topics_app
from core.months import first_after, parse_month
from core.vocabulary import ChurnIntent, CorrectedField, ProposalStatus, Sentiment, TopicEditKind

if TYPE_CHECKING:
    from analysis.topics.asking import Asker
    from analysis.topics.changes import LabelChanges
    from analysis.topics.shipping import Trial
    from core.installation import Installation


@topics_app.command("correct")
def correct(
    tenant: Tenant,
    ticket: Annotated[str, typer.Argument(help="HubSpot's id of the ticket.")],
    topic: Annotated[list[str] | None, typer.Option(help="What it is about; repeat for several.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No topic fits it.")] = False,
    sentiment: Annotated[Sentiment | None, typer.Option(help="How it sounds.")] = None,
    churn_intent: Annotated[ChurnIntent | None, typer.Option(help="Whether it speaks of leaving.")] = None,
    why: Annotated[str, typer.Option(help="Why, for whoever reads this later.")] = "",
) -> None:
    """Say what a reading should have been: it counts from the next refresh on, and whatever is shipped next must heed it."""
    from analysis.topics.correct import correct_tone, correct_topics

    if bool(topic) == none and not (sentiment or churn_intent):
        raise typer.BadParameter("Say --topic, or --none, or --sentiment or --churn-intent.")
    if topic and none:
        raise typer.BadParameter("--none says that no topic fits; leave out --topic.")
    place = _place(tenant)
    said = {"author": getpass.getuser(), "why": why}
    made = []
    if topic or none:
        made.append(
            correct_topics(place.warehouse, place.topics, place.corrections, tenant, ticket, topic or (), **said)
        )
    for field, value in ((CorrectedField.SENTIMENT, sentiment), (CorrectedField.CHURN_INTENT, churn_intent)):
        if value is not None:
            made.append(correct_tone(place.warehouse, place.corrections, tenant, ticket, field, value.value, **said))
    for one in made:
        before, after = (", ".join(values) or "nothing" for values in (one.before, one.after))
        console.print(
            f"Correction {one.correction_id}: {one.field} of ticket {ticket} is {after}, and was {before}.",
            markup=False,
        )


@topics_app.command("corrections")
def list_corrections(tenant: Tenant) -> None:
    """Every correction, oldest first."""
    from core.topics.corrections import standing

    held = _place(tenant).corrections.of(tenant)
    stand = {one.correction_id for one in standing(held)}
    table = Table("number", "ticket", "what", "was", "is", "by", "when", "why", "")
    for one in held:
        state = "" if one.correction_id in stand else "withdrawn" if one.withdrawn_at else "followed by another"
        table.add_row(
            str(one.correction_id),
            one.ticket_id,
            one.field,
            escape(", ".join(one.before)),
            escape(", ".join(one.after)),
            one.author,
            f"{one.created_at:%Y-%m-%d %H:%M}",
            escape(one.why or ""),
            state if one.text is not None else f"{state} words erased".strip(),
        )
    console.print(table)


@topics_app.command("withdraw")
def withdraw(tenant: Tenant, correction: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Take a correction back: it neither counts nor teaches any more."""
    _place(tenant).corrections.withdraw(tenant, correction)
    console.print(f"Correction {correction} of {tenant} is withdrawn.")


@topics_app.command("discover")
def discover_topics(
    tenant: Tenant,
    latest: Annotated[int, typer.Option(min=1, help="How many of the newest tickets are looked at.")] = 1000,
    everything: Annotated[
        bool, typer.Option("--all", help="Look at all of them, not only at those no topic fits.")
    ] = False,
) -> None:
    """Look for topics in the newest tickets; a model behind an API is paid for it, about one call for 25 tickets."""
    from analysis.topics.discovery.asked import calls_needed
    from analysis.topics.discovery.discover import discover

    place = _place(tenant)
    with _asking(place, tenant, calls_needed(latest)) as asker:
        found = discover(
            asker, place.warehouse, place.topics, place.proposals, tenant, latest=latest, is_all=everything
        )
    console.print(f"{found.looked_at_count:,} of the {found.latest_count:,} newest tickets were looked at.")
    _show_proposals(place, tenant)


@topics_app.command("proposals")
def list_proposals(tenant: Tenant) -> None:
    """What was found and nobody has decided on yet, with quotes."""
    _show_proposals(_place(tenant), tenant)


@topics_app.command("accept")
def accept(
    tenant: Tenant,
    proposal: Annotated[int, typer.Argument(help="Its number.")],
    name: Annotated[str, typer.Option(help="Another name.")] = "",
    description: Annotated[str, typer.Option(help="Another description.")] = "",
    parent: Annotated[str | None, typer.Option(help="The topic it is part of.")] = None,
) -> None:
    """Take a proposal into the draft."""
    place = _place(tenant)
    one = place.proposals.open(tenant, proposal)
    place.topics.edit(
        tenant,
        TopicEditKind.ADD,
        author=getpass.getuser(),
        name=name or one.name,
        description=description or one.description,
        parent=parent,
    )
    place.proposals.decide(tenant, proposal, ProposalStatus.ACCEPTED, author=getpass.getuser())
    console.print(
        f"{name or one.name} is in the draft. `churnboard topics ship {tenant}` puts it in force.", markup=False
    )


@topics_app.command("dismiss")
def dismiss(tenant: Tenant, proposal: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Leave a proposal."""
    _place(tenant).proposals.decide(tenant, proposal, ProposalStatus.DISMISSED, author=getpass.getuser())
    console.print(f"Proposal {proposal} of {tenant} is dismissed.")


@topics_app.command("ship")
def ship_draft(
    tenant: Tenant, note: Annotated[str, typer.Option(help="What is new, for the list of versions.")] = ""
) -> None:
    """Put the draft in force, if with it every corrected ticket is read as people said; otherwise nothing is changed."""
    from analysis.topics.shipping import ship

    place = _place(tenant)
    with _asking(place, tenant, len(place.topics.candidate(tenant).corrections)) as asker:
        trial, shipped = ship(asker, place.warehouse, place.topics, tenant, author=getpass.getuser(), note=note)
    if shipped is None:
        _show_failures(trial)
        console.print(
            f"{len(trial.failures)} of {len(trial.cases)} corrected tickets would not be read as people said, so nothing was "
            f"shipped. Change a description, add a rule, or withdraw a correction that was wrong "
            f"(`churnboard topics withdraw {tenant} NUMBER`), then ship again."
        )
        raise typer.Exit(1)
    kept = (
        f"{len(trial.cases)} corrected tickets are read as people said"
        if trial.cases
        else "no correction speaks against it"
    )
    dropped = f", {trial.dropped_count} no longer apply" if trial.dropped_count else ""
    console.print(
        f"Version {shipped.version} of {tenant}'s topics is in force: {kept}{dropped}. "
        f"New tickets are sorted by it from the next load on; `churnboard topics retag {tenant}` sorts old ones."
    )


@topics_app.command("preview")
def preview_draft(
    tenant: Tenant, sample: Annotated[int, typer.Option(min=1, help="How many of the newest tickets.")] = 200
) -> None:
    """What the draft would do to the newest tickets; a model is paid for it, and not again when the draft is shipped."""
    from analysis.topics.preview import prepared, previewed

    place = _place(tenant)
    with _asking(place, tenant, sample) as asker:
        asked = prepared(asker, place.warehouse, place.topics, tenant, sample=sample)
        _show_changes(previewed(asker, tenant, asked).changes)


@topics_app.command("retag")
def retag_history(
    tenant: Tenant,
    since: Annotated[str, typer.Option("--from", help="First month, as 2026-01; that of the oldest ticket.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last month, as 2026-11; this one unless given.")] = "",
    against: Annotated[
        int | None, typer.Option(min=1, help="The version to compare with; the one before unless given.")
    ] = None,
) -> None:
    """Sort old tickets by the version in force, now, and show what became of their labels. Run again, it goes on."""
    from analysis.topics.texts import first_ticket_day
    from orchestration.build import build_definitions
    from orchestration.instance import open_instance
    from orchestration.retag import retag

    place = _place(tenant)
    last = _month(until) if until else date.today()  # noqa: DTZ011 - a month, chosen by a person at this desk
    first = _month(since) if since else first_ticket_day(place.warehouse, tenant)
    if first > last:
        raise typer.BadParameter(f"--from {first:%Y-%m} is after --to {last:%Y-%m}.")
    of = place.directory.tenant(tenant).cell
    with console.status(f"Sorting tickets from {first:%Y-%m} to {last:%Y-%m} …"):
        retag(
            build_definitions(resources={"place": place}),
            open_instance(place.settings.stores.data_dir),
            of,
            first,
            last,
        )
    _compare(place, tenant, against, (first.replace(day=1), first_after(last)))
    console.print(
        "Cards and metrics follow with the next transform: `churnboard refresh`, or the sensors where Dagster runs."
    )


@topics_app.command("changes")
def show_changes(
    tenant: Tenant,
    against: Annotated[
        int | None, typer.Option(min=1, help="The version to compare with; the one before unless given.")
    ] = None,
) -> None:
    """What became of tickets' labels from one version to the one in force."""
    _compare(_place(tenant), tenant, against, None)


def _compare(place: "Installation", tenant: str, against: int | None, months: tuple[date, date] | None) -> None:
    from analysis.topics.changes import changes_between

    versions = place.topics.versions(tenant)
    now = versions[-1]
    before = place.topics.version(tenant, against or max(1, now.version - 1))
    found = changes_between(
        place.warehouse, tenant, (before.version, before.content), (now.version, now.content), months
    )
    console.print(f"From version {before.version} to version {now.version}:")
    _show_changes(found)


def _show_changes(changes: "LabelChanges") -> None:
    table = Table("before \\ after", *map(escape, changes.afters))
    for old in changes.befores:
        counts = [changes.counts.get((old, new), 0) for new in changes.afters]
        table.add_row(escape(old), *(f"{count:,}" if count else "" for count in counts))
    console.print(table)
    console.print(
        f"{changes.ticket_count:,} tickets, {changes.changed_count:,} of them labelled otherwise than before."
    )


def _show_proposals(place: "Installation", tenant: str) -> None:
    found = place.proposals.of(tenant, ProposalStatus.OPEN)
    table = Table("number", "topic", "tickets", "companies", "MRR", "what customers say")
    currency = place.directory.tenant(tenant).currency
    for one in found:
        provisional = "\n[dim]provisional[/dim]" if one.is_provisional else ""
        table.add_row(
            str(one.proposal_id),
            f"[bold]{escape(one.name)}[/bold]\n{escape(one.description)}{provisional}",
            f"{one.ticket_count:,} ({one.share:.0%})",
            f"{one.company_count:,}",
            "not known" if one.mrr_touched is None else f"{one.mrr_touched:,.0f} {currency}",
            "\n".join(f"“{escape(quote.quote)}” [dim]{quote.ticket_id}[/dim]" for quote in one.quotes),
        )
    console.print(table if found else f"There is no proposal for {tenant} to decide on.")
    if found:
        console.print(f"Take one with `churnboard topics accept {tenant} NUMBER`, leave it with `dismiss`.")


def _show_failures(trial: "Trial") -> None:
    table = Table("correction", "ticket", "says", "should be", "would be")
    for failed in trial.failures:
        case = failed.case
        text = " ".join(case.text.split())
        given = "no answer" if failed.given is None else ", ".join(failed.given) or "none"
        table.add_row(
            str(case.correction_id),
            case.ticket_id,
            escape(text if len(text) <= 200 else f"{text[:200]} …"),
            escape(", ".join(case.expected) or "none"),
            escape(given),
        )
    console.print(table)


@contextmanager
def _asking(place: "Installation", tenant: str, calls: int) -> "Iterator[Asker]":
    """The analyzer that is set, with a bar for its answers, of which there will be about so many."""
    from rich.progress import Progress

    from core.tenants import tenant_id
    from orchestration.asking import asking

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("answers", total=calls)
        told: Callable[[], None] = lambda: progress.advance(task)  # noqa: E731 - the type is what matters
        with asking(place, tenant_id(tenant), told) as asker:
            yield asker


def _place(tenant: str) -> "Installation":
    configure_logging("WARNING")
    place = installation(settings())
    place.directory.tenant(tenant)
    return place


def _month(written: str) -> date:
    try:
        return parse_month(written)
    except ValueError as error:
        raise typer.BadParameter(f"{written!r} is not a month: write it as 2026-11.") from error
