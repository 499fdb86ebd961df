with source as (

    select * from {{ source('raw_hubspot', 'property_changes') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        object_type,
        name as property_name,

        -- text
        change,
        before as type_before,
        after as type_after,

        -- timestamps
        {{ utc('noticed_at') }} as noticed_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
