"""A small hand-made data set in which every situation the marts must get right is planted once, for builds on either engine.

Five tenants share ids on purpose: `acme` has the situations, `globex` knows nothing about money, `initech` has threads, `hooli` has
rules of its own, `messy` has the data people really have.
"""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.rules import rule
from tests.support.warehouse_fixtures import (
    SourceRow,
    all_fields_mapped,
    audited,
    card_event,
    company,
    contact,
    correction,
    default_stages,
    email,
    evidence,
    measured,
    message_text,
    note,
    owner,
    pipeline_stage,
    portal,
    reading,
    sync_cursor,
    tenant,
    ticket,
    ticket_company,
    ticket_contact,
    topic,
    topic_label,
    trigger_param,
    trigger_rule,
)

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NEW, CLOSED = "1", "4"
FIRST_CARD = str(uuid.uuid3(uuid.UUID(bytes=b"churnboard cards"), "acme|107|frustrated|2026-09-01"))


def days_ago(days: float) -> datetime:
    """Morning of the day so many days before the build."""
    return AS_OF - timedelta(days=days, hours=3)


def written(
    *,
    id: str,  # noqa: A002
    company_id: str | None,
    days: float,
    tenant_id: str = "acme",
    sentiment: str | None = "neutral",
    churn_intent: str = "none",
    target: str = "product",
    is_evidence_ok: bool = True,
    quote: str | None = None,
    topic: str | None = None,
    closed_after: float | None = 1,
    contact_id: str | None = None,
) -> list[SourceRow]:
    """A ticket with its links and what was read out of it; closed a day later unless `closed_after` is None."""
    at = days_ago(days)
    closed = None if closed_after is None else at + timedelta(days=closed_after)
    rows = [
        ticket(
            id=id,
            tenant_id=tenant_id,
            createdate=at,
            subject=f"Ticket {id}",
            hs_pipeline_stage=NEW if closed is None else CLOSED,
            closed_date=closed,
        ),
        ticket_company(ticket_id=id, tenant_id=tenant_id, company_id=company_id),
        ticket_contact(ticket_id=id, tenant_id=tenant_id, contact_id=contact_id),
    ]
    if sentiment:
        rows.append(
            reading(
                ticket_id=id,
                tenant_id=tenant_id,
                sentiment=sentiment,
                churn_intent=churn_intent,
                target=target,
                is_evidence_ok=is_evidence_ok,
            )
        )
    if quote:
        opening = "Grüße, "
        rows.append(message_text(ticket_id=id, tenant_id=tenant_id, text=f"{opening}{quote}, and so on."))
        rows.append(evidence(ticket_id=id, tenant_id=tenant_id, quote=quote, start=len(opening)))
    if topic:
        rows.append(topic_label(ticket_id=id, tenant_id=tenant_id, topic=topic))
    return rows


def planted_rows() -> list[SourceRow]:
    """The whole data set."""
    return [
        measured(subject="intent", label="explicit", answered_count=92, right_count=84),
        *_acme(),
        *_globex(),
        *_initech(),
        *_hooli(),
        *_messy(),
    ]


