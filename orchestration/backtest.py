"""From an installation to a backtest: one tenant's past days under other trigger settings, beside the settings of now.

What became of cards and companies is read from the warehouse as its last build left it, also where the span ends before today: a
card is judged by what came of it, whenever that was known. Cards themselves know nothing of any later day.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from analysis.backtest.cards import Departure, KnownCard, ReplayedCard
from analysis.backtest.changes import BestDay, unmatched
from analysis.backtest.report import BacktestReport, make_report
from analysis.backtest.settings import Key, Setting
from analysis.backtest.skill import FEW
from core.appdb.directory import Tenant
from core.errors import Terminal
from core.installation import Installation
from core.naming import INTERMEDIATE, RAW_HUBSPOT
from core.tenants import TenantId
from core.vocabulary import CardOutcome, ChurnSource
from core.warehouse.base import Snapshot
from orchestration.candidates import candidate_settings, current_settings
from orchestration.replay import OnStep, Replay, Span
from orchestration.scratch import scratch_copy


class NothingToReplay(Terminal):
    """The span has no days, or no tickets were held in them."""


def backtest(
    place: Installation,
    tenant: Tenant,
    first_on: date,
    last_on: date | None = None,
    *,
    wanted: Sequence[str] = (),
    preset: str = "",
    on_step: OnStep = lambda *_: None,
) -> BacktestReport:
    """Replay days under a candidate's settings, and under those of now.

    Args:
        place: The installation.
        tenant: Whose days.
        first_on: The first day whose cards count.
        last_on: The last one; today unless given.
        wanted: What the candidate sets, each as `trigger.name=value`.
        preset: A preset that the candidate starts from; empty: the settings of now.
        on_step: See `orchestration.replay`.

    Raises:
        NothingToReplay: The span is empty, or has no tickets.
        InvalidSetting, UnfitValue: A parameter or value that cannot be, or nothing that would be different.
        WarehouseBusy, WarehouseUnavailable: The warehouse cannot be read.
        TransformFailed: A model did not build.
    """
    now = place.as_of_at()
    span = Span(first_on, last_on or now.date())
    if span.first_on > span.last_on:
        raise NothingToReplay(f"The span ends on {span.last_on}, before it begins on {span.first_on}: swap the two.")
    if span.last_on > now.date():
        raise NothingToReplay(
            f"The span ends on {span.last_on}, which is still to come: it can end on {now.date()} at the latest."
        )
    held = current_settings(place, tenant.tenant_id)
    current, settings = held.values, candidate_settings(held, wanted, preset)
    remarks = list(remarks_on(place, tenant.tenant_id, span))
    on_step("copying rows", 0, 0)
    # A day is judged at its end.
    end = datetime.combine(span.last_on + timedelta(days=1), time.min, UTC) - timedelta(seconds=1)
    with scratch_copy(place, tenant.tenant_id, purpose="backtest", as_of_at=min(now, end)) as scratch:
        replay = Replay(scratch, tenant.tenant_id, span, on_step)
        cards = replay.cards(current, "as it is")
        others, best_days = other_cards(replay, span, cards, current, settings)
        companies = replay.companies()
    known, departures = known_truth(place, tenant.tenant_id)
    return make_report(
        tenant_id=tenant.tenant_id,
        first_on=span.first_on,
        last_on=span.last_on,
        settings=settings,
        current=cards,
        candidate=others,
        known=known,
        departures=departures,
        companies=companies,
        best_days=best_days,
        remarks=[*remarks, *unknown_truth(known, departures)],
    )


def other_cards(
    replay: Replay,
    span: Span,
    cards: Sequence[ReplayedCard],
    current: Mapping[Key, float],
    settings: Sequence[Setting],
) -> tuple[list[ReplayedCard], dict[ReplayedCard, BestDay]]:
    """The cards under a candidate's settings, and how high scores came where one side has a card and the other has none.

    Args:
        replay: One that has replayed the settings of now, or goes on where another one did.
        span: The days whose cards count.
        cards: What it came to.
        current: Every parameter as it is set now.
        settings: What the candidate sets otherwise.
    """
    other = {**current, **{one.key: one.candidate for one in settings}}
    others = replay.cards(other, "candidate")
    return others, _best_days(replay, span, (cards, current), (others, other))


def known_truth(place: Installation, tenant_id: TenantId) -> tuple[list[KnownCard], list[Departure]]:
    """What the last build knows of outcomes and departures; nothing where it was made before there was such a thing."""
    with place.warehouse.snapshot() as snapshot:
        return _known_cards(snapshot, tenant_id), _departures(snapshot, tenant_id)


def _known_cards(snapshot: Snapshot, tenant_id: TenantId) -> list[KnownCard]:
    if not (snapshot.has_table(INTERMEDIATE, "int_card_states") and snapshot.has_table(INTERMEDIATE, "int_cards")):
        return []
    rows = snapshot.rows(
        "select cards.company_id, cards.trigger_type, cards.opened_on, cards.last_signal_on, states.outcome "  # noqa: S608
        f"from {INTERMEDIATE}.int_card_states as states inner join {INTERMEDIATE}.int_cards as cards "
        "on states.tenant_id = cards.tenant_id and states.card_id = cards.card_id "
        "where states.tenant_id = :tenant_id and states.outcome is not null "
        "order by cards.company_id, cards.trigger_type, cards.opened_on",
        tenant_id=tenant_id,
    )
    return [KnownCard(**{**row, "outcome": CardOutcome(row["outcome"])}) for row in rows]


def _departures(snapshot: Snapshot, tenant_id: TenantId) -> list[Departure]:
    if not snapshot.has_table(INTERMEDIATE, "int_churned_companies"):
        return []
    rows = snapshot.rows(
        f"select company_id, churned_on, mrr from {INTERMEDIATE}.int_churned_companies "  # noqa: S608 - names of ours
        "where tenant_id = :tenant_id and source = :source order by churned_on, company_id",
        tenant_id=tenant_id,
        # A departure that only a card tells of had a card: counted, it would be found by whatever opens most cards.
        source=ChurnSource.MAPPED_PROPERTY,
    )
    return [Departure(row["company_id"], row["churned_on"], _amount(row["mrr"])) for row in rows]


def _amount(mrr: Any) -> float | None:
    return None if mrr is None else float(mrr)


def _best_days(
    replay: Replay,
    span: Span,
    here: tuple[Sequence[ReplayedCard], Mapping[Key, float]],
    there: tuple[Sequence[ReplayedCard], Mapping[Key, float]],
) -> dict[ReplayedCard, BestDay]:
    (cards, values), (others, other_values) = (
        ([card for card in cards if card.last_signal_on >= span.first_on], values) for cards, values in (here, there)
    )
    return {
        **replay.best_days(unmatched(others, cards), values, of_first=True),
        **replay.best_days(unmatched(cards, others), other_values, of_first=False),
    }


def remarks_on(place: Installation, tenant_id: TenantId, span: Span) -> Iterator[str]:
    """What of the span was not held; raises where that is all of it."""
    with place.warehouse.snapshot() as snapshot:
        held = _days(snapshot, "tickets", "createdate", tenant_id)
        if held is None:
            raise NothingToReplay(f"No ticket of {tenant_id} was loaded yet: `churnboard refresh` does it.")
        first_on, last_on = held
        if first_on > span.last_on or last_on < span.first_on:
            raise NothingToReplay(
                f"{tenant_id} has no tickets between {span.first_on} and {span.last_on}; it has some from {first_on} to {last_on}."
            )
        if first_on > span.first_on:
            yield (
                f"Tickets of {tenant_id} are held from {first_on} on, so the {(first_on - span.first_on).days} days before it are "
                "empty, and what is usual for a company is not known for some months after it."
            )
        written = _days(snapshot, "emails", "sent_at", tenant_id)
        if written is None:
            yield "No emails are held: counts of messages, and later messages of a ticket, fire nothing on either side."
        elif written[0] > max(span.first_on, first_on):
            yield f"Emails are held from {written[0]} on: before it messages fire nothing on either side."


def _days(snapshot: Snapshot, table: str, moment: str, tenant_id: TenantId) -> tuple[date, date] | None:
    if not snapshot.has_table(RAW_HUBSPOT, table):
        return None
    [row] = snapshot.rows(
        f"select min({moment}) as first_at, max({moment}) as last_at from {RAW_HUBSPOT}.{table} "  # noqa: S608 - names of ours
        "where tenant_id = :tenant_id and not coalesce(archived, false)",
        tenant_id=tenant_id,
    )
    if row["first_at"] is None:
        return None
    return row["first_at"].astimezone(UTC).date(), row["last_at"].astimezone(UTC).date()


def unknown_truth(known: Sequence[KnownCard], departures: Sequence[Departure]) -> Iterator[str]:
    """What cannot be told of these days, as nobody has said what came of them."""
    if not departures:
        yield (
            "No CRM date says who left, so there is no recall: map the property that holds it (the field `churn`), and the next "
            "refresh reads it."
        )
    if len(known) < FEW:
        yield "Precision comes from cards that people completed with an outcome; a card that only the candidate opens has none."
