-- No window reaches further back than so many days.
{% set reach_days = 121 %}

{% set counts = [
    'ticket_count_7d',
    'ticket_count_14d',
    'ticket_count_90d_before_14d',
    'ticket_count_90d_before_30d',
    'inbound_count_30d',
    'message_count_30d',
    'inbound_message_count_30d',
    'open_count',
    'overdue_count',
    'negative_count_90d',
    'unanswered_count_90d',
] %}

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

stale_days as (

    select * from {{ ref('int_stale_days') }}

),

spoken as (

    select
        messages.tenant_id,
        tickets.company_id,
        messages.ticket_id,
        messages.message_id,
        messages.direction,
        messages.sent_at,
        messages.sent_on,
        tickets.created_on

    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where messages.is_conversation

),

signs as (

    select tenant_id, company_id, created_on as sign_on from tickets
    union all
    select tenant_id, company_id, sent_on from spoken

),

first_signs as (

    select
        tenant_id,
        company_id,
        min(sign_on) as first_sign_on

    from signs
    group by tenant_id, company_id

),

-- A company's days begin with its first sign of life, in the CRM or in a ticket imported from elsewhere; here, with the first that is stale.
starts as (

    select
        companies.tenant_id,
        companies.company_id,
        companies.created_on,
        greatest(
            {{ spine_start_on() }},
            coalesce(least(companies.created_on, first_signs.first_sign_on), {{ spine_start_on() }}),
            {{ stale_from_on() }}
        ) as first_on

    from companies
    left join first_signs
        on
            companies.tenant_id = first_signs.tenant_id
            and companies.company_id = first_signs.company_id
    left join stale_days
        on
            companies.tenant_id = stale_days.tenant_id
            and companies.company_id = stale_days.company_id

),

-- What a window of the first day may still count; of a ticket it may count, all that was said.
messages as (

    select
        spoken.tenant_id,
        spoken.company_id,
        spoken.ticket_id,
        spoken.sent_on,
        case when spoken.direction = 'inbound' then 1 else 0 end as inbound_count,
        -- The ticket itself is counted as its first message, which is the first one from the customer where both are of one day.
        case
            when
                spoken.direction = 'inbound'
                and spoken.sent_on = spoken.created_on
                and row_number() over (
                    partition by spoken.tenant_id, spoken.ticket_id, spoken.direction
                    order by spoken.sent_at, {{ id_order('spoken.message_id') }}
                ) = 1
                then 1
            else 0
        end as is_opening

    from spoken
    inner join starts
        on
            spoken.tenant_id = starts.tenant_id
            and spoken.company_id = starts.company_id
            and greatest(spoken.sent_on, spoken.created_on) > starts.first_on - {{ reach_days }}

),