def _acme() -> list[SourceRow]:
    return [
        tenant(),
        *all_fields_mapped(),
        portal(company_currency="USD"),
        owner(),
        *default_stages(),
        sync_cursor(synced_at=AS_OF - timedelta(hours=2), held_count=60),
        sync_cursor(stream="companies", synced_at=AS_OF - timedelta(hours=40), held_count=7, portal_total=8),
        sync_cursor(stream="owners", synced_at=None, status="failed", resume_until_at=AS_OF - timedelta(hours=5)),
        sync_cursor(
            stream="contacts",
            synced_at=None,
            status="missing_scope",
            error_message="Grant crm.objects.contacts.read.",
            attempted_at=AS_OF - timedelta(hours=2),
        ),
        contact(id="501"),
        # Angry: says that they will leave, six weeks before renewal.
        company(id="101", name="Angry", properties={"mrr": "4000", "renewal_date": "2026-12-31"}),
        *written(
            id="1001",
            company_id="101",
            days=2,
            sentiment="very_negative",
            churn_intent="explicit",
            quote="we are cancelling",
            topic="billing",
            closed_after=None,
            contact_id="501",
        ),
        # Flooding: a ticket a fortnight, then eight in a week about one thing, one of them unhappy, one long unresolved.
        company(id="102", name="Flooding", properties={"mrr": "800"}),
        *[row for n in range(6) for row in written(id=f"102{n}", company_id="102", days=20 + 14 * n, topic="none")],
        *[row for n in range(7) for row in written(id=f"103{n}", company_id="102", days=n / 2, topic="export")],
        *written(
            id="1040", company_id="102", days=5, sentiment="negative", quote="again", topic="export", closed_after=None
        ),
        *written(id="1041", company_id="102", days=12, topic="none", closed_after=None),
        # One of those is about two topics that stand below one.
        topic(name="data"),
        topic(name="export", parent="data"),
        topic(name="reports", parent="data"),
        topic_label(ticket_id="1036", topic="reports", topic_rank=2),
        # A person said what this one is about, by a name the topic had then.
        topic(name="billing"),
        topic(name="invoices", is_active=False, current_topic="billing"),
        correction(ticket_id="1071", after=["invoices"]),
        # And of these, drawn for it, what they really are.
        audited(
            ticket_id="1040", month_on=date(2026, 11, 1), stratum="negative", topics=["export"], sentiment="negative"
        ),
        audited(ticket_id="1030", month_on=date(2026, 11, 1), topics=["reports"], sentiment="negative"),
        audited(ticket_id="1070", month_on=date(2026, 11, 1)),
        # Quiet: a ticket a week, an unhappy one, then nothing.
        company(id="103", name="Quiet", properties={"mrr": "1200", "renewal_date": "2027-01-10"}),
        *[row for n in range(11) for row in written(id=f"105{n:02}", company_id="103", days=38 + 7 * n, topic="none")],
        *written(id="10600", company_id="103", days=35, sentiment="negative", quote="still broken"),
        # Absent: pays most, last seen thirty days ago.
        company(id="104", name="Absent", properties={"mrr": "9000", "last_login": "2026-10-21T08:00:00Z"}),
        # Calm: writes and is content; what it pays is not a number.
        company(id="105", name="Calm", properties={"mrr": "abc", "last_login": "2026-11-19"}),
        *written(id="1070", company_id="105", days=3, sentiment="positive", topic="export"),
        *written(id="1071", company_id="105", days=33, sentiment="neutral"),
        # Recovered: one bad ticket in September, content since, and gone all the same.
        company(id="106", name="Recovered", properties={"mrr": "600", "churned_on": "2026-11-15"}),
        *written(id="1080", company_id="106", days=71, sentiment="negative", quote="too slow"),
        *written(id="1081", company_id="106", days=10, sentiment="positive"),
        # Relapsed: the same complaint twice, two months apart.
        company(id="107", name="Relapsed", properties={"mrr": "500"}),
        *written(id="1090", company_id="107", days=80, sentiment="negative", quote="first time"),
        *written(id="1091", company_id="107", days=1, sentiment="negative", quote="second time", closed_after=None),
        # The first time it was taken for a false alarm, came back within the week, and was saved.
        *done(1, "completed", 75, "completed", outcome="false_alarm", mrr=None, mrr_source="unknown"),
        *done(2, "reopened", 73, "new", actor="churnboard"),
        *done(3, "completed", 50, "completed", outcome="saved", mrr=500, mrr_source="mapped_property"),
    ]


def done(seq: int, kind: str, days: float, status: str, **more: Any) -> list[SourceRow]:
    """What happened to Relapsed's first card, the one that opened on 1 September."""
    return [card_event(card_id=FIRST_CARD, seq=seq, kind=kind, status=status, occurred_at=days_ago(days), **more)]


def _globex() -> list[SourceRow]:
    return [
        tenant(tenant_id="globex", currency=None),
        *(row for row in all_fields_mapped(tenant_id="globex") if row.values["field"] not in {"mrr", "renewal"}),
        portal(tenant_id="globex", company_currency=None),
        *default_stages(tenant_id="globex"),
        sync_cursor(tenant_id="globex", synced_at=AS_OF - timedelta(days=3), status="failed"),
        trigger_param(tenant_id="globex", trigger_type="frustrated", name="t_on", value=2.5, version=4),
        company(id="101", tenant_id="globex", name="Same id", hubspot_owner_id=None, properties={"mrr": "77"}),
        *written(id="1001", tenant_id="globex", company_id="101", days=2, sentiment="very_negative", quote="awful"),
        company(id="102", tenant_id="globex", name="Below its own threshold"),
        *written(id="1002", tenant_id="globex", company_id="102", days=2, sentiment="negative", quote="meh"),
        # Away since long before its tickets were last synced, three days ago: known to be silent then, and not known to be back.
        company(id="103", tenant_id="globex", name="Away", properties={"last_login": "2026-10-01"}),
        # Its last login is nine days old only since that sync: nobody was listening when it would have counted.
        company(id="104", tenant_id="globex", name="Unheard", properties={"last_login": "2026-11-10"}),
        # Nine days old within 36 hours of that sync, which is trusted no further since the next one failed.
        company(id="105", tenant_id="globex", name="Unproven", properties={"last_login": "2026-11-09"}),
    ]


