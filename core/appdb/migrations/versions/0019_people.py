"""Invitations, API keys, and the trail of what people did with access.

On Postgres the API's role may change roles and remove users, make and end invitations and keys, and add to the trail, of its
request's tenant only. What was written into the trail it can neither change nor remove.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_RIGHTS = {
    "invitation": ("select", "insert", "update (secret_hash, expires_at, accepted_at, accepted_by, revoked_at)"),
    "api_key": ("select", "insert", "update (last_used_at, revoked_at)"),
    "audit": ("select", "insert"),
}
_USER_RIGHTS = ("insert", "update (role)", "delete")
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"
_IS_OPEN = "accepted_at is null and revoked_at is null"


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("invitation_id", sa.String(40), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="In small letters; who accepts must have it verified."),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, comment="SHA-256 of the link's secret, hexadecimal."),
        sa.Column(
            "invited_by", sa.String(255), nullable=False, comment="Subject of the admin, or name of an operator."
        ),
        sa.Column("invited_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(255), nullable=True),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('viewer', 'member', 'admin')", name=op.f("ck_invitation_role_listed")),
        *_keys("invitation", "invitation_id"),
        sa.UniqueConstraint("secret_hash", name="uq_invitation_secret_hash"),
    )
    op.create_index(
        "uq_invitation_open_email",
        "invitation",
        ["tenant_id", "email"],
        unique=True,
        sqlite_where=sa.text(_IS_OPEN),
        postgresql_where=sa.text(_IS_OPEN),
    )
    op.create_table(
        "api_key",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False, comment="Second part of the key; no secret."),
        sa.Column("secret_hash", sa.String(64), nullable=False, comment="SHA-256 of the whole key, hexadecimal."),
        sa.Column("name", sa.Text(), nullable=False, comment="What it is for."),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True, comment="Null: never."),
        sa.Column(
            "last_used_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="Give or take five minutes; null: not yet.",
        ),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        *_keys("api_key", "prefix"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_table(
        "audit",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column("audit_id", sa.String(36), nullable=False),
        sa.Column("occurred_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False, comment="Subject of a user, or name of an operator."),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="The name they went by then."),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_type", sa.String(40), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False, comment="Small facts, never a secret."),
        sa.Column(
            "request_id", sa.String(64), nullable=True, comment="Finds the request in the log; null: it was none."
        ),
        *_keys("audit", "audit_id"),
        comment="Who did what; rows are only ever added.",
    )
    op.create_index(op.f("ix_audit_tenant_id_occurred_at"), "audit", ["tenant_id", "occurred_at"])
    if not _is_postgres():
        return
    for table, rights in _RIGHTS.items():
        op.execute(f"grant {', '.join(rights)} on {table} to churnboard_api")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy own_tenant on {table} to churnboard_api using ({_MINE}) with check ({_MINE})")
    op.execute(f'grant {", ".join(_USER_RIGHTS)} on "user" to churnboard_api')
    op.execute(f'create policy own_tenant_keeps on "user" to churnboard_api using ({_MINE}) with check ({_MINE})')


def downgrade() -> None:
    if _is_postgres():
        op.execute('drop policy own_tenant_keeps on "user"')
        op.execute(f'revoke {", ".join(_USER_RIGHTS)} on "user" from churnboard_api')
    for table in ("audit", "api_key", "invitation"):
        op.drop_table(table)


def _keys(table: str, key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", key, name=op.f(f"pk_{table}")),
    )


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
