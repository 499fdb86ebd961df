with told as (

    select
        tenant_id,
        'sentiment' as task,
        cast(analyzed_at as date) as metric_on,
        {{ digest_of([
            'ticket_id',
            'message_id',
            'is_evidence_ok',
            'analyzer',
            'model',
            'prompt_version',
            'call_key',
            'input_tokens',
            'output_tokens',
            'cost_usd',
        ]) }} as digest

    from {{ ref('stg_enrichment__message_sentiment') }}
    where analyzed_at <= {{ as_of_at() }}

    union all

    select
        tenant_id,
        'topics',
        cast(analyzed_at as date),
        {{ digest_of([
            'ticket_id',
            'topic',
            'topic_rank',
            'analyzer',
            'model',
            'prompt_version',
            'call_key',
            'input_tokens',
            'output_tokens',
            'cost_usd',
        ]) }}
    from {{ ref('stg_enrichment__ticket_topics') }}
    where analyzed_at <= {{ as_of_at() }}

),

-- Sums, so that the order of rows says nothing.
found as (

    select
        tenant_id,
        task,
        metric_on,
        sum(digest) as digest

    from told
    group by tenant_id, task, metric_on

),

{{ beside_the_build_before('found', ['tenant_id', 'task', 'metric_on']) }}

select * from final
