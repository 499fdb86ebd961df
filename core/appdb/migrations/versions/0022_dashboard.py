"""What the dashboard leads to: tickets one by one, what cards are about, the tone of all tickets by week, and what reading cost.

Columns that an older build does not know are null in it until the tenant's next build. The right to read a tenant's own budget,
beside what was spent, comes with 0025.

Revision: 0022, after 0021.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from core.appdb.types import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[tuple[str, ...], dict[str, type[TypeEngine[Any]]]]] = {
    "sentiment_trends_weekly": (
        ("week_on",),
        {
            "week_on": sa.Date,
            "ticket_count": sa.Integer,
            "expected_count": sa.Float,
            "lower_count": sa.Float,
            "upper_count": sa.Float,
            "is_outside_band": sa.Boolean,
            "read_count": sa.Integer,
            "negative_count": sa.Integer,
            "negative_share": sa.Float,
            "negative_share_lower": sa.Float,
            "negative_share_upper": sa.Float,
            "expected_negative_share": sa.Float,
            "noise_share_lower": sa.Float,
            "noise_share_upper": sa.Float,
            "is_negative_share_outside_band": sa.Boolean,
        },
    ),
    "tickets": (
        ("ticket_id",),
        {
            "ticket_id": sa.Text,
            "company_id": sa.Text,
            "subject": sa.Text,
            "url": sa.Text,
            "created_at": UtcDateTime,
            "created_on": sa.Date,
            "closed_on": sa.Date,
            "ticket_status": sa.Text,
            "sentiment": sa.Text,
            "level": sa.Integer,
            "churn_intent": sa.Text,
            "is_read": sa.Boolean,
            "is_negative": sa.Boolean,
            "points": sa.Integer,
        },
    ),
    "topic_tickets": (("ticket_id", "topic"), {"ticket_id": sa.Text, "topic": sa.Text, "parent_topic": sa.Text}),
    "llm_costs_daily": (
        ("metric_on", "task", "analyzer", "model"),
        {
            "metric_on": sa.Date,
            "task": sa.Text,
            "analyzer": sa.Text,
            "model": sa.Text,
            "call_count": sa.Integer,
            "input_tokens": sa.BigInteger,
            "output_tokens": sa.BigInteger,
            "cost_usd": sa.Float,
        },
    ),
}
_INDEXED = {"tickets": "created_at", "topic_tickets": "topic"}
_ADDED: dict[str, dict[str, type[TypeEngine[Any]]]] = {
    "churn_risk_cards": {"topic": sa.Text},
    "topic_trends_weekly": {"noise_share_lower": sa.Float, "noise_share_upper": sa.Float},
}


def upgrade() -> None:
    for mart, added in _ADDED.items():
        for name, kind in added.items():
            op.add_column(f"published_{mart}", sa.Column(name, kind(), nullable=True))
        _make_view(mart)
    for mart, (key, columns) in _TABLES.items():
        table = f"published_{mart}"
        op.create_table(
            table,
            sa.Column("tenant_id", sa.String(length=40), nullable=False),
            sa.Column("build_id", sa.String(length=40), nullable=False),
            *(sa.Column(name, kind(), nullable=name not in key, autoincrement=False) for name, kind in columns.items()),
            sa.ForeignKeyConstraint(
                ["tenant_id", "build_id"],
                ["build.tenant_id", "build.build_id"],
                name=op.f(f"fk_{table}_tenant_id_build_id"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("tenant_id", "build_id", *key, name=op.f(f"pk_{table}")),
            info={"mart": mart},
        )
        if mart in _INDEXED:
            columns_of_index = ["tenant_id", "build_id", _INDEXED[mart]]
            op.create_index(op.f(f"ix_{table}_{'_'.join(columns_of_index)}"), table, columns_of_index)
        if _is_postgres():
            op.execute(f"grant select on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(
                f"create policy own_tenant on {table} for select to churnboard_api "
                "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
            )
        _make_view(mart)


def downgrade() -> None:
    if _is_postgres():
        for mart in (*_TABLES, *_ADDED):
            op.execute(f"drop view bi.{mart}")
    for mart in reversed(_TABLES):
        op.drop_table(f"published_{mart}")
    for mart, added in _ADDED.items():
        for name in reversed(added):
            op.drop_column(f"published_{mart}", name)
        _make_view(mart)


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view(mart: str) -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if _is_postgres():
        op.execute(f"drop view if exists bi.{mart}")
        op.execute(
            f"create view bi.{mart} with (security_invoker = true) as "
            f"select served.* from published_{mart} as served join published_build using (tenant_id, build_id)"
        )
