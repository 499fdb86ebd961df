with tenants as (

    select * from {{ ref('stg_app__tenants') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

),

versions as (

    select
        *,
        row_number() over (partition by tenant_id, field order by version desc) as version_rank

    from {{ ref('stg_app__field_mappings') }}

),

mappings as (

    select
        tenant_id,
        max(case when field = 'mrr' then property_name end) as mrr_property,
        max(case when field = 'mrr' then unit end) as mrr_unit,
        max(case when field = 'mrr' then {{ currency_code('currency') }} end) as mrr_currency,
        max(case when field = 'mrr' then currency_property end) as mrr_currency_property,
        max(case when field = 'renewal' then property_name end) as renewal_property,
        max(case when field = 'last_login' then property_name end) as last_login_property,
        max(case when field = 'onboarding_step' then property_name end) as onboarding_step_property,
        max(case when field = 'usage' then property_name end) as usage_property,
        max(case when field = 'churn' then property_name end) as churn_property,
        max(case when field = 'new_stages' then stage_ids end) as new_stage_ids,
        max(case when field = 'waiting_stages' then stage_ids end) as waiting_stage_ids

    from versions
    where version_rank = 1
    group by tenant_id

),

-- A tenant's threads are known once its emails have been read; a portal may refuse that.
threads as (

    select tenant_id
    from {{ ref('stg_hubspot__sync_cursors') }}
    where stream = 'emails' and cursor_at is not null

),

-- A tenant whose settings have not been loaded yet still has tickets, and is scored with the defaults.
seen as (

    select tenant_id from tenants
    union
    select tenant_id from portals
    union
    select tenant_id from {{ ref('stg_hubspot__companies') }}
    union
    select tenant_id from {{ ref('stg_hubspot__tickets') }}

),

final as (

    select
        seen.tenant_id,
        coalesce(
            {{ currency_code('tenants.currency') }}, {{ currency_code('portals.company_currency') }}, mappings.mrr_currency
        ) as currency,
        mappings.mrr_property,
        mappings.mrr_unit,
        mappings.mrr_currency,
        mappings.mrr_currency_property,
        mappings.renewal_property,
        mappings.last_login_property,
        mappings.onboarding_step_property,
        mappings.usage_property,
        mappings.churn_property,
        -- Some JSON writers escape the slash between pipeline and stage.
        replace(mappings.new_stage_ids, '\/', '/') as new_stage_ids,
        replace(mappings.waiting_stage_ids, '\/', '/') as waiting_stage_ids,
        threads.tenant_id is not null as has_threads,
        tenants.default_owner_id,
        cast(tenants.expire_after_days as integer) as expire_after_days

    from seen
    left join tenants
        on seen.tenant_id = tenants.tenant_id
    left join portals
        on seen.tenant_id = portals.tenant_id
    left join mappings
        on seen.tenant_id = mappings.tenant_id
    left join threads
        on seen.tenant_id = threads.tenant_id

)

select * from final
