-- A week smooths the weekend out; eight weeks before it are what is usual.
{% set window_days = 7 %}
{% set baseline_days = 56 %}

with topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}
    where created_on >= {{ spine_lead_in_start_on() }}

),

tenants as (

    select
        tenant_id,
        min(created_on) as first_on

    from {{ ref('int_tickets') }}
    group by tenant_id

),

days as (

    {{ days_between(spine_lead_in_start_on(), as_of_on()) }}

),

daily as (

    select
        tenant_id,
        topic,
        created_on,
        count(*) as ticket_count,
        sum(case when is_read then 1 else 0 end) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count

    from topic_tickets
    group by tenant_id, topic, created_on

),

topics as (

    select
        topic_tickets.tenant_id,
        topic_tickets.topic,
        max(topic_tickets.parent_topic) as parent_topic,
        min(topic_tickets.created_on) as topic_first_on,
        max(tenants.first_on) as tenant_first_on

    from topic_tickets
    inner join tenants
        on topic_tickets.tenant_id = tenants.tenant_id
    group by topic_tickets.tenant_id, topic_tickets.topic

),

-- What topics are compared with: tickets that were sorted, each once.
sorted_daily as (

    select
        tenant_id,
        created_on,
        count(distinct ticket_id) as sorted_count

    from topic_tickets
    where topic <> 'unread'
    group by tenant_id, created_on

),

filled as (

    select
        topics.*,
        days.day_on,
        coalesce(daily.ticket_count, 0) as ticket_count,
        coalesce(daily.read_count, 0) as read_count,
        coalesce(daily.negative_count, 0) as negative_count,
        coalesce(sorted_daily.sorted_count, 0) as sorted_count

    from topics
    inner join days
        -- Days before a topic's first ticket count for the tenant's volume all the same.
        on days.day_on >= topics.topic_first_on - {{ window_days + baseline_days }}
    left join daily
        on
            topics.tenant_id = daily.tenant_id
            and topics.topic = daily.topic
            and days.day_on = daily.created_on
    left join sorted_daily
        on
            topics.tenant_id = sorted_daily.tenant_id
            and days.day_on = sorted_daily.created_on

),

rolled as (

    select
        *,
        {%- for name in ['ticket', 'read', 'negative', 'sorted'] %}
        sum({{ name }}_count) over (topic_days rows between {{ window_days - 1 }} preceding and current row) as {{ name }}_count_7d,
        coalesce(
            sum({{ name }}_count) over (topic_days rows between {{ window_days + baseline_days - 1 }} preceding and {{ window_days }} preceding), 0
        ) as baseline_{{ name }}_count
        {{- ',' if not loop.last }}
        {%- endfor %}

    from filled
    window topic_days as (partition by tenant_id, topic order by day_on)

),

final as (

    select
        tenant_id,
        topic,
        parent_topic,
        day_on,
        cast(ticket_count_7d as bigint) as ticket_count_7d,
        cast(read_count_7d as bigint) as read_count_7d,
        cast(negative_count_7d as bigint) as negative_count_7d,
        cast(sorted_count_7d as bigint) as sorted_count_7d,
        cast(baseline_ticket_count as bigint) as baseline_ticket_count,
        cast(baseline_read_count as bigint) as baseline_read_count,
        cast(baseline_negative_count as bigint) as baseline_negative_count,
        cast(baseline_sorted_count as bigint) as baseline_sorted_count,
        -- Before the tenant's first ticket there was nothing to count.
        cast(greatest(0, least({{ baseline_days }}, day_on - {{ window_days }} - tenant_first_on + 1)) as bigint) as baseline_day_count

    from rolled
    where
        day_on >= {{ spine_start_on() }}
        and day_on >= topic_first_on

)

select * from final
