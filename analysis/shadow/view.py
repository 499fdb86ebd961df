"""A report as a person reads it in a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from analysis.measures import Share
from analysis.shadow.cards import Card, CardChanges
from analysis.shadow.compare import NOISE_SHARE, LabelMatrix
from analysis.shadow.report import ShadowReport, Side

_MOST_LABELS = 12
_MOST_MOVES = 15


def report_tables(report: ShadowReport) -> Iterator[RenderableType]:
    """What the report says, the short of it first."""
    yield _sides(report)
    if report.not_comparable_count:
        yield (
            f"{report.not_comparable_count:,} more were read by the candidate only: the pinned reading was not asked the same yet. "
            f"`churnboard read {report.tenant_id}` asks it."
        )
    if report.compared_count:
        yield _agreement(report)
        for matrix in report.matrices:
            if matrix.changed.hits or matrix.agreement.count < report.compared_count:
                yield _matrix(matrix)
    if report.cards is not None:
        yield from _cards(report.cards)


def _sides(report: ShadowReport) -> Table:
    table = Table(
        "", "pinned", "candidate", title=f"{report.task} of {report.tenant_id}: shadow {report.shadow_id}", min_width=60
    )

    def row(name: str, said: "str | None", other: "str | None") -> None:
        if said is not None or other is not None:
            table.add_row(name, said or "", other or "")

    one, two = report.pinned, report.candidate
    row("read by", one.name, two.name)
    row("compared", f"{report.compared_count:,}", f"{report.compared_count:,}")
    row("without an answer", f"{one.unread_count:,}", f"{two.unread_count:,}")
    if one.evidence.count or two.evidence.count:
        row("quotes located", _percent(one.evidence), _percent(two.evidence))
    row("cost of 1,000 calls", *(f"{side.cost_usd_per_1000:.2f} USD" for side in (one, two)))
    row("tokens a call", *(f"{side.tokens_per_call:,.0f}" for side in (one, two)))
    row("latency, median", *(_latency(side) for side in (one, two)))
    if report.corrections is not None:
        row("says what people corrected to", *(_percent(share) for share in report.corrections))
    return table


def _agreement(report: ShadowReport) -> Table:
    table = Table("label", "same", "other", "kappa", "differs when asked twice", "so the difference is")
    for matrix in report.matrices:
        flips = report.flips.get(matrix.dimension)
        value = matrix.kappa
        table.add_row(
            matrix.dimension,
            f"{matrix.agreement.hits:,}",
            f"{matrix.changed.hits:,} ({_percent(matrix.changed)})",
            "" if value is None else f"{value:.3f}",
            "not asked twice" if flips is None else f"{flips.hits} of {flips.count} ({_range(flips)})",
            "noise" if matrix.is_noise(flips) else "[bold]a change[/bold]",
        )
    floor = f"{NOISE_SHARE:.0%}".replace("%", " points")
    table.caption = (
        f"Noise: no more than {floor}, or than differs between two identical runs. Ranges are 95 % (Wilson)."
    )
    return table


def _matrix(matrix: LabelMatrix) -> Table:
    if len(matrix.labels) > _MOST_LABELS:
        return _moves(matrix)
    table = Table(f"{matrix.dimension}: pinned ↓ candidate →", *matrix.labels)
    for label in matrix.labels:
        counts = [matrix.counts.get((label, other), 0) for other in matrix.labels]
        shown = [
            f"[dim]{count:,}[/dim]" if label == other else f"{count:,}" if count else ""
            for other, count in zip(matrix.labels, counts, strict=True)
        ]
        table.add_row(label, *shown)
    return table


def _moves(matrix: LabelMatrix) -> Table:
    """The most frequent changes, where a square of all labels would not be read."""
    moved = sorted(
        ((count, pair) for pair, count in matrix.counts.items() if pair[0] != pair[1]),
        key=lambda one: (-one[0], one[1]),
    )
    table = Table(f"{matrix.dimension}: pinned", "candidate", "times")
    for count, (one, other) in moved[:_MOST_MOVES]:
        table.add_row(one, other, f"{count:,}")
    if len(moved) > _MOST_MOVES:
        table.caption = f"and {len(moved) - _MOST_MOVES} rarer ones"
    return table


def _cards(changes: CardChanges) -> Iterator[RenderableType]:
    grave = ", ".join(
        f"{before.company_name or before.company_id} {before.severity} → {after.severity}"
        for before, after in changes.other_severity
    )
    yield (
        f"Cards: {len(changes.appearing)} would appear, {len(changes.vanishing)} vanish, {changes.staying_count} stay"
        + (f", of these with another severity: {grave}." if grave else ".")
    )
    for title, cards in (("would appear", changes.appearing), ("would vanish", changes.vanishing)):
        if cards:
            yield _card_table(title, cards)


def _card_table(title: str, cards: tuple[Card, ...]) -> Table:
    table = Table("company", "trigger", "opened on", "severity", "because", title=f"cards that {title}")
    for card in cards:
        because = f"“{card.quote}” (ticket {card.ticket_id})" if card.quote else card.why
        table.add_row(
            card.company_name or card.company_id, card.trigger_type, str(card.opened_on), card.severity, because
        )
    return table


def _percent(share: Share) -> str:
    return f"{share.value:.1%}" if share.count else "none"


def _range(share: Share) -> str:
    low, high = share.interval
    return f"{low:.1%} to {high:.1%}"


def _latency(side: Side) -> str:
    return f"{side.latency_ms / 1000:.1f} s" if side.latency_ms >= 1000 else f"{side.latency_ms:.0f} ms"
