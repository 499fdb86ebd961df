with source as (

    select * from {{ source('raw_hubspot', 'pipelines') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as pipeline_id,

        -- text
        label,

        -- numbers
        display_order,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
