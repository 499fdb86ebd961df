with source as (

    select * from {{ source('enrichment', 'label_precision') }}

),

renamed as (

    select
        -- ids
        run_id,

        -- what was measured
        subject,
        label,
        labelled_set,
        answered_count,
        right_count,
        precision_score,
        lower_bound_score,

        -- who answered
        analyzer,
        model,
        prompt_version,
        schema_hash,

        -- timestamps
        {{ utc('evaluated_at') }} as evaluated_at

    from source

)

select * from renamed
