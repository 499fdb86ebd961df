"""A tenant may say which company property holds the day a customer left.

Revision: 0014, after 0012.
"""

from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

_FIELDS = ("mrr", "renewal", "last_login", "onboarding_step", "usage", "new_stages", "waiting_stages")
_CHURN = "churn"


def upgrade() -> None:
    _list_fields(*_FIELDS[:5], _CHURN, *_FIELDS[5:])


def downgrade() -> None:
    op.execute(f"delete from field_mapping where field = '{_CHURN}'")
    _list_fields(*_FIELDS)


def _list_fields(*fields: str) -> None:
    listed = f"field in ({', '.join(repr(field) for field in fields)})"
    with op.batch_alter_table("field_mapping") as table:
        table.drop_constraint(op.f("ck_field_mapping_field_listed"), type_="check")
        table.create_check_constraint(op.f("ck_field_mapping_field_listed"), listed)
