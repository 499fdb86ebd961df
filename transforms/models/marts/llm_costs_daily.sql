{{ config(
    materialized='incremental',
    incremental_strategy='recounted',
    on_schema_change='fail',
    unique_key=['tenant_id', 'metric_on', 'task', 'analyzer', 'model'],
) }}

-- A call was paid for once, however many labels it gave and however many equal messages share its answer, all of which carry its moment. Its key is made
-- of who answered, too.
{% set readings = [
    ('sentiment', 'stg_enrichment__message_sentiment', "ticket_id || '/' || message_id"),
    ('topics', 'stg_enrichment__ticket_topics', 'ticket_id'),
] %}

with {% for task, readings_of_task, read_id in readings -%}
{{ task }} as (

    select
        tenant_id,
        '{{ task }}' as task,
        cast(analyzed_at as date) as metric_on,
        analyzer,
        model,
        coalesce(call_key, {{ read_id }}) as call_key,
        input_tokens,
        output_tokens,
        cost_usd

    from {{ ref(readings_of_task) }}
    where analyzed_at <= {{ as_of_at() }}

),

{% endfor -%}
answers as (

    {{ of_recounted_days('sentiment') }}
    union all
    {{ of_recounted_days('topics') }}

),

calls as (

    select
        tenant_id,
        task,
        metric_on,
        analyzer,
        model,
        max(input_tokens) as input_tokens,
        max(output_tokens) as output_tokens,
        max(cost_usd) as cost_usd

    from answers
    group by tenant_id, task, metric_on, analyzer, model, call_key

),

final as (

    select
        tenant_id,
        metric_on,
        task,
        analyzer,
        model,
        cast(count(*) as bigint) as call_count,
        cast(coalesce(sum(input_tokens), 0) as bigint) as input_tokens,
        cast(coalesce(sum(output_tokens), 0) as bigint) as output_tokens,
        cast(sum({{ exact('coalesce(cost_usd, 0)', 12) }}) as double precision) as cost_usd

    from calls
    group by tenant_id, metric_on, task, analyzer, model

)

select * from final
