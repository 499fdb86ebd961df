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

tenants as (

    select * from {{ ref('int_tenants') }}

),

messages as (

    select
        messages.tenant_id,
        tickets.company_id,
        messages.ticket_id,
        messages.sent_on,
        case when messages.direction = 'inbound' then 1 else 0 end as inbound_count,
        -- The ticket itself is counted as its first message, which is the first one from the customer where both are of one day.
        case
            when
                messages.direction = 'inbound'
                and messages.sent_on = tickets.created_on
                and row_number() over (
                    partition by messages.tenant_id, messages.ticket_id, messages.direction
                    order by messages.sent_at, {{ id_order('messages.message_id') }}
                ) = 1
                then 1
            else 0
        end as is_opening

    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where messages.is_conversation

),

said as (

    select
        messages.*,
        tickets.company_id,
        row_number() over (
            partition by messages.tenant_id, messages.ticket_id
            order by messages.sent_at desc, {{ id_order('messages.message_id', 'desc') }}
        ) as recency_rank

    from {{ ref('int_customer_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id

),

-- A ticket hurts from the day of an unhappy message on, for 90 days after the last one, or until its customer's last word is that all is well.
settled as (

    select
        tenant_id,
        ticket_id,
        sent_on as settled_on

    from said
    where recency_rank = 1 and level >= 0 and resolution = 'solved'

),

unhappy_days as (

    select distinct
        tenant_id,
        company_id,
        ticket_id,
        sent_on

    from said
    where is_negative and is_eligible

),

spells as (

    select
        unhappy_days.tenant_id,
        unhappy_days.company_id,
        unhappy_days.sent_on,
        settled.settled_on,
        unhappy_days.sent_on - lag(unhappy_days.sent_on) over ticket_days as days_since,
        lead(unhappy_days.sent_on) over ticket_days - unhappy_days.sent_on as days_until

    from unhappy_days
    left join settled
        on
            unhappy_days.tenant_id = settled.tenant_id
            and unhappy_days.ticket_id = settled.ticket_id
    window ticket_days as (partition by unhappy_days.tenant_id, unhappy_days.ticket_id order by unhappy_days.sent_on)

),

inbound_days as (

    select distinct
        tenant_id,
        ticket_id,
        sent_on

    from messages
    where inbound_count = 1

),

-- Everything that moves a company's counts, as one row an event. What began before the first day is carried in on that day.
events as (

    select
        tenant_id,
        company_id,
        created_on as day_on,
        1 as ticket_count,
        1 as inbound_count,
        0 as message_count,
        0 as negative_change,
        0 as open_change,
        0 as overdue_change,
        0 as unanswered_count
    from tickets

    union all

    select tenant_id, company_id, sent_on, 0, inbound_count - is_opening, 1, 0, 0, 0, 0
    from messages

    union all

    -- HubSpot keeps the latest message of a ticket beside it, a chat's too, which is no email; earlier ones of these are not known.
    select tickets.tenant_id, tickets.company_id, tickets.last_message_on, 0, 1, 0, 0, 0, 0, 0
    from tickets
    left join inbound_days
        on
            tickets.tenant_id = inbound_days.tenant_id
            and tickets.ticket_id = inbound_days.ticket_id
            and tickets.last_message_on = inbound_days.sent_on
    where
        tickets.last_message_on > tickets.created_on
        and inbound_days.ticket_id is null

    union all

    select tenant_id, company_id, greatest(sent_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 1, 0, 0, 0
    from spells
    where coalesce(days_since >= 90, true)

    union all

    select
        tenant_id, company_id, greatest(least(sent_on + 90, settled_on), {{ spine_lead_in_start_on() }}), 0, 0, 0, -1, 0, 0, 0
    from spells
    where coalesce(days_until >= 90, true)

    union all

    select tenant_id, company_id, greatest(created_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, 1, 0, 0
    from tickets

    union all

    select tenant_id, company_id, greatest(closed_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, -1, 0, 0
    from tickets
    where closed_on is not null

    union all

    select tenant_id, company_id, greatest(overdue_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, 0, 1, 0
    from tickets
    where overdue_on < coalesce(closed_on, overdue_on + 1)

    union all

    select tenant_id, company_id, greatest(closed_on, {{ spine_lead_in_start_on() }}), 0, 0, 0, 0, 0, -1, 0
    from tickets
    where overdue_on < closed_on

    union all

    select tenant_id, company_id, closed_on, 0, 0, 0, 0, 0, 0, 1
    from tickets
    where is_closed_unanswered

),

daily_events as (

    select
        tenant_id,
        company_id,
        day_on,
        sum(ticket_count) as ticket_count,
        sum(inbound_count) as inbound_count,
        sum(message_count) as message_count,
        sum(negative_change) as negative_change,
        sum(open_change) as open_change,
        sum(overdue_change) as overdue_change,
        sum(unanswered_count) as unanswered_count

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
        coalesce(daily_events.message_count, 0) as message_count,
        coalesce(daily_events.negative_change, 0) as negative_change,
        coalesce(daily_events.open_change, 0) as open_change,
        coalesce(daily_events.overdue_change, 0) as overdue_change,
        coalesce(daily_events.unanswered_count, 0) as unanswered_count

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
        sum(message_count) over (company_days rows between 29 preceding and current row) as message_count_30d,
        sum(unanswered_count) over (company_days rows between 89 preceding and current row) as unanswered_count_90d,
        sum(negative_change) over (company_days rows between unbounded preceding and current row) as negative_count_90d,
        sum(open_change) over (company_days rows between unbounded preceding and current row) as open_count,
        sum(overdue_change) over (company_days rows between unbounded preceding and current row) as overdue_count

    from counted
    window company_days as (partition by tenant_id, company_id order by day_on)

),

message_ages as (

    select age_days from generate_series(0, 4) as ages (age_days)

),

ticket_days as (

    select
        messages.tenant_id,
        messages.company_id,
        messages.ticket_id,
        messages.sent_on + cast(message_ages.age_days as integer) as day_on,
        count(*) as message_count_5d

    from messages
    cross join message_ages
    where messages.sent_on + cast(message_ages.age_days as integer) between {{ spine_start_on() }} and {{ as_of_on() }}
    group by messages.tenant_id, messages.company_id, messages.ticket_id, messages.sent_on + cast(message_ages.age_days as integer)

),

busiest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, day_on
            order by message_count_5d desc, {{ id_order('ticket_id', 'desc') }}
        ) as busy_rank

    from ticket_days

),

final as (

    select
        rolled.tenant_id,
        rolled.company_id,
        rolled.day_on,
        cast(rolled.company_age_days as integer) as company_age_days,
        cast(rolled.ticket_count_7d as integer) as ticket_count_7d,
        cast(rolled.ticket_count_14d as integer) as ticket_count_14d,
        cast(coalesce(rolled.ticket_count_90d_before_14d, 0) as integer) as ticket_count_90d_before_14d,
        cast(coalesce(rolled.ticket_count_90d_before_30d, 0) as integer) as ticket_count_90d_before_30d,
        cast(rolled.inbound_count_30d as integer) as inbound_count_30d,
        cast(rolled.negative_count_90d as integer) as negative_count_90d,
        cast(rolled.open_count as integer) as open_count,
        cast(rolled.overdue_count as integer) as overdue_count,

        -- null where the tenant's threads are not known
        case when tenants.has_threads then cast(rolled.message_count_30d as integer) end as message_count_30d,
        case when tenants.has_threads then cast(coalesce(busiest_first.message_count_5d, 0) as integer) end as ticket_message_count_5d,
        case when tenants.has_threads then busiest_first.ticket_id end as busiest_ticket_id,
        case when tenants.has_threads then cast(rolled.unanswered_count_90d as integer) end as unanswered_count_90d

    from rolled
    left join tenants
        on rolled.tenant_id = tenants.tenant_id
    left join busiest_first
        on
            rolled.tenant_id = busiest_first.tenant_id
            and rolled.company_id = busiest_first.company_id
            and rolled.day_on = busiest_first.day_on
            and busiest_first.busy_rank = 1
    where rolled.day_on >= {{ spine_start_on() }}

)

select * from final