def _initech() -> list[SourceRow]:
    """The one whose emails and notes are read."""
    here = "initech"

    def weekly(company_id: str, first: int) -> list[SourceRow]:
        return [
            row
            for n in range(12)
            for row in written(id=f"{first + n}", tenant_id=here, company_id=company_id, days=36 + 7 * n)
        ]

    def mail(id: int, ticket_id: str, days: float, direction: str, **more: Any) -> list[SourceRow]:  # noqa: A002
        return email(
            id=str(id), tenant_id=here, ticket_id=ticket_id, sent_at=days_ago(days), direction=direction, **more
        )

    def said(id: int, ticket_id: str, days: float, words: str, sentiment: str, **more: Any) -> list[SourceRow]:  # noqa: A002
        """A mail of the customer that was read, its first four words quoted."""
        of = {"tenant_id": here, "ticket_id": ticket_id, "message_id": f"emails/{id}"}
        quote = " ".join(words.split()[:4])
        return [
            *mail(id, ticket_id, days, "inbound", own_text=words),
            message_text(text=words, **of),
            reading(sentiment=sentiment, **of, **more),
            evidence(quote=quote, **of),
        ]

    return [
        tenant(tenant_id=here),
        portal(tenant_id=here),
        owner(tenant_id=here),
        *default_stages(tenant_id=here),
        *[sync_cursor(tenant_id=here, stream=one, synced_at=AS_OF) for one in ("tickets", "emails", "notes")],
        # Chatty: one ticket, ten messages in five days; neither a machine's nor a colleague's count.
        company(id="101", tenant_id=here, name="Chatty"),
        *written(id="1001", tenant_id=here, company_id="101", days=4, closed_after=None),
        *[row for n in range(5) for row in mail(n, "1001", 4 - n / 2, "inbound")],
        *[row for n in range(5) for row in mail(10 + n, "1001", 3.9 - n / 2, "outbound", own_text="We look into it.")],
        *mail(20, "1001", 1, "inbound", is_automated=True),
        *mail(21, "1001", 1, "inbound", archived=True),
        *note(id="1", tenant_id=here, ticket_id="1001", sent_at=days_ago(1)),
        # Asked: a ticket a week, the last one closed over a question of ours; nothing since.
        company(id="102", tenant_id=here, name="Asked"),
        *weekly("102", 2000),
        *mail(30, "2000", 36, "inbound"),
        *mail(31, "2000", 35.9, "outbound", own_text="Which version do you use?"),
        # Answered: as quiet, but every question was answered.
        company(id="103", tenant_id=here, name="Answered"),
        *weekly("103", 3000),
        *mail(40, "3000", 35.9, "outbound", own_text="Which version do you use?"),
        *mail(41, "3000", 35.8, "inbound", own_text="The newest."),
        # Writing: the same as Asked, and writes again on an old ticket, which only its emails tell.
        company(id="104", tenant_id=here, name="Writing"),
        *weekly("104", 4000),
        *mail(50, "4000", 35.9, "outbound", own_text="Which version do you use?"),
        *mail(51, "4003", 5, "inbound"),
        # Turned: a calm question, a calm reminder, an angry third message. The mail the ticket was made of is not read twice.
        company(id="106", tenant_id=here, name="Turned"),
        *written(id="6000", tenant_id=here, company_id="106", days=9, closed_after=None, quote="how do I"),
        *mail(60, "6000", 9, "inbound", own_text="Grüße, how do I, and so on."),
        message_text(tenant_id=here, ticket_id="6000", message_id="emails/60", text="how do I", is_repeated=True),
        *mail(61, "6000", 8.9, "outbound", own_text="We look into it."),
        *said(62, "6000", 5, "Do you have any news for us?", "neutral"),
        *said(63, "6000", 2, "This is a disgrace and we have had enough.", "very_negative"),
        # Appeased and left: the same anger; one says at last that it works, the other that it does not.
        company(id="107", tenant_id=here, name="Appeased"),
        *written(id="7000", tenant_id=here, company_id="107", days=40, sentiment="very_negative", quote="a shame"),
        *said(70, "7000", 38, "It works now, thank you.", "positive", resolution="solved"),
        company(id="108", tenant_id=here, name="Left"),
        *written(id="8000", tenant_id=here, company_id="108", days=40, sentiment="very_negative", quote="a shame"),
        *said(80, "8000", 39, "It works now, thank you.", "positive", resolution="solved"),
        *said(81, "8000", 38, "It is broken once more.", "neutral", resolution="unsolved"),
        # The vendor's other customers go on writing, so that it is no holiday.
        company(id="105", tenant_id=here, name="Steady"),
        *[row for n in range(60) for row in written(id=f"{5000 + n}", tenant_id=here, company_id="105", days=4 * n)],
    ]


