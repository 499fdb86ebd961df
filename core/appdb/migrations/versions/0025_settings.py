"""A tenant's people change its settings themselves, each change with a note; budgets are shown; a deleted tenant leaves a receipt.

The API's role may from here on add versions of what a tenant has set, and change the tenant's own row.

Revision: 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_VERSIONED = ("trigger_param", "trigger_preset", "trigger_rule", "llm_budget")
_CHANGEABLE = ("name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days")
_SOURCES = "'hubspot', 'webhook', 'person'"
_SOURCE_CHECK = "ck_erasure_source_listed"
_NOTES = {
    "trigger_param": "Why, in the words of whoever changed it; null: not said.",
    "trigger_preset": "Why, in the words of whoever chose it; null: not said.",
}


def upgrade() -> None:
    op.add_column(
        "tenant",
        sa.Column(
            "retention_days",
            sa.Integer(),
            nullable=True,
            comment="How long the words of closed tickets are kept; null: for good.",
        ),
    )
    for table, comment in _NOTES.items():
        op.add_column(table, sa.Column("note", sa.Text(), nullable=True, comment=comment))
    op.add_column(
        "trigger_rule",
        sa.Column(
            "is_deleted",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Whether it is listed no more.",
        ),
    )
    _list_sources(f"{_SOURCES}, 'retention'")
    op.create_table(
        "llm_standing",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False, comment="2026-11; by the clock of the call journal."),
        sa.Column("spent_usd", sa.Float(), nullable=False),
        sa.Column("reserved_usd", sa.Float(), nullable=False, comment="Set aside for calls that are being made."),
        sa.Column("deferred_count", sa.Integer(), nullable=False, comment="Tickets that wait for room."),
        sa.Column("deferred_usd", sa.Float(), nullable=False, comment="What they are taken to cost."),
        sa.Column(
            "unread_count",
            sa.Integer(),
            nullable=True,
            comment="Calls that are still to be made, by an estimate; null: not estimated.",
        ),
        sa.Column("unread_usd", sa.Float(), nullable=True, comment="What they would cost; null: not estimated."),
        sa.Column("is_paid", sa.Boolean(), nullable=False, comment="Whether what reads costs anything."),
        sa.Column("measured_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_llm_standing_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_llm_standing")),
        comment="How a tenant's month stood when it was last looked at; the call journal is where it is counted.",
    )
    op.create_table(
        "deletion",
        sa.Column(
            "receipt_id",
            sa.String(length=43),
            nullable=False,
            comment="Not to be guessed: whoever has it may read the row.",
        ),
        sa.Column(
            "tenant_id",
            sa.String(length=40),
            nullable=False,
            comment="The slug; there is no such tenant any more.",
        ),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("step", sa.Text(), nullable=False, comment="What is being done, or was last."),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "done_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="When nothing was found any more; null: still to be done.",
        ),
        sa.Column("cleared", sa.JSON(), nullable=False, comment="Rows, calls and files that went, by store."),
        sa.Column(
            "searched", sa.JSON(), nullable=False, comment="Tables, columns, texts and files looked at afterwards."
        ),
        sa.Column(
            "residue",
            sa.JSON(),
            nullable=False,
            comment="Where something was found afterwards: store, where, count.",
        ),
        sa.Column("error_message", sa.Text(), nullable=True, comment="Why it did not end, as a sentence."),
        sa.CheckConstraint(
            "status in ('requested', 'running', 'done', 'incomplete', 'failed')",
            name=op.f("ck_deletion_status_listed"),
        ),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_deletion")),
        comment="Tenants that were deleted, and what the search for the rest found. Survives what it tells of.",
    )
    op.create_index(op.f("ix_deletion_tenant_id"), "deletion", ["tenant_id"])
    if not _is_postgres():
        return
    for table in ("trigger_param", "trigger_rule", "llm_budget", "llm_standing"):
        op.execute(f"grant select on {table} to churnboard_api")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy own_tenant on {table} for select to churnboard_api using ({_MINE})")
    for table in _VERSIONED:
        op.execute(f"grant insert on {table} to churnboard_api")
        op.execute(f"create policy own_tenant_adds on {table} for insert to churnboard_api with check ({_MINE})")
    op.execute(f"grant update ({', '.join(_CHANGEABLE)}) on tenant to churnboard_api")
    op.execute(
        f"create policy own_tenant_changes on tenant for update to churnboard_api using ({_MINE}) with check ({_MINE})"
    )
    # Asked for by the tenant, read by nobody as that role: a receipt belongs to whoever has its id.
    op.execute("grant insert on deletion to churnboard_api")
    op.execute("alter table deletion enable row level security")
    op.execute(f"create policy own_tenant_adds on deletion for insert to churnboard_api with check ({_MINE})")


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop policy own_tenant_changes on tenant")
        op.execute(f"revoke update ({', '.join(_CHANGEABLE)}) on tenant from churnboard_api")
        for table in _VERSIONED:
            op.execute(f"drop policy own_tenant_adds on {table}")
            op.execute(f"revoke insert on {table} from churnboard_api")
        for table in ("trigger_param", "trigger_rule", "llm_budget"):
            op.execute(f"drop policy own_tenant on {table}")
            op.execute(f"revoke select on {table} from churnboard_api")
    op.drop_table("deletion")
    op.drop_table("llm_standing")
    op.execute("delete from erasure where source = 'retention'")
    _list_sources(_SOURCES)
    op.drop_column("trigger_rule", "is_deleted")
    for table in _NOTES:
        op.drop_column(table, "note")
    op.drop_column("tenant", "retention_days")


def _list_sources(values: str) -> None:
    with op.batch_alter_table("erasure") as table:
        table.drop_constraint(op.f(_SOURCE_CHECK), type_="check")
        table.create_check_constraint(op.f(_SOURCE_CHECK), f"source in ({values})")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