open_spells as (

    select spells.*
    from {{ ref('int_ticket_spells') }} as spells
    inner join starts
        on
            spells.tenant_id = starts.tenant_id
            and spells.company_id = starts.company_id
            and coalesce(spells.to_on > starts.first_on, true)
    where not spells.is_closed

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

spell_changes as (

    select tenant_id, company_id, kind, from_on as day_on, 1 as change
    from spells
    union all
    select tenant_id, company_id, kind, to_on, -1
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

-- Everything that happened to a company, as one row an event.
events as (

    select
        tenant_id,
        company_id,
        created_on as day_on,
        1 as ticket_count,
        1 as inbound_count,
        0 as message_count,
        0 as inbound_message_count
    from tickets

    union all

    select tenant_id, company_id, sent_on, 0, inbound_count - is_opening, 1, inbound_count
    from messages

    union all

    -- HubSpot keeps the latest message of a ticket beside it, a chat's too, which is no email; earlier ones of these are not known.
    select tickets.tenant_id, tickets.company_id, tickets.last_message_on, 0, 1, 0, 0
    from tickets
    left join inbound_days
        on
            tickets.tenant_id = inbound_days.tenant_id
            and tickets.ticket_id = inbound_days.ticket_id
            and tickets.last_message_on = inbound_days.sent_on
    where
        tickets.last_message_on > tickets.created_on
        and inbound_days.ticket_id is null

),

daily_events as (

    select
        events.tenant_id,
        events.company_id,
        events.day_on,
        starts.first_on,
        sum(events.ticket_count) as ticket_count,
        sum(events.inbound_count) as inbound_count,
        sum(events.message_count) as message_count,
        sum(events.inbound_message_count) as inbound_message_count

    from events
    inner join starts
        on
            events.tenant_id = starts.tenant_id
            and events.company_id = starts.company_id
            and events.day_on > starts.first_on - {{ reach_days }}
    group by events.tenant_id, events.company_id, events.day_on, starts.first_on

),

-- So many days after an event a window begins or ceases to count it.
turns as (

    select 0 as turn
    {%- for turn in [7, 14, 30, 104, 120] %}
    union all
    select {{ turn }}
    {%- endfor %}

),

-- Everything that moves a count; what began before the first day is carried in on that day.
moves as (

    select
        daily_events.tenant_id,
        daily_events.company_id,
        greatest(daily_events.day_on + turns.turn, daily_events.first_on) as day_on,
        {{ within_window('daily_events.ticket_count', 'turns.turn', 0, 7) }} as ticket_count_7d,
        {{ within_window('daily_events.ticket_count', 'turns.turn', 0, 14) }} as ticket_count_14d,
        {{ within_window('daily_events.ticket_count', 'turns.turn', 14, 104) }} as ticket_count_90d_before_14d,
        {{ within_window('daily_events.ticket_count', 'turns.turn', 30, 120) }} as ticket_count_90d_before_30d,
        {{ within_window('daily_events.inbound_count', 'turns.turn', 0, 30) }} as inbound_count_30d,
        {{ within_window('daily_events.message_count', 'turns.turn', 0, 30) }} as message_count_30d,
        {{ within_window('daily_events.inbound_message_count', 'turns.turn', 0, 30) }} as inbound_message_count_30d,
        0 as open_count,
        0 as overdue_count,
        0 as negative_count_90d,
        0 as unanswered_count_90d

    from daily_events
    cross join turns
    where daily_events.day_on + turns.turn <= {{ as_of_on() }}

    union all

    select
        spell_changes.tenant_id,
        spell_changes.company_id,
        greatest(spell_changes.day_on, starts.first_on),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        case when spell_changes.kind = 'open' then spell_changes.change else 0 end,
        case when spell_changes.kind = 'overdue' then spell_changes.change else 0 end,
        case when spell_changes.kind = 'negative' then spell_changes.change else 0 end,
        case when spell_changes.kind = 'unanswered' then spell_changes.change else 0 end

    from spell_changes
    inner join starts
        on
            spell_changes.tenant_id = starts.tenant_id
            and spell_changes.company_id = starts.company_id
    where spell_changes.day_on <= {{ as_of_on() }}

),

daily_moves as (

    select
        tenant_id,
        company_id,
        day_on
        {%- for name in counts %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}

    from moves
    group by tenant_id, company_id, day_on

),

days as (

    {{ days_between(spine_start_on(), as_of_on()) }}

),

spine as (

    select
        starts.*,
        days.day_on

    from starts
    inner join days
        on days.day_on >= starts.first_on

),

-- What is known of a company stands on the day it came to be known, and is carried on from there.
facts as (

    select
        spans.*,
        greatest(spans.valid_from_on, starts.first_on) as since_on

    from {{ ref('int_company_fact_spans') }} as spans
    inner join starts
        on
            spans.tenant_id = starts.tenant_id
            and spans.company_id = starts.company_id
            and spans.valid_to_on >= starts.first_on

),

rolled as (

    select
        spine.tenant_id,
        spine.company_id,
        spine.day_on,
        spine.day_on - spine.created_on as company_age_days
        {%- for name in counts %},
        sum(coalesce(daily_moves.{{ name }}, 0)) over (company_days rows between unbounded preceding and current row) as {{ name }}
        {%- endfor %},
        max(facts.since_on) over (company_days rows between unbounded preceding and current row) as facts_since_on

    from spine
    left join daily_moves
        on
            spine.tenant_id = daily_moves.tenant_id
            and spine.company_id = daily_moves.company_id
            and spine.day_on = daily_moves.day_on
    left join facts
        on
            spine.tenant_id = facts.tenant_id
            and spine.company_id = facts.company_id
            and spine.day_on = facts.since_on
    window company_days as (partition by spine.tenant_id, spine.company_id order by spine.day_on)

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
    inner join starts
        on
            messages.tenant_id = starts.tenant_id
            and messages.company_id = starts.company_id
            and messages.sent_on >= starts.first_on - 4
    cross join message_ages
    where messages.sent_on + cast(message_ages.age_days as integer) between starts.first_on and {{ as_of_on() }}
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
        cast(rolled.ticket_count_90d_before_14d as integer) as ticket_count_90d_before_14d,
        cast(rolled.ticket_count_90d_before_30d as integer) as ticket_count_90d_before_30d,
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

)

select * from final
