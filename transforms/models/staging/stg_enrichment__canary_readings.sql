with source as (

    select * from {{ source('enrichment', 'canary_readings') }}

),

renamed as (

    select
        -- ids
        read_on,
        canary,
        kind,
        call_key,

        -- reading
        expected_sentiment,
        expected_churn_intent,
        sentiment,
        churn_intent,
        reason,

        -- booleans; unknown is kept apart from no
        coalesce(is_right, false) as is_right,
        coalesce(is_known_weak, false) as is_known_weak,
        is_flipped,

        -- provenance
        analyzer,
        model,
        prompt_version,
        schema_hash,
        input_hash,
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
