"""Cards are worked on: where their events leave them, what keeps them the same card, and what is published for it.

On Postgres the API's role may add events and keep states, of its request's tenant only; what is written down stays.

Revision: 0013, after 0012.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RIGHTS = {"card_alias": ("select",), "card_state": ("select", "insert", "update", "delete")}
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_SEVERITIES = "'low', 'medium', 'high', 'critical'"
_OUTCOMES = (
    "'saved', 'at_risk_unresolved', 'false_alarm', 'known_expected', 'churned', 'contraction', 'duplicate', "
    "'cannot_act', 'expired'"
)


def _published() -> list[sa.Column[Any]]:
    return [
        sa.Column("opened_severity", sa.Text(), nullable=True),
        sa.Column("opened_mrr", sa.Float(), nullable=True),
        sa.Column("opened_mrr_source", sa.Text(), nullable=True),
        sa.Column("churn_share", sa.Float(), nullable=True),
        sa.Column("touch_due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("is_touch_overdue", sa.Boolean(), nullable=True),
        sa.Column("looks_resolved_why", sa.Text(), nullable=True),
        sa.Column("suggested_outcome", sa.Text(), nullable=True),
        sa.Column("owner_source", sa.Text(), nullable=True),
    ]


def upgrade() -> None:
    op.add_column(
        "tenant",
        sa.Column(
            "default_owner_id",
            sa.String(40),
            nullable=True,
            comment="HubSpot owner of cards whose company has none; null: nobody.",
        ),
    )
    op.add_column(
        "tenant",
        sa.Column(
            "expire_after_days",
            sa.Integer(),
            nullable=True,
            comment="When low cards that nobody owns or looked at expire; null: never.",
        ),
    )
    op.create_table(
        "card_alias",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column(
            "alias_id",
            sa.String(36),
            nullable=False,
            comment="Every id a card was ever found under, its own included.",
        ),
        sa.Column("card_id", sa.String(36), nullable=False, comment="The id it goes by."),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("trigger_type", sa.String(40), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False, comment="Earliest day it was ever known to have opened on."),
        sa.Column(
            "last_signal_on", sa.Date(), nullable=False, comment="Latest day its signal was ever known to be on."
        ),
        sa.Column(
            "opened_mrr",
            sa.Float(),
            nullable=True,
            comment="What the company paid a month when the card was first published.",
        ),
        sa.Column("opened_mrr_source", sa.String(40), nullable=False),
        sa.Column(
            "first_published_at",
            UtcDateTime(timezone=True),
            nullable=False,
            comment="The as_of of the build that first had the card.",
        ),
        *_keys("card_alias", "alias_id"),
        comment="What keeps a card the same card, whatever is rebuilt.",
    )
    op.create_index(op.f("ix_card_alias_tenant_id_card_id"), "card_alias", ["tenant_id", "card_id"])
    op.create_table(
        "card_state",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("card_id", sa.String(36), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("assignee", sa.String(255), nullable=True),
        sa.Column("severity_override", sa.String(20), nullable=True),
        sa.Column("first_touched_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_touched_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("outcome_mrr", sa.Float(), nullable=True),
        sa.Column("outcome_mrr_source", sa.String(40), nullable=True),
        sa.Column("reopen_count", sa.Integer(), nullable=False),
        sa.Column("waiting_until_on", sa.Date(), nullable=True),
        sa.Column("is_waiting_for_reply", sa.Boolean(), nullable=False),
        sa.Column("last_event_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('new', 'working', 'waiting', 'completed')", name=op.f("ck_card_state_status_listed")
        ),
        sa.CheckConstraint(f"outcome in ({_OUTCOMES})", name=op.f("ck_card_state_outcome_listed")),
        sa.CheckConstraint(
            f"severity_override in ({_SEVERITIES})", name=op.f("ck_card_state_severity_override_listed")
        ),
        *_keys("card_state", "card_id"),
        comment="The fold of a card's events, for readers; made from them, and never the source of anything.",
    )
    for column in _published():
        op.add_column("published_churn_risk_cards", column)
    if _is_postgres():
        for table, rights in _RIGHTS.items():
            op.execute(f"grant {', '.join(rights)} on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(f"create policy own_tenant on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")
        op.execute("grant insert on card_event to churnboard_api")
        op.execute(f"create policy own_tenant_adds on card_event for insert to churnboard_api with check ({_MINE})")
    _make_view()


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop view if exists bi.churn_risk_cards")
        op.execute("drop policy own_tenant_adds on card_event")
        op.execute("revoke insert on card_event from churnboard_api")
    for column in reversed(_published()):
        op.drop_column("published_churn_risk_cards", column.name)
    _make_view()
    op.drop_table("card_state")
    op.drop_table("card_alias")
    op.drop_column("tenant", "expire_after_days")
    op.drop_column("tenant", "default_owner_id")


def _keys(table: str, key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", key, name=op.f(f"pk_{table}")),
    )


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view() -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if _is_postgres():
        op.execute("drop view if exists bi.churn_risk_cards")
        op.execute(
            "create view bi.churn_risk_cards with (security_invoker = true) as "
            "select served.* from published_churn_risk_cards as served join published_build using (tenant_id, build_id)"
        )
