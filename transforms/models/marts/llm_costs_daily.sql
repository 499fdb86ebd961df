with sentiment as (

    select * from {{ ref('stg_enrichment__message_sentiment') }}

),

topics as (

    select * from {{ ref('stg_enrichment__ticket_topics') }}

),

answers as (

    select
        tenant_id,
        'sentiment' as task,
        ticket_id || '/' || message_id as read_id,
        call_key,
        analyzer,
        model,
        input_tokens,
        output_tokens,
        cost_usd,
        analyzed_at

    from sentiment

    union all

    select
        tenant_id, 'topics', ticket_id, call_key, analyzer, model, input_tokens, output_tokens, cost_usd, analyzed_at
    from topics

),

-- A call was paid for once, however many labels it gave and however many equal messages share its answer.
calls as (

    select
        tenant_id,
        task,
        coalesce(call_key, read_id) as call_key,
        max(analyzer) as analyzer,
        max(model) as model,
        max(input_tokens) as input_tokens,
        max(output_tokens) as output_tokens,
        max(cost_usd) as cost_usd,
        min(analyzed_at) as analyzed_at

    from answers
    where analyzed_at <= {{ as_of_at() }}
    group by tenant_id, task, coalesce(call_key, read_id)

),

final as (

    select
        tenant_id,
        cast(analyzed_at as date) as metric_on,
        task,
        analyzer,
        model,
        cast(count(*) as bigint) as call_count,
        cast(coalesce(sum(input_tokens), 0) as bigint) as input_tokens,
        cast(coalesce(sum(output_tokens), 0) as bigint) as output_tokens,
        cast(sum({{ exact('coalesce(cost_usd, 0)', 12) }}) as double precision) as cost_usd

    from calls
    group by tenant_id, cast(analyzed_at as date), task, analyzer, model

)

select * from final
