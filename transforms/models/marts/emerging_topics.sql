-- A topic that is loud again within so many days of its last loud day is the same alert.
{% set days_to_reopen = 7 %}
{% set examples = 5 %}

with signals as (

    select * from {{ ref('int_topic_signals') }}

),

topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

run_starts as (

    select
        *,
        case
            when day_on - lag(day_on) over (partition by tenant_id, topic order by day_on) <= {{ days_to_reopen }} then 0
            else 1
        end as is_run_start

    from signals

),

runs as (

    select
        *,
        sum(is_run_start) over (
            partition by tenant_id, topic
            order by day_on
            rows between unbounded preceding and current row
        ) as run_number

    from run_starts

),

-- Within a run the alert stands from the first day that passes the whole test; a run without one never was an alert.
opened as (

    select
        *,
        min(case when is_opening then day_on end) over (partition by tenant_id, topic, run_number) as first_seen_on

    from runs

),

loudest_first as (

    select
        *,
        max(day_on) over (partition by tenant_id, topic, first_seen_on) as last_seen_on,
        row_number() over (partition by tenant_id, topic, first_seen_on order by z desc, day_on asc) as loudness

    from opened
    where day_on >= first_seen_on

),

alerts as (

    select
        *,
        {{ name_uuid(['tenant_id', 'topic', "'emerging'", 'cast(first_seen_on as text)']) }} as alert_id

    from loudest_first
    where
        loudness = 1
        and last_seen_on >= {{ history_start_on() }}

),

alert_tickets as (

    select
        alerts.alert_id,
        topic_tickets.*,
        row_number() over (
            partition by alerts.tenant_id, alerts.alert_id
            order by
                case when topic_tickets.is_negative then 0 else 1 end,
                topic_tickets.created_at desc,
                {{ id_order('topic_tickets.ticket_id') }}
        ) as example_rank

    from alerts
    inner join topic_tickets
        on
            alerts.tenant_id = topic_tickets.tenant_id
            and alerts.topic = topic_tickets.topic
            -- The seven days of its first day are what it was seen in.
            and topic_tickets.created_on between alerts.first_seen_on - 6 and alerts.last_seen_on

),

counted as (

    select
        tenant_id,
        alert_id,
        count(*) as ticket_count,
        sum(case when is_negative then 1 else 0 end) as negative_count,
        string_agg(case when example_rank <= {{ examples }} then ticket_id end, ',' order by example_rank) as example_ticket_ids

    from alert_tickets
    group by tenant_id, alert_id

),

touched as (

    select distinct
        tenant_id,
        alert_id,
        company_id

    from alert_tickets
    where company_id is not null

),

valued as (

    select
        touched.tenant_id,
        touched.alert_id,
        count(*) as company_count,
        sum({{ exact('companies.known_mrr', 2) }}) as mrr_touched

    from touched
    inner join companies
        on
            touched.tenant_id = companies.tenant_id
            and touched.company_id = companies.company_id
    group by touched.tenant_id, touched.alert_id

),

final as (

    select
        alerts.tenant_id,
        alerts.alert_id,
        alerts.topic,
        alerts.parent_topic,
        alerts.first_seen_on,
        alerts.last_seen_on,
        {{ as_of_on() }} - alerts.last_seen_on < {{ days_to_reopen }} as is_active,
        alerts.day_on as peak_on,
        cast(alerts.ticket_count_7d as bigint) as peak_count,
        alerts.expected_count,
        alerts.z as peak_z,
        alerts.q_value,
        cast(counted.ticket_count as bigint) as ticket_count,
        cast(counted.negative_count as bigint) as negative_count,
        cast(coalesce(valued.company_count, 0) as bigint) as company_count,
        cast(valued.mrr_touched as double precision) as mrr_touched,
        counted.example_ticket_ids

    from alerts
    inner join counted
        on
            alerts.tenant_id = counted.tenant_id
            and alerts.alert_id = counted.alert_id
    left join valued
        on
            alerts.tenant_id = valued.tenant_id
            and alerts.alert_id = valued.alert_id

)

select * from final
