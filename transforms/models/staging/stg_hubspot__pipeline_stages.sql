with source as (

    select * from {{ source('raw_hubspot', 'pipeline_stages') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        pipeline_id,
        id as stage_id,

        -- text
        label,
        ticket_state,

        -- numbers
        display_order,

        -- booleans
        coalesce(is_closed, false) as is_closed,
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
