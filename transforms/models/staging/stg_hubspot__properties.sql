with source as (

    select * from {{ source('raw_hubspot', 'properties') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        object_type,
        name as property_name,

        -- text
        label,
        type,
        field_type,
        group_name,

        -- booleans
        coalesce(is_calculated, false) as is_calculated,
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
