with tenants as (

    select * from {{ ref('stg_app__tenants') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

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
        coalesce(nullif(trim(tenants.currency), ''), nullif(trim(portals.company_currency), '')) as currency,
        tenants.mrr_property,
        tenants.renewal_property,
        tenants.last_login_property,
        tenants.onboarding_step_property,
        tenants.usage_property,
        -- Some JSON writers escape the slash between pipeline and stage.
        replace(tenants.new_stage_ids, '\/', '/') as new_stage_ids,
        replace(tenants.waiting_stage_ids, '\/', '/') as waiting_stage_ids,
        threads.tenant_id is not null as has_threads

    from seen
    left join tenants
        on seen.tenant_id = tenants.tenant_id
    left join portals
        on seen.tenant_id = portals.tenant_id
    left join threads
        on seen.tenant_id = threads.tenant_id

)

select * from final
