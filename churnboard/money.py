"""What reading costs: budgets per tenant and month, and what was paid for what."""

import getpass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.months import first_after

if TYPE_CHECKING:
    from analysis.journal import Journal
    from analysis.ledger import Reconciliation
    from analysis.preflight import Estimate
    from analysis.tickets import Months
    from core.installation import Installation
    from core.settings import Settings

_SEEN = 5e-7

budget_app = typer.Typer(no_args_is_help=True, help="What reading may cost a month, tenant by tenant.")
app.add_typer(budget_app, name="budget")


@budget_app.command("show")
def show_budgets() -> None:
    """Every tenant's month: what it may cost, what is spent and reserved, what waits for room."""
    from analysis import open_journal
    from analysis.canaries import PAYER as CANARIES
    from analysis.deferred import deferred_tickets
    from analysis.evals.paid import PAYER as EVALUATION

    chosen = settings()
    place, journal = installation(chosen), open_journal(chosen.stores.journal)
    tenants = [one.tenant_id for one in place.directory.tenants()]
    own = place.budgets.current(tenants)
    waiting = deferred_tickets(place.warehouse)
    limits: dict[str, float | None] = {one: place.budgets.monthly_usd(one) for one in tenants}
    limits[EVALUATION] = chosen.analysis.llm_evaluation_monthly_budget_usd
    limits[CANARIES] = chosen.analysis.llm_canaries_monthly_budget_usd
    table = Table("payer", "a month", "spent", "reserved", "left", "tickets waiting", title="Reading, in US dollars")
    for payer, limit in limits.items():
        standing = journal.standing(payer)
        is_own = payer in own and own[payer].monthly_usd is not None
        allowed = "any amount" if limit is None else f"{limit:.2f}{'' if is_own else ' (setting)'}"
        left = "" if limit is None else f"{max(0.0, limit - standing.taken_usd):.4f}"
        count = waiting[payer].ticket_count if payer in waiting else 0
        table.add_row(
            payer,
            allowed,
            f"{standing.spent_usd:.4f}",
            f"{standing.reserved_usd:.4f}",
            left,
            f"[red]{count:,}[/red]" if count else "",
        )
    console.print(table)
    if unpriced := journal.unpriced_count(list(limits)):
        console.print(
            f"{unpriced:,} calls of this month name no cost and count as free: if they are not, set LLM_INPUT_USD_PER_MILLION and "
            f"LLM_OUTPUT_USD_PER_MILLION, or no budget holds them."
        )


@budget_app.command("set")
def set_budget(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    usd: Annotated[float, typer.Argument(min=0, help="US dollars a month; 0: nothing is paid for.")],
) -> None:
    """What a tenant's reading may cost a month, from now on; what does not fit waits and is not lost."""
    _change(tenant, usd)


