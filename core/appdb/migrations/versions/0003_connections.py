"""HubSpot connections that people make in the board, and consents on their way.

On Postgres the API's role may now write, but these two tables only, and of them only rows of the request's tenant.

Revision: 0003, after 0002.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COMMENTS = {
    "credentials": (sa.Text(), "Fernet ciphertext of a JSON object; null once disconnected."),
    "hub_id": (sa.String(40), "The portal; null where unknown, or disconnected."),
    "scopes": (sa.JSON(), "As granted; null where unknown."),
    "error_message": (sa.Text(), "What is wrong, or was said at the end, as a sentence."),
}
_RIGHTS = {"connection": ("select", "insert", "update"), "oauth_state": ("select", "insert", "delete")}
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')"


def _added() -> list[sa.Column[Any]]:
    return [
        sa.Column("expires_at", UtcDateTime(timezone=True), comment="When the access token dies; null: never."),
        sa.Column(
            "origin_hub_id", sa.String(40), comment="The first portal connected: whose records the tenant holds."
        ),
        sa.Column("connected_by", sa.String(255), comment="Subject of the user who connected; null: an operator."),
        sa.Column("connected_at", UtcDateTime(timezone=True)),
    ]


def upgrade() -> None:
    with op.batch_alter_table("connection") as table:
        for column in _added():
            table.add_column(column)
        for name, (kind, comment) in _COMMENTS.items():
            table.alter_column(name, existing_type=kind, nullable=True, comment=comment)
    op.execute("update connection set origin_hub_id = hub_id")
    op.create_table(
        "oauth_state",
        sa.Column("tenant_id", sa.String(40), nullable=False),
        sa.Column(
            "state_hash", sa.String(64), nullable=False, comment="SHA-256 of what HubSpot hands back, hexadecimal."
        ),
        sa.Column(
            "browser_hash", sa.String(64), nullable=False, comment="The same of the cookie of the browser that asked."
        ),
        sa.Column("subject", sa.String(255), nullable=False, comment="The user who asked."),
        sa.Column("secret", sa.Text(), nullable=False, comment="Fernet ciphertext of PKCE verifier and redirect URI."),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_oauth_state_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "state_hash", name=op.f("pk_oauth_state")),
        sa.UniqueConstraint("state_hash", name="uq_oauth_state_state_hash"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    for table_name, rights in _RIGHTS.items():
        op.execute(f'grant {", ".join(rights)} on "{table_name}" to churnboard_api')
        op.execute(f'alter table "{table_name}" enable row level security')
        op.execute(f'create policy own_tenant on "{table_name}" to churnboard_api using ({_MINE}) with check ({_MINE})')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table_name, rights in _RIGHTS.items():
            op.execute(f'drop policy own_tenant on "{table_name}"')
            op.execute(f'alter table "{table_name}" disable row level security')
            op.execute(f'revoke {", ".join(rights)} on "{table_name}" from churnboard_api')
    op.drop_table("oauth_state")
    op.execute("delete from connection where credentials is null")
    with op.batch_alter_table("connection") as table:
        table.alter_column("credentials", existing_type=sa.Text(), nullable=False)
        for column in _added():
            table.drop_column(column.name)
