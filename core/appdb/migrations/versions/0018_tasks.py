"""What people ask to be done in the background.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("step", sa.Text(), comment="What is being done, in words; null: it was not begun."),
        sa.Column("done_count", sa.Integer(), comment="Of this step; null: it does not count."),
        sa.Column("total_count", sa.Integer(), comment="Of this step; null: it is not known how many there will be."),
        sa.Column("result", sa.JSON(), comment="What came of it; null: nothing yet."),
        sa.Column("error_message", sa.Text(), comment="Why it failed, as a sentence."),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), comment="When it was last begun."),
        sa.Column("ended_at", UtcDateTime(timezone=True)),
        sa.Column(
            "attempt",
            sa.Integer(),
            nullable=False,
            comment="How often it was begun; a write names the one it belongs to.",
        ),
        sa.Column("lease_until_at", UtcDateTime(timezone=True), comment="Until then nobody else begins it."),
        sa.CheckConstraint("status in ('queued', 'running', 'done', 'failed')", name=op.f("ck_task_status_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_task_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", name=op.f("pk_task")),
        comment="What people asked to be done in the background, and what came of it.",
    )
    op.create_index(op.f("ix_task_status_asked_at"), "task", ["status", "asked_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("grant select, insert on task to churnboard_api")
        op.execute("alter table task enable row level security")
        op.execute(f"create policy own_tenant on task to churnboard_api using ({_MINE}) with check ({_MINE})")


def downgrade() -> None:
    op.drop_table("task")
