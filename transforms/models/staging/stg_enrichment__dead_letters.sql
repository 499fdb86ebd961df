with source as (

    select * from {{ source('enrichment', 'dead_letters') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        message_id,
        task,
        call_key,

        -- text
        reason,
        raw as raw_answer,

        -- numbers
        attempt_count,

        -- timestamps
        {{ utc('first_seen_at') }} as first_seen_at

    from source

)

select * from renamed
