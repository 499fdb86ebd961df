"""What may happen between two builds to rows that are there already, as steps that make sense whatever there is.

Each takes the rows a warehouse would hold, a number that chooses what it happens to, and the moment it happens at, and returns the
rows as they are afterwards. A number is used once in a history.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from core.rules import Rule
from tests.support.warehouse_fixtures import (
    SourceRow,
    card_alias,
    card_event,
    contact,
    correction,
    field_mapping,
    measured,
    message_text,
    note,
    owner,
    reading,
    stage_entered,
    ticket,
    ticket_company,
    ticket_contact,
    topic,
    topic_label,
    trigger_param,
    trigger_preset,
    trigger_rule,
)

Rows = list[SourceRow]
Change = Callable[[Rows, int, datetime], Rows]

_RULE = {
    "rule_id": "many-tickets",
    "name": "Many tickets",
    "severity": "high",
    "is_notify": True,
}


def _tenants(rows: Rows) -> list[str]:
    return sorted({str(row.values["tenant_id"]) for row in rows if row.table == "raw_app.tenants"})


def _tenant(rows: Rows, number: int) -> str:
    tenants = _tenants(rows)
    return tenants[number % len(tenants)]


def _picked(rows: Rows, table: str, number: int) -> SourceRow | None:
    there = [row for row in rows if row.table == table]
    return there[number % len(there)] if there else None


def _of_same(row: SourceRow, other: SourceRow, *columns: str) -> bool:
    return all(row.values.get(name) == other.values.get(name) for name in ("tenant_id", *columns))


def _with(rows: Rows, picked: SourceRow | None, **values: object) -> Rows:
    return [SourceRow(row.table, {**row.values, **values}) if row is picked else row for row in rows]


def late_ticket(rows: Rows, number: int, now: datetime) -> Rows:
    """A ticket of weeks ago is loaded only now."""
    tenant_id = _tenant(rows, number)
    at, ticket_id = now - timedelta(days=number % 200, hours=2), f"late{number}"
    of = {"tenant_id": tenant_id, "ticket_id": ticket_id}
    return [
        *rows,
        ticket(id=ticket_id, tenant_id=tenant_id, createdate=at, hs_pipeline_stage="1"),
        ticket_company(company_id=str(1 + number % 16), **of),
        topic_label(topic=("billing", "export")[number % 2], **of),
        reading(sentiment=("very_negative", "neutral")[number % 2], churn_intent="none", **of),
    ]


def closed_ticket(rows: Rows, number: int, now: datetime) -> Rows:
    """A ticket is closed, or was some days ago."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    closed_at = now - timedelta(days=number % 9)
    return _with(rows, picked, hs_pipeline_stage="4", closed_date=closed_at, hs_lastmodifieddate=closed_at)


def dated_ticket(rows: Rows, number: int, _: datetime) -> Rows:
    """A ticket was created on another day than was said."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    if picked is None or not isinstance(at := picked.values["createdate"], datetime):
        return rows
    return _with(rows, picked, createdate=at - timedelta(days=1 + number % 40))


def deleted_ticket(rows: Rows, number: int, _: datetime) -> Rows:
    """A ticket is archived."""
    return _with(rows, _picked(rows, "raw_hubspot.tickets", number), archived=True)


def erased_ticket(rows: Rows, number: int, _: datetime) -> Rows:
    """A ticket is gone with everything that hangs on it."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    if picked is None:
        return rows
    mark = (picked.values["tenant_id"], picked.values["id"])
    return [
        row for row in rows if row is not picked and (row.values.get("tenant_id"), row.values.get("ticket_id")) != mark
    ]


def moved_ticket(rows: Rows, number: int, _: datetime) -> Rows:
    """A ticket turns out to be another company's."""
    return _with(rows, _picked(rows, "raw_hubspot.ticket_companies", number), company_id=str(1 + number % 16))


