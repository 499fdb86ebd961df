with companies as (

    select * from {{ ref('int_company_facts') }}

),

params as (

    {{ params_by_day(['count_direction'], 'significant_support') }}

),

-- Since when a tenant holds how many business days for too long; other changes of the trigger are no reason to look at a ticket twice.
overdue_params as (

    select
        tenant_id,
        param_value,
        valid_from_on,
        lag(param_value) over (partition by tenant_id order by valid_from_on) as value_before

    from {{ ref('int_trigger_params') }}
    where trigger_type = 'significant_support' and param_name = 'unresolved_business_days'

),

overdue_rules as (

    select
        tenant_id,
        floor(param_value) as business_days,
        valid_from_on,
        lead(valid_from_on) over (partition by tenant_id order by valid_from_on) as valid_until_on

    from overdue_params
    where value_before is null or value_before <> param_value

),

tickets as (

    select
        *,
        cast(last_message_received_at as date) as last_message_on

    from {{ ref('int_tickets') }}
    where company_id is not null

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

open_spells as (

    select * from {{ ref('int_ticket_spells') }}
    where company_id is not null and not is_closed

),

-- Unresolved for longer than the tenant allows, as it allowed on each of those days.
overdue_spells as (

    select
        open_spells.tenant_id,
        open_spells.company_id,
        greatest(
            open_spells.from_on,
            overdue_rules.valid_from_on,
            {{ business_days_after('open_spells.created_on', 'overdue_rules.business_days + 1') }}
        ) as from_on,
        least(open_spells.to_on, overdue_rules.valid_until_on) as to_on

    from open_spells
    inner join overdue_rules
        on open_spells.tenant_id = overdue_rules.tenant_id

),

spells as (

    select tenant_id, company_id, 'open' as kind, from_on, to_on
    from open_spells
    union all
    select tenant_id, company_id, 'overdue', from_on, to_on
    from overdue_spells
    where to_on is null or from_on < to_on
    union all
    select tenant_id, company_id, pain, from_on, to_on
    from {{ ref('int_pain_spells') }}

),

-- What began before the first day is carried in on that day.
spell_changes as (

    select tenant_id, company_id, kind, greatest(from_on, {{ spine_lead_in_start_on() }}) as day_on, 1 as change
    from spells
    union all
    select tenant_id, company_id, kind, greatest(to_on, {{ spine_lead_in_start_on() }}), -1
    from spells
    where to_on is not null

),

inbound_days as (

    select distinct
        tenant_id,
        ticket_id,
        sent_on

    from messages
    where inbound_count = 1

),

-- Everything that moves a company's counts, as one row an event.
events as (

    select
        tenant_id,
        company_id,
        created_on as day_on,
        1 as ticket_count,
        1 as inbound_count,
        0 as message_count,
        0 as inbound_message_count,
        0 as open_change,
        0 as overdue_change,
        0 as negative_change,
        0 as unanswered_change
    from tickets

    union all

    select tenant_id, company_id, sent_on, 0, inbound_count - is_opening, 1, inbound_count, 0, 0, 0, 0
    from messages

    union all

    -- HubSpot keeps the latest message of a ticket beside it, a chat's too, which is no email; earlier ones of these are not known.
    select tickets.tenant_id, tickets.company_id, tickets.last_message_on, 0, 1, 0, 0, 0, 0, 0, 0
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

    select
        tenant_id,
        company_id,
        day_on,
        0,
        0,
        0,
        0,
        case when kind = 'open' then change else 0 end,
        case when kind = 'overdue' then change else 0 end,
        case when kind = 'negative' then change else 0 end,
        case when kind = 'unanswered' then change else 0 end
    from spell_changes

),

daily_events as (

    select
        tenant_id,
        company_id,
        day_on,
        sum(ticket_count) as ticket_count,
        sum(inbound_count) as inbound_count,
        sum(message_count) as message_count,
        sum(inbound_message_count) as inbound_message_count,
        sum(open_change) as open_change,
        sum(overdue_change) as overdue_change,
        sum(negative_change) as negative_change,
        sum(unanswered_change) as unanswered_change

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
starts as (

    select
        companies.tenant_id,
        companies.company_id,
        companies.created_on,
        greatest(
            {{ spine_lead_in_start_on() }},
            coalesce(least(companies.created_on, first_events.first_event_on), {{ spine_start_on() }})
        ) as starts_on

    from companies
    left join first_events
        on
            companies.tenant_id = first_events.tenant_id
            and companies.company_id = first_events.company_id

),

spine as (

    select
        starts.*,
        days.day_on

    from starts
    inner join days
        on days.day_on >= starts.starts_on

),

-- What is known of a company stands on the day it came to be known, and is carried on from there.
facts as (

    select
        spans.*,
        greatest(spans.valid_from_on, starts.starts_on) as since_on

    from {{ ref('int_company_fact_spans') }} as spans
    inner join starts
        on
            spans.tenant_id = starts.tenant_id
            and spans.company_id = starts.company_id
            and spans.valid_to_on >= starts.starts_on

),

counted as (

    select
        spine.tenant_id,
        spine.company_id,
        spine.created_on,
        spine.day_on,
        facts.since_on as facts_since_on,
        coalesce(daily_events.ticket_count, 0) as ticket_count,
        coalesce(daily_events.inbound_count, 0) as inbound_count,
        coalesce(daily_events.message_count, 0) as message_count,
        coalesce(daily_events.inbound_message_count, 0) as inbound_message_count,
        coalesce(daily_events.open_change, 0) as open_change,
        coalesce(daily_events.overdue_change, 0) as overdue_change,
        coalesce(daily_events.negative_change, 0) as negative_change,
        coalesce(daily_events.unanswered_change, 0) as unanswered_change

    from spine
    left join daily_events
        on
            spine.tenant_id = daily_events.tenant_id
            and spine.company_id = daily_events.company_id
            and spine.day_on = daily_events.day_on
    left join facts
        on
            spine.tenant_id = facts.tenant_id
            and spine.company_id = facts.company_id
            and spine.day_on = facts.since_on

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
        sum(inbound_message_count) over (company_days rows between 29 preceding and current row) as inbound_message_count_30d,
        sum(open_change) over (company_days rows between unbounded preceding and current row) as open_count,
        sum(overdue_change) over (company_days rows between unbounded preceding and current row) as overdue_count,
        sum(negative_change) over (company_days rows between unbounded preceding and current row) as negative_count_90d,
        sum(unanswered_change) over (company_days rows between unbounded preceding and current row) as unanswered_count_90d,
        max(facts_since_on) over (company_days rows between unbounded preceding and current row) as facts_since_on

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
        count(*) as message_count_5d,
        sum(messages.inbound_count) as inbound_message_count_5d

    from messages
    cross join message_ages
    where messages.sent_on + cast(message_ages.age_days as integer) between {{ spine_start_on() }} and {{ as_of_on() }}
    group by messages.tenant_id, messages.company_id, messages.ticket_id, messages.sent_on + cast(message_ages.age_days as integer)

),

directed as (

    select
        ticket_days.tenant_id,
        ticket_days.company_id,
        ticket_days.ticket_id,
        ticket_days.day_on,
        {{ counted_direction('ticket_days.message_count_5d', 'ticket_days.inbound_message_count_5d') }} as message_count_5d

    from ticket_days
    inner join params
        on
            ticket_days.tenant_id = params.tenant_id
            and ticket_days.day_on = params.day_on

),

busiest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, day_on
            order by message_count_5d desc, {{ id_order('ticket_id', 'desc') }}
        ) as busy_rank

    from directed
    where message_count_5d > 0

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
        case
            when tenants.has_threads
                then cast({{ counted_direction('rolled.message_count_30d', 'rolled.inbound_message_count_30d') }} as integer)
        end as message_count_30d,
        case when tenants.has_threads then cast(coalesce(busiest_first.message_count_5d, 0) as integer) end as ticket_message_count_5d,
        case when tenants.has_threads then busiest_first.ticket_id end as busiest_ticket_id,
        case when tenants.has_threads then cast(rolled.unanswered_count_90d as integer) end as unanswered_count_90d,

        -- facts as they were known at the end of the day; null where they were not
        facts.known_mrr,
        facts.renewal_on,
        facts.last_login_on,
        facts.onboarding_step,
        facts.usage_30d

    from rolled
    inner join params
        on
            rolled.tenant_id = params.tenant_id
            and rolled.day_on = params.day_on
    left join tenants
        on rolled.tenant_id = tenants.tenant_id
    left join busiest_first
        on
            rolled.tenant_id = busiest_first.tenant_id
            and rolled.company_id = busiest_first.company_id
            and rolled.day_on = busiest_first.day_on
            and busiest_first.busy_rank = 1
    left join facts
        on
            rolled.tenant_id = facts.tenant_id
            and rolled.company_id = facts.company_id
            and rolled.facts_since_on = facts.since_on
    where rolled.day_on >= {{ spine_start_on() }}

)

select * from final
