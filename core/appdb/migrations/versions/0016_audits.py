"""Audits of readings: tickets drawn at random, and what people who read them say.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_ticket",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="First day of the month it was created in."),
        sa.Column("stratum", sa.String(length=20), nullable=False),
        sa.Column(
            "stratum_ticket_count",
            sa.Integer(),
            nullable=False,
            comment="Tickets the draw of this stratum was made from.",
        ),
        sa.Column("drawn_by", sa.String(length=255), nullable=False),
        sa.Column("drawn_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "topics",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="What a person says it is about, a list; null: not judged.",
        ),
        sa.Column(
            "sentiment",
            sa.String(length=20),
            nullable=True,
            comment="How a person says it sounds; null: not judged.",
        ),
        sa.Column("judged_by", sa.String(length=255), nullable=True),
        sa.Column("judged_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stratum in ('negative', 'not_negative')", name=op.f("ck_audit_ticket_stratum_listed")),
        sa.CheckConstraint(
            "sentiment in ('very_negative', 'negative', 'neutral', 'positive', 'very_positive')",
            name=op.f("ck_audit_ticket_sentiment_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_audit_ticket_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name=op.f("pk_audit_ticket")),
        comment="Tickets drawn at random, and what people who read them say. A month is drawn once.",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("grant select on audit_ticket to churnboard_api")
        op.execute("alter table audit_ticket enable row level security")
        op.execute(
            "create policy own_tenant on audit_ticket for select to churnboard_api "
            "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
        )


def downgrade() -> None:
    op.drop_table("audit_ticket")
