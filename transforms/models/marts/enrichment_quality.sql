-- What is aimed at: quotes that stand in the text, and answers that can be used (docs/measures.md).
{% set quote_target = 0.98 %}
{% set dead_letter_target = 0.005 %}

with counted as (

    select * from {{ ref('int_reading_days') }}

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

corrected as (

    {% for task, readings in [('sentiment', 'stg_enrichment__message_sentiment'), ('topics', 'stg_enrichment__ticket_topics')] -%}
    select
        corrections.tenant_id,
        corrections.task,
        cast(readings.analyzed_at as date) as metric_on,
        count(distinct corrections.ticket_id) as corrected_count

    from corrections
    inner join {{ ref(readings) }} as readings
        on
            corrections.tenant_id = readings.tenant_id
            and corrections.ticket_id = readings.ticket_id
    where corrections.task = '{{ task }}' and readings.analyzed_at <= {{ as_of_at() }}
    group by corrections.tenant_id, corrections.task, cast(readings.analyzed_at as date)
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
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
        counted.analyzer,
        counted.model,
        counted.prompt_version,
        coalesce(counted.reader_count, 0) as reader_count,
        coalesce(counted.read_count, 0) as read_count,
        coalesce(counted.ticket_count, 0) as ticket_count,
        coalesce(letters.dead_letter_count, 0) as dead_letter_count,
        coalesce(corrected.corrected_count, 0) as corrected_count,
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
    left join corrected
        on
            days.tenant_id = corrected.tenant_id
            and days.metric_on = corrected.metric_on
            and days.task = corrected.task
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
            counted.analyzer = quality.analyzer
            and counted.model = quality.model
            and counted.prompt_version = quality.prompt_version
            and days.task = 'sentiment'
    left join canaries
        on
            counted.analyzer = canaries.analyzer
            and counted.model = canaries.model
            and counted.prompt_version = canaries.prompt_version
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
