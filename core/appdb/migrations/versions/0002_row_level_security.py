"""On Postgres the database itself keeps tenants apart, and BI gets views over the published pointer.

The API works as role `churnboard_api`, which owns nothing and may only read, with `app.tenant` set for one transaction; without it
no row is visible. SQLite has neither roles nor policies: there the API's query layer alone keeps tenants apart.

Revision: 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PUBLISHED = (
    "churn_risk_cards",
    "card_evidence",
    "companies",
    "topic_metrics_daily",
    "sentiment_daily",
    "source_health",
)
_READABLE = (
    "tenant",
    "user",
    "topic",
    "card_event",
    "build",
    "published_build",
    *(f"published_{mart}" for mart in _PUBLISHED),
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # Roles belong to the whole server: another database of ours may have made it, or be making it now.
    op.execute(
        """
        do $$ begin
            create role churnboard_api nologin;
        exception when duplicate_object or unique_violation then null;
        end $$
        """
    )
    op.execute(
        """
        do $$ begin
            if not pg_has_role(current_user, 'churnboard_api', 'member') then
                execute format('grant churnboard_api to %I', current_user);
            end if;
        end $$
        """
    )
    op.execute("do $$ begin execute format('grant usage on schema %I to churnboard_api', current_schema()); end $$")
    for table in _READABLE:
        op.execute(f'grant select on "{table}" to churnboard_api')
        op.execute(f'alter table "{table}" enable row level security')
        op.execute(
            f'create policy own_tenant on "{table}" for select to churnboard_api '
            "using (tenant_id = nullif(current_setting('app.tenant', true), ''))"
        )
    op.execute("create schema bi")
    for mart in _PUBLISHED:
        op.execute(
            f"create view bi.{mart} with (security_invoker = true) as "
            f"select served.* from published_{mart} as served join published_build using (tenant_id, build_id)"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("drop schema bi cascade")
    for table in _READABLE:
        op.execute(f'drop policy own_tenant on "{table}"')
        op.execute(f'alter table "{table}" disable row level security')
        op.execute(f'revoke select on "{table}" from churnboard_api')
