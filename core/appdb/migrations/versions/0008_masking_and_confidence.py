"""Tenants are masked unless somebody switches that off; evidence tells how far its reading may be trusted.

Revision: 0008, after 0007.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CONFIDENCE: dict[str, sa.types.TypeEngine[Any]] = {
    "confidence": sa.Text(),
    "measured_answer": sa.Text(),
    "right_count": sa.Integer(),
    "answered_count": sa.Integer(),
}


def upgrade() -> None:
    op.add_column(
        "tenant",
        sa.Column(
            "is_masked",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
            comment="Whether personal details are masked before a text is sent to a model.",
        ),
    )
    for column, kind in _CONFIDENCE.items():
        op.add_column("published_card_evidence", sa.Column(column, kind, nullable=True))
    _make_view()


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop view bi.card_evidence")
    for column in _CONFIDENCE:
        op.drop_column("published_card_evidence", column)
    _make_view()
    op.drop_column("tenant", "is_masked")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view() -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if not _is_postgres():
        return
    op.execute("drop view if exists bi.card_evidence")
    op.execute(
        "create view bi.card_evidence with (security_invoker = true) as "
        "select served.* from published_card_evidence as served join published_build using (tenant_id, build_id)"
    )
