"""Topics with shares, trends with bands, impact and alerts; companies ranked; cards by day: what the dashboard counts.

Columns that an older build does not know are null in it until the tenant's next build.

Revision: 0015, after 0014.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[tuple[str, ...], dict[str, type[TypeEngine[Any]]]]] = {
    "topic_trends_weekly": (
        ("week_on", "topic"),
        {
            "week_on": sa.Date,
            "topic": sa.Text,
            "parent_topic": sa.Text,
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
            "is_negative_share_outside_band": sa.Boolean,
        },
    ),
    "topic_impact": (
        ("topic",),
        {
            "topic": sa.Text,
            "parent_topic": sa.Text,
            "ticket_count": sa.Integer,
            "all_ticket_count": sa.Integer,
            "read_count": sa.Integer,
            "negative_count": sa.Integer,
            "negative_share": sa.Float,
            "all_negative_share": sa.Float,
            "negative_share_without": sa.Float,
            "negative_share_impact": sa.Float,
            "all_mean_level": sa.Float,
            "mean_level_without": sa.Float,
            "mean_level_impact": sa.Float,
            "points": sa.Integer,
            "points_share": sa.Float,
            "company_count": sa.Integer,
            "mrr_touched": sa.Float,
            "negative_rank": sa.Integer,
            "level_rank": sa.Integer,
            "mrr_rank": sa.Integer,
        },
    ),
    "emerging_topics": (
        ("alert_id",),
        {
            "alert_id": sa.Text,
            "topic": sa.Text,
            "parent_topic": sa.Text,
            "first_seen_on": sa.Date,
            "last_seen_on": sa.Date,
            "is_active": sa.Boolean,
            "peak_on": sa.Date,
            "peak_count": sa.Integer,
            "expected_count": sa.Float,
            "peak_z": sa.Float,
            "q_value": sa.Float,
            "ticket_count": sa.Integer,
            "negative_count": sa.Integer,
            "company_count": sa.Integer,
            "mrr_touched": sa.Float,
            "example_ticket_ids": sa.Text,
        },
    ),
    "company_leaderboard": (
        ("window_days", "company_id"),
        {
            "window_days": sa.Integer,
            "company_id": sa.Text,
            "company_name": sa.Text,
            "ticket_count": sa.Integer,
            "read_count": sa.Integer,
            "negative_count": sa.Integer,
            "negative_share": sa.Float,
            "mean_level": sa.Float,
            "prior_mean_level": sa.Float,
            "level_change": sa.Float,
            "sentiment_trend": sa.Text,
            "mrr": sa.Float,
            "mrr_source": sa.Text,
            "currency": sa.Text,
            "active_card_count": sa.Integer,
            "ticket_rank": sa.Integer,
            "negative_rank": sa.Integer,
            "trend_rank": sa.Integer,
            "mrr_rank": sa.Integer,
            "card_rank": sa.Integer,
        },
    ),
    "risks_daily": (
        ("metric_on", "trigger_type", "severity", "topic"),
        {
            "metric_on": sa.Date,
            "trigger_type": sa.Text,
            "severity": sa.Text,
            "topic": sa.Text,
            "opened_count": sa.Integer,
            "closed_count": sa.Integer,
            "active_count": sa.Integer,
            "active_mrr": sa.Float,
        },
    ),
}

_SHARES = {
    "all_ticket_count": sa.Integer,
    "ticket_share": sa.Float,
    "read_count": sa.Integer,
    "negative_share": sa.Float,
}


def upgrade() -> None:
    for name, kind in _SHARES.items():
        op.add_column("published_topic_metrics_daily", sa.Column(name, kind(), nullable=True))
    _make_view("topic_metrics_daily")
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
        for mart in (*_TABLES, "topic_metrics_daily"):
            op.execute(f"drop view bi.{mart}")
    for mart in reversed(_TABLES):
        op.drop_table(f"published_{mart}")
    for name in reversed(_SHARES):
        op.drop_column("published_topic_metrics_daily", name)
    _make_view("topic_metrics_daily")


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
