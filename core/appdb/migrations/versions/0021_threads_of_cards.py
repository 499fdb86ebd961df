"""A card's tickets with their threads, what its signal did, its company's tone by day and place in HubSpot; readings in full.

Columns that an older build does not know are null in it until the tenant's next build. BI's views are made after the last
migration.

Revision: 0021, after 0020.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from core.appdb.types import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[tuple[str, ...], dict[str, TypeEngine[Any]]]] = {
    "card_tickets": (
        ("card_id", "ticket_id"),
        {
            "card_id": sa.Text(),
            "ticket_id": sa.Text(),
            "ticket_subject": sa.Text(),
            "ticket_url": sa.Text(),
            "ticket_created_at": UtcDateTime(timezone=True),
            "ticket_status": sa.Text(),
            "closed_on": sa.Date(),
            "sentiment": sa.Text(),
            "is_erased": sa.Boolean(),
        },
    ),
    "card_messages": (
        ("ticket_id", "message_id"),
        {
            "ticket_id": sa.Text(),
            "message_id": sa.Text(),
            "message_index": sa.Integer(),
            "direction": sa.Text(),
            "author_name": sa.Text(),
            "is_automated": sa.Boolean(),
            "sent_at": UtcDateTime(timezone=True),
            "text": sa.Text(),
            "is_truncated": sa.Boolean(),
            "is_erased": sa.Boolean(),
            "sentiment": sa.Text(),
            "churn_intent": sa.Text(),
        },
    ),
    "card_changes": (
        ("card_id", "changed_on", "change_type"),
        {
            "card_id": sa.Text(),
            "changed_on": sa.Date(),
            "change_type": sa.Text(),
            "severity": sa.Text(),
            "previous_severity": sa.Text(),
            "score": sa.Float(),
        },
    ),
    "company_sentiment_daily": (
        ("company_id", "metric_on"),
        {
            "company_id": sa.Text(),
            "metric_on": sa.Date(),
            "ticket_count": sa.Integer(),
            "read_count": sa.Integer(),
            "negative_count": sa.Integer(),
            "mean_level": sa.Float(),
        },
    ),
}
_COLUMNS: dict[str, dict[str, TypeEngine[Any]]] = {
    "card_evidence": {
        "points": sa.Integer(),
        "score_points": sa.Float(),
        "schema_hash": sa.Text(),
        "input_hash": sa.Text(),
        "analyzed_at": UtcDateTime(timezone=True),
    },
    "companies": {"company_url": sa.Text()},
}


def upgrade() -> None:
    for mart, columns in _COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(f"published_{mart}", sa.Column(name, kind, nullable=True))
    for mart, (key, columns) in _TABLES.items():
        table = f"published_{mart}"
        op.create_table(
            table,
            sa.Column("tenant_id", sa.String(length=40), nullable=False),
            sa.Column("build_id", sa.String(length=40), nullable=False),
            *(sa.Column(name, kind, nullable=name not in key, autoincrement=False) for name, kind in columns.items()),
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


def downgrade() -> None:
    if _is_postgres():
        for mart in (*_TABLES, *_COLUMNS):
            op.execute(f"drop view if exists bi.{mart}")
    for mart in reversed(_TABLES):
        op.drop_table(f"published_{mart}")
    for mart, columns in _COLUMNS.items():
        for name in reversed(columns):
            op.drop_column(f"published_{mart}", name)
        _make_view(mart)


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view(mart: str) -> None:
    """As it was before; after an upgrade `core.appdb.bi` makes the views."""
    if _is_postgres():
        op.execute(
            f"create view bi.{mart} with (security_invoker = true) as "
            f"select served.* from published_{mart} as served join published_build using (tenant_id, build_id)"
        )