def merged_company(rows: Rows, number: int, _: datetime) -> Rows:
    """A company is merged into another one, which takes its tickets over."""
    picked = _picked(rows, "raw_hubspot.companies", number)
    if picked is None or picked.values["id"] == "steady":
        return rows
    into = str(1 + (number + 3) % 16)
    gone = [row for row in rows if row is not picked]
    return [
        SourceRow(row.table, {**row.values, "company_id": into})
        if row.table == "raw_hubspot.ticket_companies"
        and _of_same(row, picked)
        and row.values["company_id"] == picked.values["id"]
        else row
        for row in gone
    ]


def read_again(rows: Rows, number: int, _: datetime) -> Rows:
    """A message is read differently."""
    picked = _picked(rows, "enrichment.message_sentiment", number)
    sentiment, level = (("very_negative", -2), ("negative", -1), ("positive", 1))[number % 3]
    return _with(rows, picked, sentiment=sentiment, level=level, churn_intent=("none", "explicit")[number % 2])


def unsaid(rows: Rows, number: int, _: datetime) -> Rows:
    """An email is archived."""
    return _with(rows, _picked(rows, "raw_hubspot.emails", number), archived=True)


def reworded(rows: Rows, number: int, _: datetime) -> Rows:
    """Words of an email are blacked out, or a question is made of them."""
    return _with(rows, _picked(rows, "raw_hubspot.emails", number), own_text=("[erased]", "Is it solved?")[number % 2])


def forgotten_words(rows: Rows, number: int, _: datetime) -> Rows:
    """What was read of a message is erased, and that it was read is remembered; or it turns out to be the ticket once more."""
    picked = _picked(rows, "enrichment.message_sentiment", number)
    if picked is None or any(row.table == "enrichment.message_texts" and _is_message(row, picked) for row in rows):
        return rows
    of = {name: str(picked.values[name]) for name in ("tenant_id", "ticket_id", "message_id")}
    is_repeated = number % 2 == 1 and of["message_id"] != "opening"
    return [*rows, message_text(text="It fails." if is_repeated else None, is_repeated=is_repeated, **of)]


def _is_message(row: SourceRow, other: SourceRow) -> bool:
    return _of_same(row, other, "ticket_id", "message_id")


def read_by_another_prompt(rows: Rows, number: int, _: datetime) -> Rows:
    """Every message of a tenant was read again, to the same end."""
    tenant_id = _tenant(rows, number)
    return [
        SourceRow(row.table, {**row.values, "prompt_version": f"sentiment/{number}"})
        if row.table == "enrichment.message_sentiment" and row.values["tenant_id"] == tenant_id
        else row
        for row in rows
    ]


def answered_again(rows: Rows, number: int, now: datetime) -> Rows:
    """A message is asked about once more, and the answer is the same."""
    picked = _picked(rows, "enrichment.message_sentiment", number)
    return _with(rows, picked, analyzed_at=now, run_id=f"run-{number}", call_key=f"asked {number}", cost_usd=0.01)


def sorted_again(rows: Rows, number: int, now: datetime) -> Rows:
    """The same of a ticket's topics."""
    picked = _picked(rows, "enrichment.ticket_topics", number)
    return _with(rows, picked, analyzed_at=now, call_key=f"asked {number}", prompt_version=f"topics/{number}")


def quoted_elsewhere(rows: Rows, number: int, _: datetime) -> Rows:
    """A quote is of another place of the text, or none any more."""
    picked = _picked(rows, "enrichment.message_evidence", number)
    if number % 2:
        return [row for row in rows if row is not picked]
    return _with(rows, picked, quote="is", quote_start=3, quote_end=5)


def evaluated(rows: Rows, number: int, _: datetime) -> Rows:
    """It is found out how often the model is right."""
    of = {"run_id": f"evaluation-{number}", "answered_count": 100 + number, "right_count": 50 + number % 50}
    return [*rows, measured(label="negative", **of), measured(label="explicit", subject="intent", **of)]


