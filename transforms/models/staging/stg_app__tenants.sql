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
        default_owner_id,

        -- numbers
        expire_after_days,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
