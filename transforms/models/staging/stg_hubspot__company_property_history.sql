with source as (

    select * from {{ source('raw_hubspot', 'company_property_history') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        company_id,
        property_name,

        -- text
        value as value_text,

        -- timestamps
        {{ utc('set_at') }} as set_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
