with source as (

    select * from {{ source('raw_hubspot', 'portals') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        portal_id,

        -- text
        time_zone,
        ui_domain,
        company_currency,
        account_type,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
