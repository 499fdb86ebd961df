"""Whose data must be gone: requests for erasure, with ids only.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("object_type", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("ticket_ids", sa.JSON(), nullable=False, comment="Whose words go, and are never loaded again."),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column(
            "done_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="When nothing was found any more; null: still to be done.",
        ),
        sa.Column(
            "residue_count",
            sa.Integer(),
            nullable=True,
            comment="Places in which the last search found something; null: not searched yet.",
        ),
        sa.CheckConstraint("source in ('hubspot', 'webhook', 'person')", name=op.f("ck_erasure_source_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_erasure_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "object_type", "object_id", name=op.f("pk_erasure")),
        comment="Whose data must be gone. Holds ids only, and survives every rebuild.",
    )


def downgrade() -> None:
    op.drop_table("erasure")
