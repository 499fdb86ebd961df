with source as (

    select * from {{ source('enrichment', 'ticket_texts') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        input_hash,

        -- text
        text as read_text,

        -- booleans
        coalesce(is_truncated, false) as is_truncated,

        -- timestamps
        {{ utc('read_at') }} as read_at

    from source

)

select * from renamed
