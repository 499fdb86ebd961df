with source as (

    select * from {{ source('enrichment', 'message_evidence') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        message_id,
        evidence_index,
        call_key,

        -- text
        quote,

        -- numbers
        quote_start,
        quote_end

    from source

)

select * from renamed
