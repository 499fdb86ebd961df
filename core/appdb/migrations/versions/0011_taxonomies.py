"""Taxonomies get versions, a draft, corrections and proposals; topics on the dashboard know what stands above them.

The topics a tenant had become its version 1.

Revision: 0011, after 0010.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MINE = ("topic_version", "topic_edit", "correction", "topic_proposal", "topic_proposal_quote")


def upgrade() -> None:
    _make_tables()
    _versions_of_topics()
    if _is_postgres():
        op.execute("drop policy own_tenant on topic")
        for table in _MINE:
            op.execute(f"grant select on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(
                f"create policy own_tenant on {table} for select to churnboard_api "
                "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
            )
    op.drop_table("topic")
    op.add_column("published_topic_metrics_daily", sa.Column("parent_topic", sa.Text(), nullable=True))
    _make_view()


def downgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=80), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_topic_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_topic")),
    )
    bind = op.get_bind()
    newest = {
        row.tenant_id: (row.version, json.loads(row.content) if isinstance(row.content, str) else row.content)
        for row in bind.execute(sa.text("select tenant_id, version, content from topic_version order by version"))
    }
    for tenant_id, (version, content) in newest.items():
        for topic in content["topics"]:
            bind.execute(
                sa.text(
                    "insert into topic (tenant_id, name, description, parent, is_active, version) "
                    "values (:tenant_id, :name, :description, :parent, :is_active, :version)"
                ),
                {"tenant_id": tenant_id, "version": version, **topic},
            )
    if _is_postgres():
        op.execute("grant select on topic to churnboard_api")
        op.execute("alter table topic enable row level security")
        op.execute(
            "create policy own_tenant on topic for select to churnboard_api "
            "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
        )
        op.execute("drop view bi.topic_metrics_daily")
    op.drop_column("published_topic_metrics_daily", "parent_topic")
    _make_view()
    for table in reversed(_MINE):
        op.drop_table(table)


def _versions_of_topics() -> None:
    bind = op.get_bind()
    topics: dict[str, list[dict[str, object]]] = {}
    for row in bind.execute(
        sa.text("select tenant_id, name, description, parent, is_active from topic order by tenant_id, name")
    ).mappings():
        held = dict(row) | {"is_active": bool(row["is_active"])}
        topics.setdefault(held.pop("tenant_id"), []).append(held)
    versions = sa.table(
        "topic_version",
        sa.column("tenant_id"),
        sa.column("version"),
        sa.column("content", sa.JSON()),
        sa.column("is_relabelling", sa.Boolean()),
        sa.column("author"),
        sa.column("note"),
        sa.column("shipped_at", UtcDateTime(timezone=True)),
    )
    for tenant_id, listed in topics.items():
        content = {"topics": listed, "rules": [], "examples": [], "successors": {}, "last_rule_id": 0}
        op.execute(
            versions.insert().values(
                tenant_id=tenant_id,
                version=1,
                content=content,
                is_relabelling=False,
                author="settings",
                note="As it stood before there were versions.",
                shipped_at=datetime.now(UTC),
            )
        )


def _make_tables() -> None:
    op.create_table(
        "topic_version",
        _tenant_id(),
        sa.Column("version", sa.Integer(), nullable=False, comment="From 1, without gaps; the newest is in force."),
        sa.Column(
            "content",
            sa.JSON(),
            nullable=False,
            comment="Topics, rules, examples by correction, successors of names.",
        ),
        sa.Column("is_relabelling", sa.Boolean(), nullable=False, comment="Differs from the one before by names only."),
        sa.Column(
            "restored_version",
            sa.Integer(),
            nullable=True,
            comment="Whose content this is again; null: it came from the draft.",
        ),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("shipped_at", UtcDateTime(timezone=True), nullable=False),
        *_keys("topic_version", "version"),
        comment="Taxonomies as they were shipped; rows are only ever added.",
    )
    op.create_table(
        "topic_edit",
        _tenant_id(),
        sa.Column("edit_id", sa.Integer(), nullable=False, comment="From 1, per tenant."),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=True, comment="The version it was shipped in; null: still in the draft."
        ),
        sa.CheckConstraint(
            "kind in ('add', 'describe', 'rename', 'merge', 'split', 'archive', 'restore', 'move', 'add_rule', 'remove_rule')",
            name=op.f("ck_topic_edit_kind_listed"),
        ),
        *_keys("topic_edit", "edit_id"),
        comment="What people did to the taxonomy. The draft is the newest version with the edits that are not shipped.",
    )
    op.create_table(
        "correction",
        _tenant_id(),
        sa.Column("correction_id", sa.Integer(), nullable=False, comment="From 1, per tenant."),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False, comment="What the reading said: a list of values."),
        sa.Column("after", sa.JSON(), nullable=False, comment="What it should have said: a list of values."),
        sa.Column(
            "text", sa.Text(), nullable=True, comment="What the ticket said when it was corrected; null once erased."
        ),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=True, comment="Null: not said, or erased."),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "withdrawn_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="When somebody took it back; null: nobody has.",
        ),
        sa.CheckConstraint("field in ('topics', 'sentiment', 'churn_intent')", name=op.f("ck_correction_field_listed")),
        *_keys("correction", "correction_id"),
        comment="Readings a person corrected. The last one of a ticket and field that was not withdrawn stands.",
    )
    op.create_index(op.f("ix_correction_tenant_id_ticket_id"), "correction", ["tenant_id", "ticket_id"])
    op.create_table(
        "topic_proposal",
        _tenant_id(),
        sa.Column("proposal_id", sa.Integer(), nullable=False, comment="From 1, per tenant."),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("ticket_count", sa.Integer(), nullable=False),
        sa.Column("looked_at_count", sa.Integer(), nullable=False, comment="Tickets the proposal was made from."),
        sa.Column("company_count", sa.Integer(), nullable=False),
        sa.Column(
            "mrr_touched", sa.Float(), nullable=True, comment="Known MRR of those companies; null: none is known."
        ),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("proposed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('open', 'accepted', 'dismissed', 'replaced')", name=op.f("ck_topic_proposal_status_listed")
        ),
        *_keys("topic_proposal", "proposal_id"),
        comment="Topics found in tickets, for a person to take or leave.",
    )
    op.create_table(
        "topic_proposal_quote",
        _tenant_id(),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("quote_index", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("quote_start", sa.Integer(), nullable=False),
        sa.Column("quote_end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "proposal_id"],
            ["topic_proposal.tenant_id", "topic_proposal.proposal_id"],
            name=op.f("fk_topic_proposal_quote_tenant_id_proposal_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "proposal_id", "quote_index", name=op.f("pk_topic_proposal_quote")),
    )


def _tenant_id() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.String(length=40), nullable=False)


def _keys(table: str, key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", key, name=op.f(f"pk_{table}")),
    )


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_view() -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if _is_postgres():
        op.execute("drop view if exists bi.topic_metrics_daily")
        op.execute(
            "create view bi.topic_metrics_daily with (security_invoker = true) as "
            "select served.* from published_topic_metrics_daily as served join published_build using (tenant_id, build_id)"
        )
