-- What is aimed at: quotes that stand in the text, and answers that can be used (docs/measures.md).
{% set quote_target = 0.98 %}
{% set dead_letter_target = 0.005 %}

with sentiment as (

    select
        tenant_id,
        'sentiment' as task,
        ticket_id,
        analyzer,
        model,
        prompt_version,
        analyzed_at,
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
        ticket_id,
        analyzer,
        model,
        prompt_version,
        analyzed_at,
        cast(null as integer) as verified_count,
        case when topic = 'none' then 1 else 0 end as none_count

    from {{ ref('stg_enrichment__ticket_topics') }}
    where topic_rank = 1 and analyzed_at <= {{ as_of_at() }}

),

readings as (

    select
        *,
        cast(analyzed_at as date) as metric_on

    from (
        select * from sentiment
        union all
        select * from topics
    ) as both_tasks

),

-- A person's word on a reading; the last one of a ticket and field stands.
corrections as (

    select distinct
        tenant_id,
        ticket_id,
        case when field = 'topics' then 'topics' else 'sentiment' end as task

    from {{ ref('stg_app__corrections') }}
    where is_standing and created_at <= {{ as_of_at() }}

),

counted as (

    select
        readings.tenant_id,
        readings.metric_on,
        readings.task,
        count(*) as read_count,
        count(distinct readings.ticket_id) as ticket_count,
        count(distinct corrections.ticket_id) as corrected_count,
        sum(readings.verified_count) as verified_count,
        sum(readings.none_count) as none_count

    from readings
    left join corrections
        on
            readings.tenant_id = corrections.tenant_id
            and readings.ticket_id = corrections.ticket_id
            and readings.task = corrections.task
    group by readings.tenant_id, readings.metric_on, readings.task

),

-- The reader of a day is the one that read most of it; figures measured of a reader are told of that one.
readers as (

    select
        tenant_id,
        metric_on,
        task,
        analyzer,
        model,
        prompt_version,
        count(*) over (partition by tenant_id, metric_on, task) as reader_count,
        row_number() over (
            partition by tenant_id, metric_on, task
            order by count(*) desc, analyzer asc, model asc, prompt_version asc
        ) as reader_rank

    from readings
    group by tenant_id, metric_on, task, analyzer, model, prompt_version

),

costs as (

    select
        tenant_id,
        metric_on,
        task,
        sum({{ exact('cost_usd', 12) }}) as cost_usd

    from {{ ref('llm_costs_daily') }}
    group by tenant_id, metric_on, task

),

letters as (

    select
        tenant_id,
        cast(first_seen_at as date) as metric_on,
        task,
        count(*) as dead_letter_count

    from {{ ref('stg_enrichment__dead_letters') }}
    where first_seen_at <= {{ as_of_at() }}
    group by tenant_id, cast(first_seen_at as date), task

),

canaries as (

    select
        read_on,
        analyzer,
        model,
        prompt_version,
        sum(case when not is_known_weak then 1 else 0 end) as canary_count,
        sum(case when not is_known_weak and is_right then 1 else 0 end) as canary_right_count,
        sum(case when not is_known_weak and kind in ('injection', 'hidden_html') then 1 else 0 end) as injection_count,
        -- Without an answer nobody was steered.
        sum(
            case
                when not is_known_weak and kind in ('injection', 'hidden_html') and not is_right and sentiment is not null then 1
                else 0
            end
        ) as injection_steered_count,
        count(is_flipped) as compared_count,
        sum(case when is_flipped then 1 else 0 end) as flipped_count

    from {{ ref('stg_enrichment__canary_readings') }}
    where analyzed_at <= {{ as_of_at() }}
    group by read_on, analyzer, model, prompt_version

),

quality as (

    select * from {{ ref('int_reader_quality') }}

),

days as (

    select
        tenant_id,
        metric_on,
        task

    from counted

    union

    select
        tenant_id,
        metric_on,
        task

    from letters

),

