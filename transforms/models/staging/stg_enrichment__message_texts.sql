with source as (

    select * from {{ source('enrichment', 'message_texts') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        message_id,
        input_hash,

        -- text
        text as read_text,

        -- booleans
        coalesce(is_truncated, false) as is_truncated,
        coalesce(is_repeated, false) as is_repeated,

        -- timestamps
        {{ utc('read_at') }} as read_at

    from source

)

select * from renamed
