with source as (

    select * from {{ source('enrichment', 'evaluations') }}

),

renamed as (

    select
        -- ids
        run_id,

        -- what was measured
        labels,
        subject,
        labelled_set,
        example_count,
        text_count,
        unread_count,
        accuracy_score,
        best_three_accuracy_score,
        macro_f1_score,
        kappa_score,
        precision_score,
        recall_score,

        -- who answered
        analyzer,
        model,
        prompt_version,
        schema_hash,

        -- cost
        input_tokens,
        output_tokens,
        cost_usd,
        duration_seconds,

        -- timestamps
        {{ utc('evaluated_at') }} as evaluated_at

    from source

)

select * from renamed
