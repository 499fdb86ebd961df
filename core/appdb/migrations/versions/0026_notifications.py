"""People are told what concerns them: in the app, by mail, in Slack.

Cards that are on a board when this runs have been there for people to see; they are told again only when they get worse. On
Postgres the API's role writes what its users cause and marks what they have read; whose a notification is, the API checks.

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_RIGHTS = {
    "notification": "select, insert, update (read_at)",
    "notification_preference": "select, insert, update",
    "notification_channel": "select, insert, update",
    "notification_delivery": "select, insert",
}
_SEVERITIES = "'low', 'medium', 'high', 'critical'"
_KINDS = "'mention', 'assignment', 'card', 'digest'"


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "notification_id",
            sa.String(length=36),
            nullable=False,
            comment="Made of what it tells, so it is told once.",
        ),
        sa.Column(
            "recipient",
            sa.String(length=255),
            nullable=False,
            comment="Subject of a user; empty: the tenant's channel.",
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("is_in_app", sa.Boolean(), nullable=False, comment="Whether the bell tells of it."),
        sa.Column(
            "actor",
            sa.String(length=255),
            nullable=True,
            comment="Subject of whoever caused it; null: the pipeline.",
        ),
        sa.Column("card_id", sa.String(length=36), nullable=True, comment="The card it leads to; null: several."),
        sa.Column("seq", sa.Integer(), nullable=True, comment="Of the card's event it is about; null: of none."),
        sa.Column("severity", sa.String(length=20), nullable=True, comment="Of the worst card in it."),
        sa.Column(
            "priority", sa.Float(), nullable=True, comment="Of the card in it that is worth most; null: unknown."
        ),
        sa.Column(
            "companies",
            sa.JSON(),
            nullable=False,
            comment="What it tells, by company; names, triggers, severities.",
        ),
        sa.Column("company_count", sa.Integer(), nullable=False, comment="Of a digest more than are told."),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "digest_id",
            sa.String(length=36),
            nullable=True,
            comment="The digest that told it; null: not put off, or not told yet.",
        ),
        sa.CheckConstraint(f"kind in ({_KINDS})", name=op.f("ck_notification_kind_listed")),
        sa.CheckConstraint("way in ('immediate', 'daily', 'weekly')", name=op.f("ck_notification_way_listed")),
        sa.CheckConstraint(f"severity in ({_SEVERITIES})", name=op.f("ck_notification_severity_listed")),
        _of_tenant("notification"),
        sa.PrimaryKeyConstraint("tenant_id", "notification_id", name=op.f("pk_notification")),
        comment="What people are told. Ids, names of companies and severities; never what anybody wrote.",
    )
    op.create_index(
        op.f("ix_notification_tenant_id_recipient_made_at"), "notification", ["tenant_id", "recipient", "made_at"]
    )
    op.create_index(
        "ix_notification_put_off",
        "notification",
        ["tenant_id", "made_at"],
        sqlite_where=sa.text("way <> 'immediate' and digest_id is null"),
        postgresql_where=sa.text("way <> 'immediate' and digest_id is null"),
    )
    op.create_table(
        "notification_told",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("card_id", sa.String(length=36), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False, comment="The worst that was told of it."),
        sa.Column("is_notify", sa.Boolean(), nullable=False, comment="Whether it was told at the point to interrupt."),
        sa.Column("told_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"severity in ({_SEVERITIES})", name=op.f("ck_notification_told_severity_listed")),
        _of_tenant("notification_told"),
        sa.PrimaryKeyConstraint("tenant_id", "card_id", name=op.f("pk_notification_told")),
        comment="What was told of each card; it is told again only when it got worse.",
    )
    op.create_table(
        "notification_preference",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("is_in_app", sa.Boolean(), nullable=False),
        sa.Column("is_email", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind in ({_KINDS})", name=op.f("ck_notification_preference_kind_listed")),
        _of_tenant("notification_preference"),
        sa.PrimaryKeyConstraint("tenant_id", "subject", "kind", name=op.f("pk_notification_preference")),
        comment="What people want to be told where; without a row both.",
    )
    op.create_table(
        "notification_channel",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="How often it was set."),
        sa.Column(
            "weekly_budget",
            sa.Integer(),
            nullable=False,
            comment="Immediate notifications of cards per recipient.",
        ),
        sa.Column(
            "slack_url",
            sa.Text(),
            nullable=True,
            comment="Fernet ciphertext of the webhook's address; null: there is none.",
        ),
        sa.Column("slack_name", sa.Text(), nullable=True, comment="How people call the channel."),
        sa.Column("slack_kinds", sa.JSON(), nullable=False, comment="Kinds that are told there."),
        sa.Column(
            "slack_error",
            sa.Text(),
            nullable=True,
            comment="Why nothing is sent there any more, as a sentence; null: it works.",
        ),
        sa.Column("updated_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weekly_budget >= 0", name=op.f("ck_notification_channel_weekly_budget_not_negative")),
        _of_tenant("notification_channel"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_notification_channel")),
        comment="How a tenant is told things: the budget of its people, and its Slack channel.",
    )
    op.create_table(
        "notification_delivery",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("notification_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column(
            "unsure_count",
            sa.Integer(),
            nullable=False,
            comment="Attempts after which nobody knows whether it was sent.",
        ),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False, comment="Not to be tried before."),
        sa.Column("queued_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "error_message",
            sa.Text(),
            nullable=True,
            comment="Why it is not sent, or not yet, as a sentence.",
        ),
        sa.CheckConstraint("channel in ('email', 'slack')", name=op.f("ck_notification_delivery_channel_listed")),
        sa.CheckConstraint(
            "status in ('queued', 'sending', 'sent', 'failed', 'skipped')",
            name=op.f("ck_notification_delivery_status_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["notification.tenant_id", "notification.notification_id"],
            name=op.f("fk_notification_delivery_tenant_id_notification_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notification_id", "channel", name=op.f("pk_notification_delivery")),
        comment="What is sent away, and what became of it.",
    )
    op.create_index(
        "ix_notification_delivery_open",
        "notification_delivery",
        ["due_at"],
        sqlite_where=sa.text("status in ('queued', 'sending')"),
        postgresql_where=sa.text("status in ('queued', 'sending')"),
    )
    op.execute(
        "insert into notification_told (tenant_id, card_id, severity, is_notify, told_at) "
        "select cards.tenant_id, cards.card_id, cards.severity, cards.is_notify, served.published_at "
        "from published_churn_risk_cards as cards join published_build as served "
        "on cards.tenant_id = served.tenant_id and cards.build_id = served.build_id where cards.is_active"
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, rights in _RIGHTS.items():
            op.execute(f"grant {rights} on {table} to churnboard_api")
            op.execute(f"create policy own_tenant on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")
        for table in (*_RIGHTS, "notification_told"):
            op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in ("notification_delivery", "notification_channel", "notification_preference"):
        op.drop_table(table)
    op.drop_table("notification_told")
    op.drop_table("notification")


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenant.tenant_id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
    )
