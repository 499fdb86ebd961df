"""What open browsers are told as it happens, and ways of looking at the board that people keep.

On Postgres the API's role announces what its users do, and lets go of what is too old to be told. It changes and removes views of
its tenant; whose they are, the API checks.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_RIGHTS = {
    "live_position": "select, insert, update",
    "live_event": "select, insert, delete",
    "saved_view": "select, insert, update, delete",
}


def upgrade() -> None:
    op.create_table(
        "live_position",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "position", sa.Integer(), nullable=False, comment="Of the newest row of `live_event`; only ever grows."
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_live_position_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_live_position")),
        comment="Whoever announces something moves this row in the same transaction, so positions become visible in their order.",
    )
    op.create_table(
        "live_event",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "position", sa.Integer(), autoincrement=False, nullable=False, comment="From 1 without gaps, per tenant."
        ),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False, comment="Ids, states and subjects; never what a person wrote."),
        sa.Column("occurred_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_live_event_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_live_event")),
        comment="What open browsers are told; the newest so many of a tenant are kept.",
    )
    op.create_table(
        "saved_view",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False, comment="Subject of the user who saved it."),
        sa.Column("is_shared", sa.Boolean(), nullable=False, comment="Whether everybody of the tenant sees it."),
        sa.Column("query", sa.JSON(), nullable=False, comment="The board's filters and sort."),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_saved_view_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "view_id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("tenant_id", "owner", "name", name=op.f("uq_saved_view_tenant_id_owner_name")),
        comment="Ways of looking at the board that people keep.",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, rights in _RIGHTS.items():
            op.execute(f"grant {rights} on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(f"create policy own_tenant on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")


def downgrade() -> None:
    for table in reversed(_RIGHTS):
        op.drop_table(table)
