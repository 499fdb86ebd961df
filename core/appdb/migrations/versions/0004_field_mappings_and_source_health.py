"""Field mappings get a history of their own; a source tells how its last attempt ended; evidence tells what was read.

Mappings are made by people, so those that stood in `tenant` become the first version of each field.

Revision: 0004, after 0003.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.appdb.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PROPERTIES = {
    "mrr": "mrr_property",
    "renewal": "renewal_property",
    "last_login": "last_login_property",
    "onboarding_step": "onboarding_step_property",
    "usage": "usage_property",
}
_STAGES = {"new_stages": "new_stage_ids", "waiting_stages": "waiting_stage_ids"}
_SOURCE_HEALTH: dict[str, sa.types.TypeEngine[Any]] = {
    "status": sa.Text(),
    "error_message": sa.Text(),
    "attempted_at": UtcDateTime(timezone=True),
    "lag_seconds": sa.Integer(),
    "is_complete": sa.Boolean(),
    "is_backfilling": sa.Boolean(),
}


def upgrade() -> None:
    op.create_table(
        "field_mapping",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="From 1, without gaps, per field."),
        sa.Column("property_name", sa.Text(), nullable=True),
        sa.Column("stage_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("currency_property", sa.Text(), nullable=True),
        sa.Column("valid_from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.CheckConstraint(
            "field in ('mrr', 'renewal', 'last_login', 'onboarding_step', 'usage', 'new_stages', 'waiting_stages')",
            name=op.f("ck_field_mapping_field_listed"),
        ),
        sa.CheckConstraint("unit in ('month', 'year')", name=op.f("ck_field_mapping_unit_listed")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.tenant_id"], name=op.f("fk_field_mapping_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "field", "version", name=op.f("pk_field_mapping")),
    )
    for field, column in _PROPERTIES.items():
        unit = "'month'" if field == "mrr" else "null"
        op.execute(
            "insert into field_mapping (tenant_id, field, version, property_name, unit, valid_from_at, author) "
            f"select tenant_id, '{field}', 1, {column}, {unit}, created_at, 'settings' from tenant "
            f"where {column} is not null"
        )
    for field, column in _STAGES.items():
        op.execute(
            "insert into field_mapping (tenant_id, field, version, stage_ids, valid_from_at, author) "
            f"select tenant_id, '{field}', 1, {column}, created_at, 'settings' from tenant "
            f"where cast({column} as text) <> 'null'"
        )
    for column in (*_PROPERTIES.values(), *_STAGES.values()):
        op.drop_column("tenant", column)
    for column, kind in _SOURCE_HEALTH.items():
        op.add_column("published_source_health", sa.Column(column, kind, nullable=True))
    op.add_column("published_card_evidence", sa.Column("reading_scope", sa.Text(), nullable=True))
    _make_views("source_health", "card_evidence")


def downgrade() -> None:
    if _is_postgres():
        op.execute("drop view bi.source_health, bi.card_evidence")
    op.drop_column("published_card_evidence", "reading_scope")
    for column in _SOURCE_HEALTH:
        op.drop_column("published_source_health", column)
    _make_views("source_health", "card_evidence")
    for column in _PROPERTIES.values():
        op.add_column("tenant", sa.Column(column, sa.Text(), nullable=True))
    for column in _STAGES.values():
        op.add_column("tenant", sa.Column(column, sa.JSON(), nullable=True))
    for value, columns in (("property_name", _PROPERTIES), ("stage_ids", _STAGES)):
        for field, column in columns.items():
            op.execute(
                f"update tenant set {column} = (select {value} from field_mapping as newest "
                f"where newest.tenant_id = tenant.tenant_id and field = '{field}' order by version desc limit 1)"
            )
    op.drop_table("field_mapping")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_views(*marts: str) -> None:
    """A view's `*` was spelt out when it was made: it does not know of columns that came later."""
    if not _is_postgres():
        return
    for mart in marts:
        op.execute(f"drop view if exists bi.{mart}")
        op.execute(
            f"create view bi.{mart} with (security_invoker = true) as "
            f"select served.* from published_{mart} as served join published_build using (tenant_id, build_id)"
        )
