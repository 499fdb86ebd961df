with readings as (

    select distinct
        tenant_id,
        analyzer,
        model,
        prompt_version,
        sentiment,
        churn_intent

    from {{ ref('stg_enrichment__message_sentiment') }}

),

measured as (

    select * from {{ ref('stg_enrichment__label_precision') }}

),

-- What was read somewhere: each level, and each intent.
answers as (

    select distinct tenant_id, analyzer, model, prompt_version, 'sentiment' as subject, sentiment as label
    from readings

    union all

    select distinct tenant_id, analyzer, model, prompt_version, 'intent' as subject, churn_intent as label
    from readings

),

-- The newest evaluation of each labelled set counts, also for what it never answered.
runs as (

    select
        run_id,
        row_number() over (
            partition by analyzer, model, prompt_version, subject, labelled_set
            order by max(evaluated_at) desc, run_id desc
        ) as age

    from measured
    group by run_id, analyzer, model, prompt_version, subject, labelled_set

),

counted as (

    select
        measured.analyzer,
        measured.model,
        measured.prompt_version,
        measured.subject,
        measured.label,
        sum(measured.answered_count) as answered_count,
        sum(measured.right_count) as right_count

    from measured
    inner join runs
        on measured.run_id = runs.run_id and runs.age = 1
    group by measured.analyzer, measured.model, measured.prompt_version, measured.subject, measured.label

),

final as (

    select
        answers.tenant_id,
        answers.analyzer,
        answers.model,
        answers.prompt_version,
        answers.subject,
        answers.label,
        cast(coalesce(counted.answered_count, 0) as bigint) as answered_count,
        cast(coalesce(counted.right_count, 0) as bigint) as right_count,
        {{ wilson_lower_bound('counted.right_count', 'counted.answered_count') }} as lower_bound_score,
        case
            when coalesce(counted.answered_count, 0) < {{ var('confidence_least_answers') }} then 'unknown'
            when {{ wilson_lower_bound('counted.right_count', 'counted.answered_count') }} >= {{ var('confidence_high') }} then 'high'
            when {{ wilson_lower_bound('counted.right_count', 'counted.answered_count') }} >= {{ var('confidence_medium') }} then 'medium'
            else 'low'
        end as confidence

    from answers
    left join counted
        on
            answers.analyzer = counted.analyzer
            and answers.model = counted.model
            and answers.prompt_version = counted.prompt_version
            and answers.subject = counted.subject
            and answers.label = counted.label

)

select * from final