def moved_portal(rows: Rows, number: int, _: datetime) -> Rows:
    """A portal is reached at another address."""
    return _with(rows, _picked(rows, "raw_hubspot.portals", number), ui_domain=f"app-{number}.hubspot.com")


def noted(rows: Rows, number: int, now: datetime) -> Rows:
    """A colleague wrote a note some days ago."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    if picked is None:
        return rows
    of = {"ticket_id": str(picked.values["id"]), "tenant_id": str(picked.values["tenant_id"])}
    return [*rows, *note(id=f"note{number}", sent_at=now - timedelta(days=number % 9), **of)]


def named_colleague(rows: Rows, number: int, _: datetime) -> Rows:
    """Who owns every message of a tenant becomes known, or goes by another name."""
    tenant_id = _tenant(rows, number)
    others = [row for row in rows if not (row.table == "raw_hubspot.owners" and row.values["tenant_id"] == tenant_id)]
    return [*others, owner(tenant_id=tenant_id, last_name=f"Hopper {number}")]


def met_contact(rows: Rows, number: int, _: datetime) -> Rows:
    """A ticket has a contact."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    if picked is None:
        return rows
    tenant_id, contact_id = str(picked.values["tenant_id"]), f"contact{number}"
    link = ticket_contact(ticket_id=str(picked.values["id"]), contact_id=contact_id, tenant_id=tenant_id)
    return [*rows, contact(id=contact_id, tenant_id=tenant_id), link]


def lost_contact(rows: Rows, number: int, _: datetime) -> Rows:
    """A contact is archived."""
    return _with(rows, _picked(rows, "raw_hubspot.contacts", number), archived=True)


def other_stage(rows: Rows, number: int, _: datetime) -> Rows:
    """In a tenant's pipeline another stage closes tickets, or none does that did."""
    tenant_id, is_closed = _tenant(rows, number), number % 3 > 0
    return [
        SourceRow(row.table, {**row.values, "is_closed": is_closed, "ticket_state": "CLOSED" if is_closed else "OPEN"})
        if row.table == "raw_hubspot.pipeline_stages"
        and row.values["tenant_id"] == tenant_id
        and row.values["id"] == str(1 + number % 4)
        else row
        for row in rows
    ]


