with companies as (

    select * from {{ ref('int_company_facts') }}

),

params as (

    select
        tenant_id,
        max(case when param_name = 'unresolved_business_days' then param_value end) as unresolved_business_days

    from {{ ref('int_trigger_params') }}
    where trigger_type = 'significant_support'
    group by tenant_id

),

tickets as (

    select
        tickets.*,
        cast(tickets.last_message_received_at as date) as last_message_on,
        {{ business_days_after('tickets.created_on', 'floor(params.unresolved_business_days) + 1') }} as overdue_on

    from {{ ref('int_tickets') }} as tickets
    inner join params
        on tickets.tenant_id = params.tenant_id
    where tickets.company_id is not null

),

-- Everything that moves a company's counts, as one row an event. What began before the first day is carried in on that day.
events as (

    select
        tenant_id,
        company_id,
        created_on as day_on,
        1 as ticket_count,
        1 as inbound_count,
        case when is_negative and is_eligible then 1 else 0 end as negative_count,
        0 as open_change,
        0 as overdue_change
    from tickets

    union all

    -- HubSpot keeps the latest message of a ticket only; earlier replies are not known.
    select tenant_id, company_id, last_message_on, 0, 1, 0, 0, 0
    from tickets
    where last_message_on > created_on

    union all

    select tenant_id, company_id, greatest(created_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 1, 0
    from tickets

    union all

    select tenant_id, company_id, greatest(closed_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, -1, 0
    from tickets
    where closed_on is not null

    union all

    select tenant_id, company_id, greatest(overdue_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, 1
    from tickets
    where overdue_on < coalesce(closed_on, overdue_on + 1)

    union all

    select tenant_id, company_id, greatest(closed_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, -1
    from tickets
    where overdue_on < closed_on

),

daily_events as (

    select
        tenant_id,
        company_id,
        day_on,
        sum(ticket_count) as ticket_count,
        sum(inbound_count) as inbound_count,
        sum(negative_count) as negative_count,
        sum(open_change) as open_change,
        sum(overdue_change) as overdue_change

    from events
    group by tenant_id, company_id, day_on

),

first_events as (

    select
        tenant_id,
        company_id,
        min(day_on) as first_event_on

    from daily_events
    group by tenant_id, company_id

),

days as (

    {{ days_between(spine_lead_in_start_on(), as_of_on()) }}

),

-- A company's days begin with its first sign of life, in the CRM or in a ticket imported from elsewhere.
spine as (

    select
        companies.tenant_id,
        companies.company_id,
        companies.created_on,
        days.day_on

    from companies
    left join first_events
        on
            companies.tenant_id = first_events.tenant_id
            and companies.company_id = first_events.company_id
    inner join days
        on days.day_on >= coalesce(least(companies.created_on, first_events.first_event_on), {{ spine_start_on() }})

),

counted as (

    select
        spine.tenant_id,
        spine.company_id,
        spine.created_on,
        spine.day_on,
        coalesce(daily_events.ticket_count, 0) as ticket_count,
        coalesce(daily_events.inbound_count, 0) as inbound_count,
        coalesce(daily_events.negative_count, 0) as negative_count,
        coalesce(daily_events.open_change, 0) as open_change,
        coalesce(daily_events.overdue_change, 0) as overdue_change

    from spine
    left join daily_events
        on
            spine.tenant_id = daily_events.tenant_id
            and spine.company_id = daily_events.company_id
            and spine.day_on = daily_events.day_on

),

-- One row a day without gaps, so a frame of rows is a frame of days.
rolled as (

    select
        tenant_id,
        company_id,
        day_on,
        day_on - created_on as company_age_days,
        sum(ticket_count) over (company_days rows between 6 preceding and current row) as ticket_count_7d,
        sum(ticket_count) over (company_days rows between 13 preceding and current row) as ticket_count_14d,
        sum(ticket_count) over (company_days rows between 103 preceding and 14 preceding) as ticket_count_90d_before_14d,
        sum(ticket_count) over (company_days rows between 119 preceding and 30 preceding) as ticket_count_90d_before_30d,
        sum(inbound_count) over (company_days rows between 29 preceding and current row) as inbound_count_30d,
        sum(negative_count) over (company_days rows between 89 preceding and current row) as negative_count_90d,
        sum(open_change) over (company_days rows between unbounded preceding and current row) as open_count,
        sum(overdue_change) over (company_days rows between unbounded preceding and current row) as overdue_count

    from counted
    window company_days as (partition by tenant_id, company_id order by day_on)

),

final as (

    select
        tenant_id,
        company_id,
        day_on,
        cast(company_age_days as integer) as company_age_days,
        cast(ticket_count_7d as integer) as ticket_count_7d,
        cast(ticket_count_14d as integer) as ticket_count_14d,
        cast(coalesce(ticket_count_90d_before_14d, 0) as integer) as ticket_count_90d_before_14d,
        cast(coalesce(ticket_count_90d_before_30d, 0) as integer) as ticket_count_90d_before_30d,
        cast(inbound_count_30d as integer) as inbound_count_30d,
        cast(negative_count_90d as integer) as negative_count_90d,
        cast(open_count as integer) as open_count,
        cast(overdue_count as integer) as overdue_count

    from rolled
    where day_on >= {{ spine_start_on() }}

)

select * from final