@budget_app.command("clear")
def clear_budget(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Take a tenant's own budget back: LLM_MONTHLY_BUDGET_USD holds again."""
    _change(tenant, None)


@budget_app.command("estimate")
def estimate_cost(
    tenant: Annotated[str, typer.Argument(help="Tenant slug.")],
    since: Annotated[str | None, typer.Option("--from", help="First month of the tickets, as 2026-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last month, as 2026-11; the same if not given.")] = None,
    model: Annotated[str | None, typer.Option(help="Another model than LLM_MODEL.")] = None,
) -> None:
    """What reading a tenant's tickets would cost, before anything is paid for; all tickets if no month is given."""
    from functools import partial

    from analysis import make_analyzer, open_journal
    from analysis.analyzer import PaidAnalyzer
    from analysis.preflight import preflight
    from orchestration.erasure import erased_tickets
    from orchestration.policies import reading_policies

    months = _months(since, until)
    chosen = settings()
    analysis = chosen.analysis if model is None else chosen.analysis.model_copy(update={"llm_model": model})
    analyzer = make_analyzer(analysis)
    if not isinstance(analyzer, PaidAnalyzer):
        console.print("The embedded analyzer reads on this machine: nothing is paid for.")
        return
    place, journal = installation(chosen), open_journal(chosen.stores.journal)
    tenant_id = place.directory.tenant(tenant).tenant_id
    found = preflight(
        warehouse=place.warehouse,
        journal=journal,
        analyzer=analyzer,
        tenant_ids=[tenant_id],
        months=months,
        assumed_usd_per_million=analysis.llm_assumed_usd_per_million,
        erased=partial(erased_tickets, place, [tenant_id]),
        policies=reading_policies(place, [tenant_id]),
    )
    console.print(_estimate(found, tenant, analysis.llm_model))
    limit, standing = place.budgets.monthly_usd(tenant_id), journal.standing(tenant_id)
    if limit is None:
        console.print("No budget holds it back: `churnboard budget set` gives one.")
        return
    left = max(0.0, limit - standing.taken_usd)
    short = found.cost_usd - left
    said = f"about {short:.4f} USD short: what does not fit waits." if short > 0 else "enough."
    console.print(f"Of {limit:.2f} USD for {standing.month}, {left:.4f} are left: {said}", highlight=False)


@budget_app.command("history")
def show_budget_history(tenant: Annotated[str, typer.Argument(help="Tenant slug.")]) -> None:
    """Every change of a tenant's budget, oldest first."""
    place = installation(settings())
    table = Table("since", "version", "US dollars a month", "by")
    for one in place.budgets.history(place.directory.tenant(tenant).tenant_id):
        said = "[dim]as LLM_MONTHLY_BUDGET_USD[/dim]" if one.monthly_usd is None else f"{one.monthly_usd:.2f}"
        table.add_row(f"{one.valid_from_at:%Y-%m-%d %H:%M}", str(one.version), said, one.author)
    console.print(table)


@app.command()
def ledger(
    tenant: Annotated[str, typer.Argument(help="Tenant slug, (evaluation) or (canaries).")],
    month: Annotated[str | None, typer.Option(help="As 2026-11, in UTC; ever since if not given.")] = None,
    server: Annotated[bool, typer.Option(help="Ask the model server what it counted.")] = True,
    audit: Annotated[int, typer.Option(min=0, help="Ask it about so many of the newest replies one by one.")] = 0,
) -> None:
    """What a tenant's reading cost, what became of every cent, and whether the model server counted the same."""
    from analysis import open_journal
    from analysis.ledger import reconcile

    if month is not None and not _is_month(month):
        raise typer.BadParameter(f"{month!r} is not a month: write it as 2026-11.")
    chosen = settings()
    place, journal = installation(chosen), open_journal(chosen.stores.journal)
    payer = tenant if tenant in journal.ledger.payers() else place.directory.tenant(tenant).tenant_id
    console.print(_lines(journal, payer, month))
    console.print(_shares(reconcile(journal, place.warehouse, payer, month)))
    if server:
        _compare(chosen, journal, month)
    if audit:
        _audit(chosen, journal, payer, month, audit)


def _months(since: str | None, until: str | None) -> "Months | None":
    for one in (since, until):
        if one is not None and not _is_month(one):
            raise typer.BadParameter(f"{one!r} is not a month: write it as 2026-11.")
    if since is None:
        if until is not None:
            raise typer.BadParameter("Say with --from where to begin.")
        return None
    first, last = date.fromisoformat(f"{since}-01"), date.fromisoformat(f"{until or since}-01")
    if last < first:
        raise typer.BadParameter(f"{until} is before {since}.")
    return first, first_after(last)


def _estimate(found: "Estimate", tenant: str, model: str) -> Table:
    from analysis.progress import duration

    low, high = found.cost_range
    table = Table("", "", title=f"Reading {tenant} with {model}", show_header=False)
    table.add_row("messages looked at", f"{found.messages:,}")
    table.add_row("readings held already", f"{found.held:,}")
    table.add_row("answered already, not yet written", f"{found.answered:,}")
    table.add_row("calls to be paid", f"{found.call_count:,}")
    table.add_row("tokens sent, received", f"{found.input_tokens:,}, {found.output_tokens:,}")
    table.add_row("US dollars", f"{found.cost_usd:.4f} ({low:.4f} to {high:.4f})")
    table.add_row("price", "measured" if found.is_measured else "assumed: too few answers of this model yet")
    table.add_row("time, at the rate of the last run", duration(found.seconds) if found.seconds else "not known")
    return table


def _change(tenant: str, usd: float | None) -> None:
    place = installation(settings())
    new = place.budgets.set(place.directory.tenant(tenant).tenant_id, usd, author=getpass.getuser())
    now = place.budgets.monthly_usd(tenant)
    said = "any amount" if now is None else f"{now:.2f} USD a month"
    console.print(f"Reading {tenant} may cost {said}{'; nothing was changed' if new is None else ''}.")
    if count := _waiting(place, tenant):
        console.print(f"{count:,} tickets wait for room: the next load has them read, or `churnboard refresh` now.")


def _waiting(place: "Installation", tenant: str) -> int:
    from analysis.deferred import deferred_tickets

    waiting = deferred_tickets(place.warehouse).get(tenant)
    return waiting.ticket_count if waiting else 0


def _is_month(text: str) -> bool:
    year, _, number = text.partition("-")
    return len(text) == 7 and year.isdecimal() and number in {f"{one:02}" for one in range(1, 13)}


def _lines(journal: "Journal", payer: str, month: str | None) -> Table:
    table = Table(
        "question",
        "model",
        "prompt",
        "asked",
        "answered",
        "unusable",
        "failed",
        "tokens in",
        "out",
        "US dollars",
        "per 1,000",
        title=f"What {payer} paid{f' in {month}' if month else ''}",
    )
    for one in journal.ledger.lines(payer, month):
        counts = (one.call_count, one.answered_count, one.unusable_count, one.failure_count)
        tokens = (one.input_tokens, one.output_tokens)
        table.add_row(
            one.task,
            one.model,
            one.prompt_version,
            *(f"{count:,}" for count in (*counts, *tokens)),
            f"{one.cost_usd:.6f}",
            f"{one.usd_per_1000:.4f}",
        )
    return table


def _shares(found: "Reconciliation") -> Table:
    table = Table("what became of it", "calls", "US dollars", caption=_verdict(found))
    for use, share in found.shares.items():
        if share.call_count:
            table.add_row(use, f"{share.call_count:,}", f"{share.usd:.6f}")
    table.add_section()
    table.add_row("paid", "", f"{found.paid_usd:.6f}")
    return table


def _verdict(found: "Reconciliation") -> str:
    said = "Every cent is accounted for."
    if found.unaccounted_usd:
        said = (
            f"[red]{found.unaccounted_usd:.6f} USD are not accounted for[/red]: report this as a fault of churnboard."
        )
    if found.unknown.call_count:
        said += (
            f" {found.unknown.call_count:,} rows name {found.unknown.usd:.6f} USD of calls this journal does not know."
        )
    return said


def _compare(chosen: "Settings", journal: "Journal", month: str | None) -> None:
    from analysis.llm.account import AccountUnknown, ServerAccount

    if chosen.analysis.use_embedded:
        console.print("Not compared with a server: the embedded analyzer reads now, and asks nobody.")
        return
    is_present = month is not None and month == journal.standing("").month
    if month is not None and not is_present:
        console.print("The server tells only of the present month and of ever since.")
        return
    try:
        count = ServerAccount(chosen.analysis).count()
    except AccountUnknown as error:
        console.print(f"Not compared with the server: {error}", highlight=False)
        return
    theirs = count.month_usd if is_present else count.usage_usd
    if theirs is None:
        console.print("The server does not tell what was used this month.")
        return
    # What cannot be seen in six places is no difference.
    ours, lost = journal.ledger.paid_usd(None, month), journal.ledger.lost(None)
    difference = theirs - ours if abs(theirs - ours) >= _SEEN else 0.0
    share = f"{100 * difference / ours:+.2f} %" if ours else "no share of nothing"
    console.print(
        f"All payers together: the journal has {ours:.6f} USD, the server counts {theirs:.6f} USD for this API key; difference "
        f"{difference:+.6f} USD, {share}.",
        highlight=False,
    )
    if lost.call_count:
        console.print(
            f"Of that, {lost.call_count:,} calls whose process was killed before the answer may account for about "
            f"{lost.estimated_usd:.6f} USD.",
            highlight=False,
        )


def _audit(chosen: "Settings", journal: "Journal", payer: str, month: str | None, most: int) -> None:
    from analysis.llm.account import AccountUnknown, ServerAccount

    account, table = ServerAccount(chosen.analysis), Table("reply", "journal", "server", "")
    for one in journal.ledger.newest_generations(payer, month, most):
        try:
            theirs = account.generation_usd(one.generation_id)
        except AccountUnknown as error:
            table.add_row(one.generation_id, f"{one.cost_usd:.6f}", "", str(error))
            continue
        is_same = abs(theirs - one.cost_usd) < 1e-9
        said = "the same" if is_same else f"[red]{theirs - one.cost_usd:+.6f}[/red]"
        table.add_row(one.generation_id, f"{one.cost_usd:.6f}", f"{theirs:.6f}", said)
    console.print(table)