def told_stage(rows: Rows, number: int, now: datetime) -> Rows:
    """That a ticket went through a stage is loaded only now, or before it does."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    if picked is None:
        return rows
    of = {"ticket_id": str(picked.values["id"]), "tenant_id": str(picked.values["tenant_id"])}
    at = now + timedelta(days=1 - number % 9)
    return [*rows, stage_entered(stage_id=str(1 + number % 4), entered_at=at, **of)]


def ahead_of_time(rows: Rows, number: int, now: datetime) -> Rows:
    """A ticket is loaded by a clock that is ahead; so are its closing, and an archived one."""
    tenant_id, ticket_id = _tenant(rows, number), f"ahead{number}"
    at = now + timedelta(days=number % 3, hours=2)
    values = {"id": ticket_id, "tenant_id": tenant_id, "createdate": at, "hs_lastmodifieddate": at}
    closing = {"hs_pipeline_stage": "4", "closed_date": at + timedelta(days=1)}
    return [
        *rows,
        ticket(**values, **(closing if number % 2 else {})),  # type: ignore[arg-type]
        ticket_company(company_id=str(1 + number % 16), ticket_id=ticket_id, tenant_id=tenant_id),
        reading(sentiment="negative", churn_intent="none", ticket_id=ticket_id, tenant_id=tenant_id),
    ]


def archived_company(rows: Rows, number: int, _: datetime) -> Rows:
    """A company is archived, its tickets are not."""
    picked = _picked(rows, "raw_hubspot.companies", number)
    return rows if picked is None or picked.values["id"] == "steady" else _with(rows, picked, archived=True)


def labelled(rows: Rows, number: int, _: datetime) -> Rows:
    """A person gives a ticket other topics."""
    picked = _picked(rows, "raw_hubspot.tickets", number)
    corrected = {
        (row.values["tenant_id"], row.values["ticket_id"]) for row in rows if row.table == "raw_app.corrections"
    }
    if picked is None or (picked.values["tenant_id"], picked.values["id"]) in corrected:
        return rows
    of = {"ticket_id": str(picked.values["id"]), "tenant_id": str(picked.values["tenant_id"])}
    return [*rows, correction(after=[("billing", "export")[number % 2]], correction_id=number, **of)]


def merged_topic(rows: Rows, number: int, _: datetime) -> Rows:
    """One topic becomes a part of another."""
    tenant_id = _tenant(rows, number)
    if any(row.table == "raw_app.topics" and row.values["tenant_id"] == tenant_id for row in rows):
        return rows
    return [
        *rows,
        topic(name="billing", tenant_id=tenant_id),
        topic(name="export", tenant_id=tenant_id, is_active=False, current_topic="billing"),
    ]


def told_fact(rows: Rows, number: int, now: datetime) -> Rows:
    """A fact of a company is another one, with no history where none is told."""
    picked = _picked(rows, "raw_hubspot.companies", number)
    if picked is None:
        return rows
    properties = json.loads(str(picked.values["properties"]))
    properties |= {
        "mrr": str(100 * number),
        "usage_30d": str(number),
        "last_login": str((now - timedelta(days=9)).date()),
    }
    return _with(rows, picked, properties=json.dumps(properties), hs_lastmodifieddate=now)


def older_company(rows: Rows, number: int, _: datetime) -> Rows:
    """A company was created on another day than was said, or nobody knows when."""
    picked = _picked(rows, "raw_hubspot.companies", number)
    if picked is None or not isinstance(at := picked.values["createdate"], datetime):
        return rows
    return _with(rows, picked, createdate=None if number % 3 == 0 else at - timedelta(days=100))


def other_mapping(rows: Rows, number: int, _: datetime) -> Rows:
    """Another property holds what a company pays."""
    mapping = field_mapping(
        tenant_id=_tenant(rows, number), field="mrr", property_name="usage_30d", version=2 + number, unit="month"
    )
    return [*rows, mapping]


def set_param(rows: Rows, number: int, now: datetime) -> Rows:
    """A tenant sets a threshold, as of now or of some days ago."""
    trigger_type, name, value = (
        ("frustrated", "window_days", 30.0),
        ("significant_support", "unresolved_business_days", 1.0),
        ("silently_struggling", "lull_ratio", 0.1),
        ("significant_support", "count_direction", 1.0),
        ("tenant_rule", "t_notify", 2.0),
    )[number % 5]
    set_at = now - timedelta(days=number % 7)
    of = {"tenant_id": _tenant(rows, number), "trigger_type": trigger_type, "name": name}
    return [*rows, trigger_param(value=value, version=100 + number, valid_from_at=set_at, **of)]  # type: ignore[arg-type]


def set_preset(rows: Rows, number: int, now: datetime) -> Rows:
    """A tenant chooses the other preset."""
    return [
        *rows,
        trigger_preset(tenant_id=_tenant(rows, number), preset="quiet", version=100 + number, valid_from_at=now),
    ]


def made_rule(rows: Rows, number: int, now: datetime) -> Rows:
    """A tenant makes a rule of its own."""
    facts: list[dict[str, object]] = [
        {"fact": "ticket_count", "within_days": 30, "op": ">=", "value": 1 + number % 4},
        {"fact": "days_since_inbound", "op": ">=", "value": 20},
        {"not": {"fact": "negative_count", "within_days": 60, "op": "=", "value": 0}},
        {"fact": "topic_ticket_count", "within_days": 45, "op": ">", "value": 0, "topic": "export"},
    ]
    rule = Rule.of({**_RULE, "when": {"any": [facts[number % 4], {"all": [facts[(number + 1) % 4], facts[0]]}]}})
    return [
        *rows,
        *trigger_rule(
            rule, tenant_id=_tenant(rows, number), version=1 + number, valid_from_at=now - timedelta(days=number % 12)
        ),
    ]


def renamed_rule(rows: Rows, number: int, _: datetime) -> Rows:
    """A name is blacked out in that of a rule, in every version of it."""
    picked = _picked(rows, "raw_app.trigger_rules", number)
    if picked is None:
        return rows
    return [
        SourceRow(row.table, {**row.values, "name": f"Rule {number}"})
        if row.table == picked.table and _of_same(row, picked, "rule_id")
        else row
        for row in rows
    ]


def failed_sync(rows: Rows, number: int, now: datetime) -> Rows:
    """Tickets of a tenant could not be read for some days."""
    tenant_id = _tenant(rows, number)
    heard_at = now - timedelta(days=1 + number % 5)
    return [
        SourceRow(row.table, {**row.values, "cursor_at": heard_at, "synced_at": heard_at, "status": "failed"})
        if row.table == "raw_hubspot.sync_cursors"
        and row.values["tenant_id"] == tenant_id
        and row.values["stream"] == "tickets"
        else row
        for row in rows
    ]


def unread_threads(rows: Rows, number: int, _: datetime) -> Rows:
    """A tenant's emails were never read to their end."""
    tenant_id = _tenant(rows, number)
    return [
        row
        for row in rows
        if not (
            row.table == "raw_hubspot.sync_cursors"
            and row.values["tenant_id"] == tenant_id
            and row.values["stream"] == "emails"
        )
    ]


