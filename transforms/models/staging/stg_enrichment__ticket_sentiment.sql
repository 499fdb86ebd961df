with source as (

    select * from {{ source('enrichment', 'ticket_sentiment') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,

        -- reading
        sentiment,
        level,
        churn_intent,
        target,
        resolution,
        -- Analyzers are given subject and content; no message that came later is loaded.
        'opening_message' as reading_scope,

        -- booleans
        coalesce(is_evidence_ok, false) as is_evidence_ok,

        -- provenance
        analyzer,
        model,
        prompt_version,
        schema_hash,
        input_hash,
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
