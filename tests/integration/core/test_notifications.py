"""What a publish tells, and whom, on both engines: once, however often it is done, and killed wherever it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from core import chaos
from core.appdb import open_app_database
from core.appdb.engine import writing
from core.appdb.notifications import Digests, NotificationBook, tell_of_build
from core.appdb.tables import (
    card_alias,
    card_state,
    live_event,
    notification,
    notification_delivery,
    notification_told,
    tenant,
    user,
)
from core.chaos import ChaosError
from core.notifications import Preference
from core.publishing import publish
from core.tenants import tenant_id
from core.vocabulary import NotificationKind, Role
from core.warehouse import Warehouse
from tests.support.marts import AS_OF, card, company, fill_marts, small_marts

ACME = tenant_id("acme")
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


def with_people(engine: Engine) -> Engine:
    with engine.begin() as connection:
        values = {"tenant_id": ACME, "name": ACME, "cell": ACME, "created_at": AS_OF}
        connection.execute(insert(tenant), values)
        for subject, role in {"ann": Role.ADMIN, "bo": Role.MEMBER}.items():
            person = {"subject": subject, "email": f"{subject}@acme.example", "name": subject.title(), "role": role}
            connection.execute(insert(user).values(tenant_id=ACME, **person))
    return engine


@pytest.fixture
def engine(app_database: Engine) -> Engine:
    return with_people(app_database)


def told(engine: Engine) -> list[Mapping[str, Any]]:
    with engine.connect() as connection:
        return connection.execute(select(notification).order_by(notification.c.made_at.desc())).mappings().all()  # type: ignore[return-value]


def build(
    engine: Engine, *cards: Mapping[str, Any], owners: Mapping[str, str] | None = None, at: datetime = NOW
) -> list[str]:
    rows: Sequence[Mapping[str, Any]] = [{"priority": 10.0, "owner_id": "9", "is_notify": True} | one for one in cards]
    with writing(engine) as connection:
        return tell_of_build(connection, ACME, rows, owner_emails=owners or {"9": " BO@acme.example"}, now=at)


def row(number: str = "1", **values: Any) -> dict[str, Any]:
    base = card(ACME, number)
    kept = ("card_id", "company_id", "company_name", "trigger_type", "severity", "is_active")
    return {name: base[name] for name in kept} | values


def test_the_owner_in_hubspot_is_told_by_bell_and_mail(engine: Engine) -> None:
    [notification_id] = build(engine, row())
    [one] = told(engine)
    assert (one["recipient"], one["kind"], one["way"], one["is_in_app"]) == ("bo", "card", "immediate", True)
    with engine.connect() as connection:
        assert connection.scalars(select(notification_delivery.c.channel)).all() == ["email"]
        rung = connection.execute(select(live_event.c.type, live_event.c.body)).all()
    assert rung == [("notification", {"recipients": ["bo"]})]
    assert build(engine, row()) == []
    assert one["notification_id"] == notification_id


def test_whoever_has_the_card_comes_before_the_owner_and_admins_after(engine: Engine) -> None:
    state = {"last_seq": 1, "status": "working", "reopen_count": 0, "is_waiting_for_reply": False}
    with writing(engine) as connection:
        connection.execute(insert(card_state).values(tenant_id=ACME, card_id="card-1", assignee="ann", **state))
    build(engine, row("1"), row("2", owner_id="7"), row("3"))
    by_company = {one["companies"][0]["company_id"]: one["recipient"] for one in told(engine)}
    assert by_company == {"1": "ann", "2": "ann", "3": "bo"}
    with writing(engine) as connection:
        connection.execute(update(card_state).values(status="completed", severity_override=None))
    assert build(engine, row("1", severity="critical")) == [], "somebody has completed it"


def test_a_budget_is_kept_over_builds_and_the_rest_is_told_in_the_morning(engine: Engine) -> None:
    NotificationBook(ACME, lambda: writing(engine)).prefer(
        "bo", {NotificationKind.DIGEST: Preference(is_in_app=True, is_email=False)}
    )
    build(engine, *(row(str(number), priority=float(number)) for number in range(1, 8)))
    build(engine, *(row(str(number), priority=float(number)) for number in range(8, 20)), at=NOW + timedelta(hours=1))
    ways = [one["way"] for one in told(engine)]
    assert (ways.count("immediate"), ways.count("daily")) == (8, 11), "a fifth is kept for critical cards"
    build(engine, row("99", severity="critical"), at=NOW + timedelta(hours=2))
    assert [one["way"] for one in told(engine)].count("immediate") == 9
    week = NOW + timedelta(days=7, hours=3)
    build(engine, row("50"), at=week)
    assert told(engine)[0]["way"] == "immediate"
    morning = NOW + timedelta(days=1)
    [digest_id] = Digests(engine).make(morning)
    assert Digests(engine).make(morning + timedelta(hours=1)) == []
    [digest] = [one for one in told(engine) if one["notification_id"] == digest_id]
    assert (digest["kind"], digest["company_count"], digest["is_in_app"]) == ("digest", 11, True)
    priorities = [one["priority"] for one in digest["companies"]]
    assert priorities == sorted(priorities, reverse=True)
    with engine.connect() as connection:
        mine = select(notification_delivery.c.channel).where(notification_delivery.c.notification_id == digest_id)
        assert connection.scalars(mine).all() == [], "no mail, as bo wants it"


def test_a_card_that_goes_by_another_name_is_not_told_again(engine: Engine) -> None:
    build(engine, row())
    alias = {"alias_id": "card-1", "card_id": "card-older", "company_id": "1", "trigger_type": "frustrated"}
    alias |= {"opened_on": NOW.date(), "last_signal_on": NOW.date(), "opened_mrr_source": "unknown"}
    with writing(engine) as connection:
        connection.execute(insert(card_alias).values(tenant_id=ACME, first_published_at=NOW, **alias))
    assert build(engine, row(card_id="card-older")) == []
    assert len(build(engine, row(card_id="card-older", severity="critical"))) == 1


def test_reading_is_everybodys_own(engine: Engine) -> None:
    ids = build(engine, row("1"), row("2", owner_id="7"))
    book = NotificationBook(ACME, lambda: writing(engine))
    book.mark_read("ann", ids)
    assert {one["recipient"]: one["read_at"] is not None for one in told(engine)} == {"ann": True, "bo": False}
    book.mark_read("bo", None)
    assert all(one["read_at"] for one in told(engine))


@pytest.fixture
def published(warehouse_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An application database on the warehouse's engine."""
    url = warehouse_url if warehouse_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'app.db'}"
    engine = with_people(open_app_database(url))
    yield engine
    engine.dispose()


