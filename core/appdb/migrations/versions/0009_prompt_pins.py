"""Which version of each prompt a tenant's tickets are read with.

A tenant that was there before is pinned when its tickets are read next: only the analysis knows which prompts there are. The API's
role gets no right to it on Postgres: no tenant's request has a use for it yet.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prompt_pin",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("task", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Counts the pins of a task, from 1 without gaps."),
        sa.Column("prompt_version", sa.String(80), nullable=False),
        sa.Column("pinned_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.CheckConstraint("task in ('sentiment', 'topics')", name=op.f("ck_prompt_pin_task_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_prompt_pin_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task", "version", name=op.f("pk_prompt_pin")),
        comment="The newest version holds; rows are only ever added.",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table prompt_pin enable row level security")


def downgrade() -> None:
    op.drop_table("prompt_pin")
