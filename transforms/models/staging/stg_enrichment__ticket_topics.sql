with source as (

    select * from {{ source('enrichment', 'ticket_topics') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        topic,

        -- numbers
        topic_rank,

        -- provenance
        analyzer,
        model,
        prompt_version,
        schema_hash,
        input_hash,
        sent_hash,
        call_key,
        input_tokens,
        output_tokens,
        cost_usd,
        latency_ms,
        run_id,

        -- timestamps
        {{ utc('analyzed_at') }} as analyzed_at

    from source

)

select * from renamed