def run(warehouse: Warehouse, engine: Engine, data_dir: Path) -> None:
    publish(warehouse=warehouse, engine=engine, tenant_ids=[ACME], data_dir=data_dir, max_drop_share=0.5, builds_kept=2)


def test_a_publish_that_breaks_off_and_is_done_again_tells_once(
    warehouse: Warehouse, published: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = small_marts(ACME)
    cards = [card(ACME, "1", is_notify=True), card(ACME, "2", is_notify=True, severity="low")]
    marts |= {"churn_risk_cards": cards, "companies": [company(ACME, "1"), company(ACME, "2")], "card_evidence": []}
    fill_marts(warehouse, marts)
    monkeypatch.setenv("CHAOS_SEED", "1")
    monkeypatch.setattr(chaos, "_hits", {})
    for point in ("notify.after_told", "publish.after_pointer"):
        monkeypatch.setenv("CHAOS_POINTS", f"{point}:raise")
        with pytest.raises(ChaosError):
            run(warehouse, published, tmp_path)
        assert len(told(published)) == (0 if point == "notify.after_told" else 2)
    run(warehouse, published, tmp_path)
    ways = {one["companies"][0]["company_id"]: one["way"] for one in told(published)}
    assert ways == {"1": "immediate", "2": "weekly"}
    assert {one["recipient"] for one in told(published)} == {"ann"}, "nobody's card is the admins'"
    with published.connect() as connection:
        assert len(connection.execute(select(notification_told)).all()) == 2
