"""The SQL a BI program asks the marts with to list the same tickets (see `serve.metrics.statements`)."""

# ruff: noqa: S608 - shown, not run; and what comes from a request is quoted all the same

from serve.metrics.statements import chosen, listed, quoted
from serve.tickets.schemas import TicketQuery


def tickets(tenant_id: str, wanted: TicketQuery) -> str:
    """Every ticket, newest first."""
    segment = wanted.segment()
    asked = [f"tickets.tenant_id = {quoted(tenant_id)}"]
    if wanted.from_on is not None:
        asked.append(f"tickets.created_on >= date '{wanted.from_on}'")
    if wanted.to_on is not None:
        asked.append(f"tickets.created_on <= date '{wanted.to_on}'")
    if wanted.topic is not None:
        asked.append(
            "exists (\n        select 1 from topic_tickets as labels\n        where labels.tenant_id = tickets.tenant_id and "
            f"labels.ticket_id = tickets.ticket_id and labels.topic = {quoted(wanted.topic)}\n    )"
        )
    if wanted.sentiment:
        asked.append(listed("tickets.sentiment", wanted.sentiment))
    if wanted.negative is not None:
        asked.append("tickets.is_negative" if wanted.negative else "tickets.is_read and not tickets.is_negative")
    if wanted.company is not None:
        asked.append(f"tickets.company_id = {quoted(wanted.company)}")
    if wanted.ticket:
        asked.append(listed("tickets.ticket_id", wanted.ticket))
    if wanted.q is not None:
        sought = quoted(wanted.q.lower())
        asked.append(
            f"(position({sought} in lower(tickets.subject)) > 0 or position({sought} in lower(companies.company_name)) > 0)"
        )
    if not segment.is_everybody:
        asked.append("tickets.company_id in (select company_id from chosen)")
    conditions = "\n    and ".join(asked)
    first = "" if segment.is_everybody else f"with {chosen(tenant_id, segment)}\n\n"
    return f"""{first}select
    tickets.ticket_id,
    tickets.company_id,
    companies.company_name,
    tickets.subject,
    tickets.url,
    tickets.created_at,
    tickets.created_on,
    tickets.closed_on,
    tickets.ticket_status,
    tickets.sentiment,
    tickets.level,
    tickets.churn_intent,
    tickets.is_read,
    tickets.is_negative,
    tickets.points
from tickets
left join companies on companies.tenant_id = tickets.tenant_id and companies.company_id = tickets.company_id
where
    {conditions}
order by tickets.created_at desc, tickets.ticket_id;
"""