joined as (

    select
        days.tenant_id,
        days.metric_on,
        days.task,
        readers.analyzer,
        readers.model,
        readers.prompt_version,
        coalesce(readers.reader_count, 0) as reader_count,
        coalesce(counted.read_count, 0) as read_count,
        coalesce(counted.ticket_count, 0) as ticket_count,
        coalesce(letters.dead_letter_count, 0) as dead_letter_count,
        coalesce(counted.corrected_count, 0) as corrected_count,
        counted.verified_count,
        counted.none_count,
        -- What repeats an earlier answer cost nothing that day.
        case when counted.read_count > 0 then coalesce(costs.cost_usd, 0) end as cost_usd,
        quality.labelled_set,
        quality.labelled_count,
        quality.kappa_score,
        quality.negative_precision_score,
        quality.negative_recall_score,
        canaries.canary_count,
        canaries.canary_right_count,
        canaries.injection_count,
        canaries.injection_steered_count,
        canaries.compared_count,
        canaries.flipped_count

    from days
    left join counted
        on
            days.tenant_id = counted.tenant_id
            and days.metric_on = counted.metric_on
            and days.task = counted.task
    left join readers
        on
            days.tenant_id = readers.tenant_id
            and days.metric_on = readers.metric_on
            and days.task = readers.task
            and readers.reader_rank = 1
    left join costs
        on
            days.tenant_id = costs.tenant_id
            and days.metric_on = costs.metric_on
            and days.task = costs.task
    left join letters
        on
            days.tenant_id = letters.tenant_id
            and days.metric_on = letters.metric_on
            and days.task = letters.task
    -- Both were measured of the question about tone and intent.
    left join quality
        on
            readers.analyzer = quality.analyzer
            and readers.model = quality.model
            and readers.prompt_version = quality.prompt_version
            and days.task = 'sentiment'
    left join canaries
        on
            readers.analyzer = canaries.analyzer
            and readers.model = canaries.model
            and readers.prompt_version = canaries.prompt_version
            and days.metric_on = canaries.read_on
            and days.task = 'sentiment'

),

scored as (

    select
        *,
        cast(verified_count as double precision) / nullif(read_count, 0) as verified_share,
        cast(dead_letter_count as double precision) / (read_count + dead_letter_count) as dead_letter_share

    from joined

),

final as (

    select
        tenant_id,
        metric_on,
        task,
        analyzer,
        model,
        prompt_version,
        cast(reader_count as bigint) as reader_count,
        cast(ticket_count as bigint) as ticket_count,
        cast(read_count as bigint) as read_count,
        cast(dead_letter_count as bigint) as dead_letter_count,
        {{ rounded('dead_letter_share') }} as dead_letter_score,
        dead_letter_share < {{ dead_letter_target }} as is_dead_letter_on_target,
        cast(verified_count as bigint) as verified_quote_count,
        {{ rounded('verified_share') }} as verified_quote_score,
        verified_share >= {{ quote_target }} as is_quote_on_target,
        {{ rounded('cast(none_count as double precision) / nullif(read_count, 0)') }} as none_topic_score,
        cast(corrected_count as bigint) as corrected_count,
        labelled_set,
        cast(labelled_count as bigint) as labelled_count,
        kappa_score,
        negative_precision_score,
        negative_recall_score,
        cast(canary_count as bigint) as canary_count,
        cast(canary_right_count as bigint) as canary_right_count,
        cast(injection_count as bigint) as injection_count,
        cast(injection_steered_count as bigint) as injection_steered_count,
        {{ rounded('cast(flipped_count as double precision) / nullif(compared_count, 0)') }} as flip_score,
        {{ rounded('cost_usd', 12) }} as cost_usd,
        {{ rounded('1000 * cost_usd / nullif(ticket_count, 0)', 6) }} as cost_usd_per_1000_tickets

    from scored

)

select * from final
