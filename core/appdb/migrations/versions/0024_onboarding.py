"""What onboarding shows: how far an import is, what fields could be mapped to, and steps that a person called finished.

On Postgres the API's role may map fields and finish steps, of its request's tenant only; the rest is the pipeline's to write.

Revision: 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_RIGHTS = {
    "field_candidate": ("select",),
    "import_stream": ("select",),
    "onboarding_confirmation": ("select", "insert", "delete"),
}
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"


def upgrade() -> None:
    op.create_table(
        "field_candidate",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "name",
            sa.String(length=255),
            nullable=False,
            comment="Of a company property; of a ticket stage pipeline_id/stage_id.",
        ),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "type", sa.String(length=40), nullable=False, comment="HubSpot's data type; stage of a ticket stage."
        ),
        sa.Column(
            "fits",
            sa.JSON(),
            nullable=False,
            comment="Fields it can hold, each with how much it sounds like it; 0: by type alone.",
        ),
        sa.Column("sample_values", sa.JSON(), nullable=False, comment="Three at most; numbers and dates only."),
        sa.Column(
            "filled_count", sa.Integer(), nullable=False, comment="Companies with a value, or tickets in the stage."
        ),
        sa.Column("record_count", sa.Integer(), nullable=False, comment="Out of so many."),
        sa.Column("sampled_at", UtcDateTime(timezone=True), nullable=False),
        *_keys("field_candidate", "name"),
        comment="What a tenant's HubSpot has that a field could be mapped to, as the last import found it.",
    )
    op.create_table(
        "import_stream",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column(
            "read_count", sa.Integer(), nullable=False, comment="Rows read so far, those held from before included."
        ),
        sa.Column("portal_total", sa.Integer(), comment="How many HubSpot says there are; null: it does not say."),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        *_keys("import_stream", "stream"),
        comment="How far the import under way, or the last one, is with each stream; for people who watch it.",
    )
    op.create_table(
        "onboarding_confirmation",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("confirmed_by", sa.String(length=255), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step in ('connect', 'import', 'fields', 'topics', 'cards')",
            name=op.f("ck_onboarding_confirmation_step_listed"),
        ),
        *_keys("onboarding_confirmation", "step"),
        comment="Steps that a person called finished; everything else about onboarding is derived.",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, rights in _RIGHTS.items():
            op.execute(f"grant {', '.join(rights)} on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(f"create policy own_tenant on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")
        op.execute("grant select, insert on field_mapping to churnboard_api")
        op.execute("alter table field_mapping enable row level security")
        op.execute(f"create policy own_tenant on field_mapping to churnboard_api using ({_MINE}) with check ({_MINE})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop policy own_tenant on field_mapping")
        op.execute("alter table field_mapping disable row level security")
        op.execute("revoke select, insert on field_mapping from churnboard_api")
    for table in reversed(_RIGHTS):
        op.drop_table(table)


def _keys(table: str, key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", key, name=op.f(f"pk_{table}")),
    )
