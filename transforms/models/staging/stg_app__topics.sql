with source as (

    select * from {{ source('raw_app', 'topics') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        name as topic,
        parent as parent_topic,
        current_topic,

        -- text
        description,

        -- numbers
        version,

        -- booleans
        coalesce(is_active, false) as is_active,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
