with source as (

    select * from {{ source('raw_hubspot', 'sync_cursors') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        stream,
        run_id,

        -- text
        mode,
        status,
        error_message,
        resume_after,

        -- numbers
        extracted_count,
        loaded_count,
        held_count,
        portal_total,

        -- timestamps
        {{ utc('cursor_at') }} as cursor_at,
        {{ utc('synced_at') }} as synced_at,
        {{ utc('attempted_at') }} as attempted_at,
        {{ utc('resume_until_at') }} as resume_until_at

    from source

)

select * from renamed
