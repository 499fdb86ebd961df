-- A call was paid for once, however many labels it gave and however many equal messages share its answer. Its key is made of who answered, too.
{% set readings = [
    ('sentiment', 'stg_enrichment__message_sentiment', "ticket_id || '/' || message_id"),
    ('topics', 'stg_enrichment__ticket_topics', 'ticket_id'),
] %}

with calls as (

    {% for task, readings_of_task, read_id in readings -%}
    select
        tenant_id,
        '{{ task }}' as task,
        analyzer,
        model,
        max(input_tokens) as input_tokens,
        max(output_tokens) as output_tokens,
        max(cost_usd) as cost_usd,
        min(analyzed_at) as analyzed_at

    from {{ ref(readings_of_task) }}
    where analyzed_at <= {{ as_of_at() }}
    group by tenant_id, analyzer, model, coalesce(call_key, {{ read_id }})
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
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
