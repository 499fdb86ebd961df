"""A tenant's own values of trigger parameters say who set them and can be taken back; presets are chosen, and remembered.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ABOUT = "A tenant's own values of the triggers' parameters; rows are only ever added."
_TAKEN_BACK = "Null: taken back, the preset's value holds again."


def upgrade() -> None:
    with op.batch_alter_table("trigger_param") as table:
        table.add_column(sa.Column("author", sa.String(length=255), nullable=True))
        table.alter_column("value", existing_type=sa.Float(), nullable=True, comment=_TAKEN_BACK)
    op.execute("update trigger_param set author = 'settings'")
    with op.batch_alter_table("trigger_param") as table:
        table.alter_column("author", existing_type=sa.String(length=255), nullable=False)
    op.create_table(
        "trigger_preset",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="From 1, without gaps; before the first, balanced holds.",
        ),
        sa.Column("preset", sa.String(length=20), nullable=False),
        sa.Column("valid_from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.CheckConstraint("preset in ('balanced', 'quiet')", name=op.f("ck_trigger_preset_preset_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_trigger_preset_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_trigger_preset")),
        comment="Which preset a tenant chose, and since when; rows are only ever added.",
    )
    if _is_postgres():
        op.create_table_comment("trigger_param", _ABOUT)
        op.execute("grant select on trigger_preset to churnboard_api")
        op.execute("alter table trigger_preset enable row level security")
        op.execute(
            "create policy own_tenant on trigger_preset for select to churnboard_api "
            "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
        )


def downgrade() -> None:
    """A value that was taken back has no place in the older table, and goes with its history, lest the one before hold."""
    op.drop_table("trigger_preset")
    op.execute(
        "delete from trigger_param where exists (select 1 from trigger_param as taken where taken.value is null "
        "and taken.tenant_id = trigger_param.tenant_id and taken.trigger_type = trigger_param.trigger_type "
        "and taken.name = trigger_param.name and taken.version >= trigger_param.version)"
    )
    with op.batch_alter_table("trigger_param") as table:
        table.drop_column("author")
        table.alter_column(
            "value", existing_type=sa.Float(), nullable=False, existing_comment=_TAKEN_BACK, comment=None
        )
    if _is_postgres():
        op.drop_table_comment("trigger_param", existing_comment=_ABOUT)


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
