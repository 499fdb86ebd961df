-- The same weeks and baselines as those of topics (int_topic_days), over all tickets.
{% set window_days = 7 %}
{% set baseline_days = 56 %}

with tickets as (

    select * from {{ ref('int_tickets') }}

),

tenants as (

    select
        tenant_id,
        min(created_on) as first_on

    from tickets
    group by tenant_id

),

days as (

    {{ days_between(spine_lead_in_start_on(), as_of_on()) }}

),

daily as (

    select
        tenant_id,
        created_on,
        count(*) as ticket_count,
        count(level) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count

    from tickets
    group by tenant_id, created_on

),

filled as (

    select
        tenants.tenant_id,
        tenants.first_on,
        days.day_on,
        coalesce(daily.ticket_count, 0) as ticket_count,
        coalesce(daily.read_count, 0) as read_count,
        coalesce(daily.negative_count, 0) as negative_count

    from tenants
    cross join days
    left join daily
        on
            tenants.tenant_id = daily.tenant_id
            and days.day_on = daily.created_on

),

rolled as (

    select
        *,
        {%- for name in ['ticket', 'read', 'negative'] %}
        sum({{ name }}_count) over (tenant_days rows between {{ window_days - 1 }} preceding and current row) as {{ name }}_count_7d,
        coalesce(
            sum({{ name }}_count) over (tenant_days rows between {{ window_days + baseline_days - 1 }} preceding and {{ window_days }} preceding), 0
        ) as baseline_{{ name }}_count
        {{- ',' if not loop.last }}
        {%- endfor %}

    from filled
    window tenant_days as (partition by tenant_id order by day_on)

),

final as (

    select
        tenant_id,
        day_on,
        cast(ticket_count_7d as bigint) as ticket_count_7d,
        cast(read_count_7d as bigint) as read_count_7d,
        cast(negative_count_7d as bigint) as negative_count_7d,
        cast(baseline_ticket_count as bigint) as baseline_ticket_count,
        cast(baseline_read_count as bigint) as baseline_read_count,
        cast(baseline_negative_count as bigint) as baseline_negative_count,
        -- Before the tenant's first ticket there was nothing to count.
        cast(greatest(0, least({{ baseline_days }}, day_on - {{ window_days }} - first_on + 1)) as bigint) as baseline_day_count

    from rolled
    where
        day_on >= {{ spine_start_on() }}
        and day_on >= first_on

)

select * from final
