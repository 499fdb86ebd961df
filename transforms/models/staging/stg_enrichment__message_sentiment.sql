with source as (

    select * from {{ source('enrichment', 'message_sentiment') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        message_id,

        -- reading
        sentiment,
        level,
        churn_intent,
        target,
        resolution,
        case when message_id = 'opening' then 'opening_message' else 'thread' end as reading_scope,

        -- booleans
        coalesce(is_evidence_ok, false) as is_evidence_ok,

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