def taken_in_hand(rows: Rows, number: int, now: datetime) -> Rows:
    """Somebody began weeks ago with cards of a company, which were published before; what came up since belongs to them."""
    tenant_id, company_id = _tenant(rows, number), str(1 + number % 16)
    opened_on = (now - timedelta(days=20 + number % 60)).date()
    published_at = datetime.combine(opened_on, now.timetz()) + timedelta(days=1)
    found = [*rows]
    for trigger_type in ("frustrated", "significant_support", "silently_struggling"):
        card_id = f"held{number} {trigger_type}"
        of = {"card_id": card_id, "tenant_id": tenant_id}
        found += [
            card_alias(
                company_id=company_id,
                trigger_type=trigger_type,
                opened_on=opened_on,
                last_signal_on=opened_on + timedelta(days=3),
                first_published_at=published_at,
                **of,
            ),
            card_event(seq=1, kind="status_changed", status="working", occurred_at=published_at, **of),
        ]
    return found


def done_with(rows: Rows, number: int, now: datetime) -> Rows:
    """A card that somebody had begun with is completed."""
    picked = _picked(rows, "raw_app.card_aliases", number)
    if picked is None:
        return rows
    of = {"card_id": str(picked.values["card_id"]), "tenant_id": str(picked.values["tenant_id"])}
    return [
        *rows,
        card_event(seq=2 + number, kind="completed", status="completed", occurred_at=now, outcome="saved", **of),
    ]


CHANGES: tuple[Change, ...] = (
    late_ticket,
    closed_ticket,
    dated_ticket,
    deleted_ticket,
    erased_ticket,
    moved_ticket,
    merged_company,
    read_again,
    unsaid,
    reworded,
    forgotten_words,
    read_by_another_prompt,
    answered_again,
    sorted_again,
    quoted_elsewhere,
    evaluated,
    moved_portal,
    noted,
    named_colleague,
    met_contact,
    lost_contact,
    other_stage,
    told_stage,
    ahead_of_time,
    archived_company,
    labelled,
    merged_topic,
    told_fact,
    older_company,
    other_mapping,
    set_param,
    set_preset,
    made_rule,
    renamed_rule,
    failed_sync,
    unread_threads,
    taken_in_hand,
    done_with,
)
