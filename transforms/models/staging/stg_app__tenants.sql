with source as (

    select * from {{ source('raw_app', 'tenants') }}

),

renamed as (

    select
        -- ids
        tenant_id,

        -- text
        name as tenant_name,
        plan_tier,
        currency,

        -- mapped company properties
        mrr_property,
        renewal_property,
        last_login_property,
        onboarding_step_property,
        usage_property,

        -- stage map
        new_stage_ids,
        waiting_stage_ids,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
