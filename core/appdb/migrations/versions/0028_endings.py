"""Quality of readings and words of prompts are served, tasks can be cancelled, and a tenant's settings have a version.

Revision: 0028, after 0026.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None

_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_TASK_STATUSES = "'queued', 'running', 'done', 'failed'"
_QUALITY = {
    "metric_on": sa.Date,
    "task": sa.Text,
    "analyzer": sa.Text,
    "model": sa.Text,
    "prompt_version": sa.Text,
    "reader_count": sa.Integer,
    "ticket_count": sa.Integer,
    "read_count": sa.Integer,
    "dead_letter_count": sa.Integer,
    "dead_letter_score": sa.Float,
    "is_dead_letter_on_target": sa.Boolean,
    "verified_quote_count": sa.Integer,
    "verified_quote_score": sa.Float,
    "is_quote_on_target": sa.Boolean,
    "none_topic_score": sa.Float,
    "corrected_count": sa.Integer,
    "labelled_set": sa.Text,
    "labelled_count": sa.Integer,
    "kappa_score": sa.Float,
    "negative_precision_score": sa.Float,
    "negative_recall_score": sa.Float,
    "canary_count": sa.Integer,
    "canary_right_count": sa.Integer,
    "injection_count": sa.Integer,
    "injection_steered_count": sa.Integer,
    "flip_score": sa.Float,
    "cost_usd": sa.Float,
    "cost_usd_per_1000_tickets": sa.Float,
}


def upgrade() -> None:
    _serve_quality()
    _keep_wordings()
    op.add_column(
        "task",
        sa.Column(
            "cancel_asked_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="When somebody asked for it to be stopped; null: nobody has.",
        ),
    )
    op.add_column(
        "tenant",
        sa.Column(
            "version",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="How often what people set of it was changed, from 1: tells whoever changes it what they looked at.",
        ),
    )
    _list_task_statuses(f"{_TASK_STATUSES}, 'cancelled'")
    if _is_postgres():
        op.execute("grant update (status, ended_at, lease_until_at, cancel_asked_at) on task to churnboard_api")
        op.execute("grant update (version) on tenant to churnboard_api")


def downgrade() -> None:
    if _is_postgres():
        op.execute("revoke update (version) on tenant from churnboard_api")
        op.execute("revoke update (status, ended_at, lease_until_at, cancel_asked_at) on task from churnboard_api")
    op.execute("delete from task where status = 'cancelled'")
    _list_task_statuses(_TASK_STATUSES)
    op.drop_column("task", "cancel_asked_at")
    op.drop_column("tenant", "version")
    op.drop_table("prompt_wording")
    if _is_postgres():
        op.execute("drop view bi.enrichment_quality")
    op.drop_table("published_enrichment_quality")


def _serve_quality() -> None:
    table, key = "published_enrichment_quality", ("metric_on", "task")
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("build_id", sa.String(length=40), nullable=False),
        *(sa.Column(name, kind(), nullable=name not in key, autoincrement=False) for name, kind in _QUALITY.items()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "build_id"],
            ["build.tenant_id", "build.build_id"],
            name=op.f(f"fk_{table}_tenant_id_build_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "build_id", *key, name=op.f(f"pk_{table}")),
        info={"mart": "enrichment_quality"},
    )
    if _is_postgres():
        op.execute(f"grant select on {table} to churnboard_api")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy own_tenant on {table} for select to churnboard_api using ({_MINE})")
        # What stood here for BI alone had its own table, which goes with the next publication.
        op.execute("drop view if exists bi.enrichment_quality")
        op.execute(
            "create view bi.enrichment_quality with (security_invoker = true) as "
            f"select served.* from {table} as served join published_build using (tenant_id, build_id)"
        )


def _keep_wordings() -> None:
    op.create_table(
        "prompt_wording",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("prompt_version", sa.String(length=80), nullable=False),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="Hash of the words; a version is never edited, or has two.",
        ),
        sa.Column(
            "schema_hash", sa.String(length=64), nullable=False, comment="Of the shape of the answers it asks for."
        ),
        sa.Column("notes", sa.Text(), nullable=False, comment="What changed in it, and why."),
        sa.Column("system_text", sa.Text(), nullable=False),
        sa.Column(
            "user_text",
            sa.Text(),
            nullable=False,
            comment="What a ticket is put into, variables still in their braces.",
        ),
        sa.Column(
            "again_text",
            sa.Text(),
            nullable=False,
            comment="In its place after an answer that could not be used.",
        ),
        sa.Column(
            "first_used_at",
            UtcDateTime(timezone=True),
            nullable=False,
            comment="When the tenant was first read with it.",
        ),
        sa.CheckConstraint("task in ('sentiment', 'topics')", name=op.f("ck_prompt_wording_task_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_prompt_wording_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "task", "prompt_version", "fingerprint", name=op.f("pk_prompt_wording")),
        comment="What the prompts said that a tenant's tickets were read with; rows are only ever added.",
    )
    if _is_postgres():
        op.execute("grant select on prompt_wording to churnboard_api")
        op.execute("alter table prompt_wording enable row level security")
        op.execute(f"create policy own_tenant on prompt_wording for select to churnboard_api using ({_MINE})")


def _list_task_statuses(values: str) -> None:
    check = op.f("ck_task_status_listed")
    with op.batch_alter_table("task") as table:
        table.drop_constraint(check, type_="check")
        table.create_check_constraint(check, f"status in ({values})")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
