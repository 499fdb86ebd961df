"""What each tenant's reading may cost a month.

The API's role gets no right to it on Postgres: no tenant's request has a use for it.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "llm_budget",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="From 1, without gaps; the newest holds."),
        sa.Column("monthly_usd", sa.Float(), nullable=True, comment="Null: what the installation allows everybody."),
        sa.Column("valid_from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.CheckConstraint("monthly_usd >= 0", name=op.f("ck_llm_budget_monthly_usd_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_llm_budget_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_llm_budget")),
        comment="What a tenant's reading may cost a month. What was spent is in the call journal.",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table llm_budget enable row level security")


def downgrade() -> None:
    op.drop_table("llm_budget")