def _hooli() -> list[SourceRow]:
    """The one with rules of its own."""
    here = "hooli"
    waiting = {
        "any": [{"fact": "open_ticket_count", "op": ">=", "value": 1}, {"fact": "usage_30d", "op": "<", "value": 5}]
    }
    big = rule(
        {"all": [{"fact": "mrr", "op": ">=", "value": 1000}, waiting]},
        rule_id="big",
        name='Big & "waiting"',
        severity="high",
        is_notify=True,
    )
    hurt = rule({"fact": "negative_count", "op": ">", "value": 0, "within_days": 90}, rule_id="hurt", severity="low")
    return [
        tenant(tenant_id=here),
        *(row for row in all_fields_mapped(tenant_id=here) if row.values["field"] == "mrr"),
        *default_stages(tenant_id=here),
        *[sync_cursor(tenant_id=here, stream=one, synced_at=AS_OF) for one in ("tickets", "companies")],
        *trigger_rule(big, tenant_id=here, valid_from_at=days_ago(30)),
        # A rule that was switched off twelve days ago.
        *trigger_rule(hurt, tenant_id=here, valid_from_at=days_ago(30)),
        *trigger_rule(hurt, tenant_id=here, version=2, valid_from_at=days_ago(12), is_active=False),
        # Waiting: pays much, and has had a ticket open for six days. One pays little, of one nobody knows.
        company(id="101", tenant_id=here, name="Waiting", properties={"mrr": "5000"}),
        *written(id="1001", tenant_id=here, company_id="101", days=6, closed_after=None),
        company(id="102", tenant_id=here, name="Small", properties={"mrr": "999.99"}),
        *written(id="1002", tenant_id=here, company_id="102", days=6, closed_after=None),
        company(id="103", tenant_id=here, name="Unknown"),
        *written(id="1003", tenant_id=here, company_id="103", days=6, closed_after=None),
        # Hurt: unhappy once, forty days ago.
        company(id="104", tenant_id=here, name="Hurt"),
        *written(id="1004", tenant_id=here, company_id="104", days=40, sentiment="negative", quote="meh"),
    ]


def _messy() -> list[SourceRow]:
    """No settings row at all, and every kind of broken record."""
    return [
        *default_stages(tenant_id="messy"),
        pipeline_stage(tenant_id="messy", pipeline_id="5", id="9", label="Erledigt", ticket_state=None, is_closed=None),
        company(id="20", tenant_id="messy", createdate=None, properties=None, hubspot_owner_id="404"),
        company(id="3", tenant_id="messy", name="Oldest", properties={"mrr": "100"}),
        company(id="4", tenant_id="messy", archived=True),
        # Nothing said.
        ticket(id="1", tenant_id="messy", createdate=days_ago(5), subject=None, content=None),
        # Stages that are gone: open, and closed by its date.
        ticket(id="2", tenant_id="messy", createdate=days_ago(5), hs_pipeline="77", hs_pipeline_stage="x"),
        ticket(
            id="3",
            tenant_id="messy",
            createdate=days_ago(5),
            hs_pipeline=None,
            hs_pipeline_stage=None,
            closed_date=days_ago(4),
        ),
        # Known to have no company, and never linked at all.
        ticket_company(ticket_id="1", tenant_id="messy", company_id=None, is_primary=None),
        # Two companies and no primary: the older. Two with a primary: that one. One that is archived: none. One unheard of: none.
        ticket_company(ticket_id="2", tenant_id="messy", company_id="20", is_primary=False),
        ticket_company(ticket_id="2", tenant_id="messy", company_id="3", is_primary=False),
        ticket(id="4", tenant_id="messy", createdate=days_ago(4)),
        ticket_company(ticket_id="4", tenant_id="messy", company_id="20", is_primary=True),
        ticket_company(ticket_id="4", tenant_id="messy", company_id="3", is_primary=False),
        ticket(id="5", tenant_id="messy", createdate=days_ago(4)),
        ticket_company(ticket_id="5", tenant_id="messy", company_id="4"),
        ticket(id="6", tenant_id="messy", createdate=days_ago(4)),
        ticket_company(ticket_id="6", tenant_id="messy", company_id="999"),
        # In the recycling bin, from the future, and without a date.
        ticket(id="7", tenant_id="messy", createdate=days_ago(3), archived=True),
        ticket(id="8", tenant_id="messy", createdate=AS_OF + timedelta(hours=1)),
        ticket(id="9", tenant_id="messy", createdate=None, hs_lastmodifieddate=days_ago(3)),
        # Furious about the weather, and furious without a word of proof.
        *written(
            id="10",
            tenant_id="messy",
            company_id="3",
            days=2,
            sentiment="very_negative",
            target="external",
            quote="rain",
        ),
        *written(id="11", tenant_id="messy", company_id="3", days=2, sentiment="very_negative", is_evidence_ok=False),
        trigger_param(tenant_id="messy", trigger_type="frustrated", name="t_on", value=None),
    ]
