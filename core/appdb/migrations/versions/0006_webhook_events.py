"""What HubSpot's webhooks announce is kept until it was read.

The API's role gets no right to it on Postgres: no tenant's request has a use for it.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_event",
        sa.Column(
            "event_key", sa.String(64), nullable=False, comment="SHA-256 of what makes two deliveries one event."
        ),
        sa.Column("tenant_id", sa.String(40), comment="Null: nobody's portal we know."),
        sa.Column("portal_id", sa.String(40), nullable=False),
        sa.Column("subscription_type", sa.String(80), nullable=False),
        sa.Column("subscription_id", sa.String(40)),
        sa.Column("event_id", sa.String(40), comment="HubSpot's, which does not promise that it is unique."),
        sa.Column(
            "object_type", sa.String(40), nullable=False, comment="As HubSpot spells it: a word, or a number like 0-5."
        ),
        sa.Column("object_id", sa.String(40)),
        sa.Column("property_name", sa.Text()),
        sa.Column("raw", sa.JSON(), nullable=False, comment="The event without the property's value."),
        sa.Column("occurred_at", _TIME),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False, comment="From when on it is worth an attempt."),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("handled_at", _TIME, comment="When what it announced was in the warehouse; null: not yet."),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_webhook_event_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_key", name=op.f("pk_webhook_event")),
        comment="What HubSpot said has changed. A hint to look, never data: its rows are only ever added, handled and pruned.",
    )
    op.create_index(
        "ix_webhook_event_unhandled",
        "webhook_event",
        ["tenant_id", "due_at"],
        sqlite_where=sa.text("handled_at is null"),
        postgresql_where=sa.text("handled_at is null"),
    )
    op.create_index(op.f("ix_webhook_event_received_at"), "webhook_event", ["received_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table webhook_event enable row level security")


def downgrade() -> None:
    op.drop_table("webhook_event")
