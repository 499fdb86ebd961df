"""Topics are worked on over the API: its role may edit the draft, decide on proposals and correct readings of published tickets.

The right to update `tenant` is one to lock it: its only column is the key, and the policy lets no other value stand there.

Revision: 0023, after 0022.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from core.appdb.types import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_KINDS = "'add', 'describe', 'rename', 'merge', 'split', 'archive', 'restore', 'move', 'add_rule', "
_RIGHTS = {
    "topic_version": "select, insert",
    "topic_edit": "select, insert, delete",
    "topic_draft": "select, insert, update",
    "topic_proposal": "select, update",
    "topic_proposal_quote": "select",
    "correction": "select, insert, update",
}
_COLUMNS: dict[str, type[TypeEngine[Any]] | UtcDateTime] = {
    "ticket_id": sa.Text,
    "subject": sa.Text,
    "url": sa.Text,
    "company_id": sa.Text,
    "company_name": sa.Text,
    "ticket_status": sa.Text,
    "created_at": UtcDateTime(timezone=True),
    "text": sa.Text,
    "input_hash": sa.Text,
    "is_erased": sa.Boolean,
    "topics": sa.Text,
    "corrected_by": sa.Text,
    "sentiment": sa.Text,
    "churn_intent": sa.Text,
    "quote_spans": sa.Text,
    "analyzer": sa.Text,
    "model": sa.Text,
    "prompt_version": sa.Text,
}


def upgrade() -> None:
    _list_kinds(f"{_KINDS}'change_rule', 'remove_rule'")
    op.create_table(
        "topic_draft",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column(
            "seq",
            sa.Integer(),
            nullable=False,
            comment="How often the draft, or the version in force, was changed.",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_topic_draft_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_topic_draft")),
        comment="Tells whoever edits whether the draft is still the one they looked at.",
    )
    op.create_table(
        "published_ticket_readings",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("build_id", sa.String(length=40), nullable=False),
        *(sa.Column(name, kind, nullable=name != "ticket_id") for name, kind in _COLUMNS.items()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "build_id"],
            ["build.tenant_id", "build.build_id"],
            name=op.f("fk_published_ticket_readings_tenant_id_build_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "build_id", "ticket_id", name=op.f("pk_published_ticket_readings")),
        info={"mart": "ticket_readings"},
    )
    if not _is_postgres():
        return
    for table, rights in _RIGHTS.items():
        op.execute(f"grant {rights} on {table} to churnboard_api")
        op.execute(f"alter table {table} enable row level security")
        # There are some for readers already.
        op.execute(f"create policy own_tenant_works on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")
    op.execute("grant update (tenant_id) on tenant to churnboard_api")
    op.execute(
        f"create policy own_tenant_locks on tenant for update to churnboard_api using ({_MINE}) with check ({_MINE})"
    )
    op.execute("grant select on published_ticket_readings to churnboard_api")
    op.execute("alter table published_ticket_readings enable row level security")
    op.execute(f"create policy own_tenant on published_ticket_readings for select to churnboard_api using ({_MINE})")
    op.execute(
        "create view bi.ticket_readings with (security_invoker = true) as "
        "select served.* from published_ticket_readings as served join published_build using (tenant_id, build_id)"
    )


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop view bi.ticket_readings")
        op.execute("drop policy own_tenant_locks on tenant")
        op.execute("revoke update (tenant_id) on tenant from churnboard_api")
        for table, rights in _RIGHTS.items():
            op.execute(f"drop policy own_tenant_works on {table}")
            if writes := rights.removeprefix("select").removeprefix(", "):
                op.execute(f"revoke {writes} on {table} from churnboard_api")
    op.drop_table("published_ticket_readings")
    op.drop_table("topic_draft")
    op.execute("delete from topic_edit where kind = 'change_rule'")
    _list_kinds(f"{_KINDS}'remove_rule'")


def _list_kinds(values: str) -> None:
    name = op.f("ck_topic_edit_kind_listed")
    with op.batch_alter_table("topic_edit") as table:
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, f"kind in ({values})")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
