"""Audits, on both engines: drawn once, judged by people, told to the warehouse."""

from datetime import date

import pytest
from sqlalchemy import Engine

from core.appdb.audits import AlreadyDrawn, Audits, Drawn, NotDrawn
from core.appdb.directory import Tenant, TenantDirectory, UnknownTenant
from core.tenants import cell, tenant_id
from core.vocabulary import AuditStratum, Sentiment

ACME, GLOBEX = tenant_id("acme"), tenant_id("globex")
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
DRAWN = {
    AuditStratum.NEGATIVE: Drawn(ticket_ids=["7", "3"], ticket_count=2),
    AuditStratum.NOT_NEGATIVE: Drawn(ticket_ids=["5"], ticket_count=40),
}


@pytest.fixture
def audits(app_database: Engine) -> Audits:
    for one in (ACME, GLOBEX):
        TenantDirectory(app_database).save(Tenant(tenant_id=one, name=one.title(), cell=cell(one)))
    audits = Audits(app_database)
    audits.draw(ACME, OCTOBER, DRAWN, author="ada")
    return audits


def test_a_month_is_drawn_once(audits: Audits) -> None:
    with pytest.raises(AlreadyDrawn, match="2026-10 of acme was drawn before"):
        audits.draw(ACME, OCTOBER, {AuditStratum.NEGATIVE: Drawn(ticket_ids=["9"], ticket_count=3)}, author="bob")
    audits.draw(ACME, NOVEMBER, {AuditStratum.NEGATIVE: Drawn(ticket_ids=["9"], ticket_count=3)}, author="bob")
    audits.draw(GLOBEX, OCTOBER, DRAWN, author="bob")
    held = [(one.ticket_id, one.month_on, one.stratum, one.stratum_ticket_count) for one in audits.of(ACME)]
    assert held == [
        ("3", OCTOBER, "negative", 2),
        ("5", OCTOBER, "not_negative", 40),
        ("7", OCTOBER, "negative", 2),
        ("9", NOVEMBER, "negative", 3),
    ]
    with pytest.raises(UnknownTenant):
        audits.draw("nobody", OCTOBER, DRAWN, author="ada")


def test_what_is_said_later_holds_and_what_is_not_said_stays(audits: Audits, app_database: Engine) -> None:
    audits.judge(ACME, "3", topics=["Billing"], author="ada")
    audits.judge(ACME, "3", sentiment=Sentiment.NEUTRAL, author="bob")
    audits.judge(ACME, "5", topics=["none"], sentiment=Sentiment.POSITIVE, author="ada")
    audits.judge(ACME, "5", topics=["Billing", "Login"], author="ada")
    said = {one.ticket_id: (one.topics, one.sentiment, one.judged_by, one.is_judged) for one in audits.of(ACME)}
    assert said == {
        "3": (("Billing",), "neutral", "bob", True),
        "5": (("Billing", "Login"), "positive", "ada", True),
        "7": (None, None, None, False),
    }
    rows = {row["ticket_id"]: row for row in TenantDirectory(app_database).app_state()["audit_tickets"]}
    assert {ticket_id: row["topics"] for ticket_id, row in rows.items()} == {
        "3": '["Billing"]',
        "5": '["Billing", "Login"]',
        "7": None,
    }
    assert rows["7"]["stratum_ticket_count"] == 2


def test_only_drawn_tickets_are_judged(audits: Audits) -> None:
    with pytest.raises(NotDrawn, match="was not drawn"):
        audits.judge(ACME, "4711", sentiment=Sentiment.NEGATIVE, author="ada")
    with pytest.raises(NotDrawn):
        audits.judge(GLOBEX, "3", sentiment=Sentiment.NEGATIVE, author="ada")
