"""Reading a few tickets oneself, to know how far the figures of all the others may be trusted."""

import getpass
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.months import parse_month
from core.vocabulary import Sentiment

if TYPE_CHECKING:
    from core.installation import Installation

audit_app = typer.Typer(
    no_args_is_help=True, help="Read drawn tickets yourself; figures are put right by what you say."
)
app.add_typer(audit_app, name="audit")

Tenant = Annotated[str, typer.Option("--tenant", help="Tenant slug.")]


@audit_app.command("draw")
def draw_tickets(
    tenant: Tenant,
    month: Annotated[str | None, typer.Option(help="Which month, YYYY-MM; the last full one unless given.")] = None,
    size: Annotated[int, typer.Option(min=2, max=1000, help="Tickets of each kind, unhappy and other.")] = 50,
) -> None:
    """Draw a month's tickets, once and by chance."""
    from analysis.auditing import draw

    place = _place(tenant)
    month_on = _month(month)
    drawn = draw(place.warehouse, tenant, month_on, size=size)
    place.audits.draw(tenant, month_on, drawn, author=getpass.getuser())
    for stratum, one in drawn.items():
        console.print(f"{len(one.ticket_ids)} of {one.ticket_count} tickets read as {stratum} are drawn.")
    console.print(f"Next: `churnboard audit show --tenant {tenant}`.", markup=False)


@audit_app.command("show")
def show_ticket(
    tenant: Tenant,
    ticket: Annotated[str | None, typer.Option(help="This ticket instead of the next one.")] = None,
    reading: Annotated[
        bool, typer.Option("--reading", help="Say how it was read, too; who knows tends to agree.")
    ] = False,
) -> None:
    """How far each month is, and what the next drawn ticket says."""
    from analysis.auditing import in_turn, messages_of, reading_of

    place = _place(tenant)
    audited = place.audits.of(tenant)
    table = Table("month", "read as", "drawn", "of", "judged")
    sizes = {(one.month_on, one.stratum): one.stratum_ticket_count for one in audited}
    drawn = Counter((one.month_on, one.stratum) for one in audited)
    judged = Counter((one.month_on, one.stratum) for one in audited if one.is_judged)
    for key in sorted(sizes):
        table.add_row(f"{key[0]:%Y-%m}", key[1], str(drawn[key]), str(sizes[key]), str(judged[key]))
    console.print(table)
    chosen = ticket or next(iter(in_turn(tenant, (one.ticket_id for one in audited if not one.is_judged))), None)
    if chosen is None:
        console.print("Nothing is left to be judged.")
        return
    texts = messages_of(place.warehouse, tenant, chosen)
    console.print(f"Ticket {chosen}", style="bold")
    for text in texts or ["(its words were erased: leave it)"]:
        console.print(text, markup=False, highlight=False)
        console.print()
    if reading:
        sentiment, topics = reading_of(place.warehouse, tenant, chosen)
        console.print(f"Read as {sentiment or 'nothing'}; about {', '.join(topics) or 'nothing'}.", markup=False)


@audit_app.command("record")
def record_verdict(
    tenant: Tenant,
    ticket: Annotated[str, typer.Argument(help="HubSpot's id of a drawn ticket.")],
    topic: Annotated[list[str] | None, typer.Option(help="What it is about; repeat for several.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No topic fits it.")] = False,
    sentiment: Annotated[Sentiment | None, typer.Option(help="How it sounds, at its worst.")] = None,
    as_read: Annotated[
        bool, typer.Option("--as-read", help="Confirm how it was read, where nothing else is said.")
    ] = False,
) -> None:
    """Say what a drawn ticket is about and how it sounds. Its reading stays as it is: only so does it speak for the others."""
    from analysis.auditing import reading_of
    from analysis.topics.correct import known_topics
    from core.topics import NO_TOPIC

    if topic and none:
        raise typer.BadParameter("--none says that no topic fits; leave out --topic.")
    if not (topic or none or sentiment or as_read):
        raise typer.BadParameter("Say --topic or --none, and --sentiment; or --as-read.")
    place = _place(tenant)
    topics = known_topics(place.topics, tenant, topic or ()) if topic else (NO_TOPIC,) if none else None
    if as_read:
        read_as, labels = reading_of(place.warehouse, tenant, ticket)
        topics = topics or labels or None
        sentiment = sentiment or (Sentiment(read_as) if read_as else None)
    place.audits.judge(tenant, ticket, topics=topics, sentiment=sentiment, author=getpass.getuser())
    left = sum(not one.is_judged for one in place.audits.of(tenant))
    console.print(
        f"Ticket {ticket}: {', '.join(topics or ()) or 'topics not judged'}; {sentiment or 'tone not judged'}. "
        f"{left} left.",
        markup=False,
    )


def _month(given: str | None) -> date:
    if given is None:
        return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        return parse_month(given)
    except ValueError:
        raise typer.BadParameter(f"{given!r} is no month: write it like 2026-10.") from None


def _place(tenant: str) -> "Installation":
    place = installation(settings())
    place.directory.tenant(tenant)
    return place
