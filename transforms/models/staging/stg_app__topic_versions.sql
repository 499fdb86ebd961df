with source as (

    select * from {{ source('raw_app', 'topic_versions') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        version,

        -- text
        content,
        author,
        note,

        -- timestamps
        {{ utc('shipped_at') }} as shipped_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
