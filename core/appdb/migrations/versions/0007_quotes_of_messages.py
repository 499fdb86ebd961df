"""Evidence tells which message of the ticket it quotes, when that was sent, and whether the problem looked solved in it.

Builds made before keep null there: they quote opening texts.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "published_card_evidence"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("message_id", sa.Text(), nullable=True))
    op.add_column(_TABLE, sa.Column("message_sent_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column(_TABLE, sa.Column("resolution", sa.Text(), nullable=True))
    _make_view()


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop view bi.card_evidence")
    for column in ("resolution", "message_sent_at", "message_id"):
        op.drop_column(_TABLE, column)
    _make_view()


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view() -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if not _is_postgres():
        return
    op.execute("drop view if exists bi.card_evidence")
    op.execute(
        "create view bi.card_evidence with (security_invoker = true) as "
        f"select served.* from {_TABLE} as served join published_build using (tenant_id, build_id)"
    )
