"""Rules that tenants make themselves, and thresholds of the trigger that counts them.

The API's role gets no right to the rules on Postgres: no tenant's request has a use for them yet.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BEFORE = "'frustrated', 'significant_support', 'silently_struggling'"
_NAME = "ck_trigger_param_trigger_type_listed"


def upgrade() -> None:
    _list_trigger_types(f"{_BEFORE}, 'tenant_rule'")
    op.create_table(
        "trigger_rule",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="From 1, without gaps, per rule; the newest is in force."
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tree", sa.JSON(), nullable=False, comment="What must be so: all, any and not over comparisons."),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("is_notify", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False, comment="Whether it fires from then on."),
        sa.Column("dry_run", sa.JSON(), nullable=False, comment="What it would have opened when its tree was saved."),
        sa.Column("valid_from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.CheckConstraint(
            "severity in ('low', 'medium', 'high', 'critical')", name=op.f("ck_trigger_rule_severity_listed")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_trigger_rule_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "rule_id", "version", name=op.f("pk_trigger_rule")),
        comment="Rules a tenant made; rows are only ever added.",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table trigger_rule enable row level security")


def downgrade() -> None:
    op.drop_table("trigger_rule")
    op.execute("delete from trigger_param where trigger_type = 'tenant_rule'")
    _list_trigger_types(_BEFORE)


def _list_trigger_types(values: str) -> None:
    with op.batch_alter_table("trigger_param") as table:
        table.drop_constraint(op.f(_NAME), type_="check")
        table.create_check_constraint(op.f(_NAME), f"trigger_type in ({values})")
