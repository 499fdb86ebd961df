"""A tenant may say which company property holds the day a customer left; precision and recall are published.

Revision: 0014, after 0013.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FIELDS = ("mrr", "renewal", "last_login", "onboarding_step", "usage", "new_stages", "waiting_stages")
_CHURN = "churn"
_KEYS = {
    "alert_precision": ("trigger_type", "opened_severity", "prompt_version", "period"),
    "churn_recall": ("period",),
}
_FIGURES: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "alert_precision": {
        **{
            f"{name}_count": sa.Integer()
            for name in (
                *("card", "completed", "saved", "at_risk_unresolved", "churned", "contraction", "false_alarm"),
                *("known_expected", "right", "counted"),
            )
        },
        **{f"{name}_score": sa.Float() for name in ("precision", "lower_bound", "upper_bound")},
        "hidden_reason": sa.Text(),
    },
    "churn_recall": {
        **{
            f"{name}_count": sa.Integer()
            for name in ("churned_company", "card_only", "warned_company", "covered_company")
        },
        **{f"company_{name}_score": sa.Float() for name in ("recall", "lower_bound", "upper_bound")},
        "known_mrr_count": sa.Integer(),
        "churned_mrr": sa.Float(),
        "covered_mrr": sa.Float(),
        "currency": sa.Text(),
        **{f"mrr_{name}_score": sa.Float() for name in ("recall", "lower_bound", "upper_bound")},
        "median_lead_days": sa.Float(),
        "hidden_reason": sa.Text(),
        "mrr_hidden_reason": sa.Text(),
    },
}


def upgrade() -> None:
    _list_fields(*_FIELDS[:5], _CHURN, *_FIELDS[5:])
    for mart, key in _KEYS.items():
        table = f"published_{mart}"
        op.create_table(
            table,
            sa.Column("tenant_id", sa.String(40), nullable=False),
            sa.Column("build_id", sa.String(40), nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False) for name in key),
            *(sa.Column(name, kind, nullable=True) for name, kind in _FIGURES[mart].items()),
            sa.ForeignKeyConstraint(
                ["tenant_id", "build_id"],
                ["build.tenant_id", "build.build_id"],
                name=op.f(f"fk_{table}_tenant_id_build_id"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("tenant_id", "build_id", *key, name=op.f(f"pk_{table}")),
        )
        if _is_postgres():
            op.execute(f"grant select on {table} to churnboard_api")
            op.execute(f"alter table {table} enable row level security")
            op.execute(
                f"create policy own_tenant on {table} for select to churnboard_api "
                "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
            )
            op.execute(
                f"create view bi.{mart} with (security_invoker = true) as "
                f"select served.* from {table} as served join published_build using (tenant_id, build_id)"
            )


def downgrade() -> None:
    for mart in _KEYS:
        if _is_postgres():
            op.execute(f"drop view bi.{mart}")
        op.drop_table(f"published_{mart}")
    op.execute(f"delete from field_mapping where field = '{_CHURN}'")
    _list_fields(*_FIELDS)


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _list_fields(*fields: str) -> None:
    listed = f"field in ({', '.join(repr(field) for field in fields)})"
    with op.batch_alter_table("field_mapping") as table:
        table.drop_constraint(op.f("ck_field_mapping_field_listed"), type_="check")
        table.create_check_constraint(op.f("ck_field_mapping_field_listed"), listed)
