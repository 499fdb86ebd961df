with source as (

    select * from {{ source('raw_hubspot', 'owners') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as owner_id,

        -- text
        email,
        first_name,
        last_name,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
