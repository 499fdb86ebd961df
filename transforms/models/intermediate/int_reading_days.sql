-- What is counted here stands in the place of what was counted of days whose readings have changed.
{{ config(
    materialized='incremental',
    incremental_strategy='recounted',
    unique_key=['tenant_id', 'task', 'metric_on'],
) }}

with sentiment as (

    select
        tenant_id,
        'sentiment' as task,
        cast(analyzed_at as date) as metric_on,
        ticket_id,
        analyzer,
        model,
        prompt_version,
        case when is_evidence_ok then 1 else 0 end as verified_count,
        cast(null as integer) as none_count

    from {{ ref('stg_enrichment__message_sentiment') }}
    where analyzed_at <= {{ as_of_at() }}

),

-- A ticket has a label for each of its topics, the first for all of them here; that no topic fits is its only one.
topics as (

    select
        tenant_id,
        'topics' as task,
        cast(analyzed_at as date) as metric_on,
        ticket_id,
        analyzer,
        model,
        prompt_version,
        cast(null as integer) as verified_count,
        case when topic = 'none' then 1 else 0 end as none_count

    from {{ ref('stg_enrichment__ticket_topics') }}
    where topic_rank = 1 and analyzed_at <= {{ as_of_at() }}

),

readings as (

    {{ of_recounted_days('sentiment') }}
    union all
    {{ of_recounted_days('topics') }}

),

counted as (

    select
        tenant_id,
        task,
        metric_on,
        count(*) as read_count,
        count(distinct ticket_id) as ticket_count,
        sum(verified_count) as verified_count,
        sum(none_count) as none_count

    from readings
    group by tenant_id, task, metric_on

),

-- The reader of a day is the one that read most of it.
readers as (

    select
        tenant_id,
        task,
        metric_on,
        analyzer,
        model,
        prompt_version,
        count(*) over (partition by tenant_id, task, metric_on) as reader_count,
        row_number() over (
            partition by tenant_id, task, metric_on
            order by count(*) desc, analyzer asc, model asc, prompt_version asc
        ) as reader_rank

    from readings
    group by tenant_id, task, metric_on, analyzer, model, prompt_version

),

final as (

    select
        counted.*,
        readers.analyzer,
        readers.model,
        readers.prompt_version,
        readers.reader_count

    from counted
    inner join readers
        on
            counted.tenant_id = readers.tenant_id
            and counted.task = readers.task
            and counted.metric_on = readers.metric_on
            and readers.reader_rank = 1

)

select * from final
