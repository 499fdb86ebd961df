with source as (

    select * from {{ source('raw_hubspot', 'ticket_companies') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        company_id,

        -- booleans
        coalesce(is_primary, false) as is_primary,

        -- text
        association_types,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
