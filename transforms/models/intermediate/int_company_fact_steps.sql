with rules as (

    select * from {{ ref('int_tenant_rules') }}

),

topics as (

    select * from {{ ref('stg_app__topics') }}

),

-- What the rules in force ask for, each once, and since when. A tenant without rules asks for nothing, and costs nothing below.
measures as (

    select
        literals.tenant_id,
        literals.measure,
        literals.fact,
        literals.within_days,
        -- A rule may name a topic by the name it had when the rule was made.
        case when topics.topic is null then literals.topic else topics.current_topic end as topic,
        min(rules.first_on) as first_on

    from {{ ref('stg_app__trigger_rule_literals') }} as literals
    inner join rules
        on
            literals.tenant_id = rules.tenant_id
            and literals.rule_id = rules.rule_id
            and literals.version = rules.version
    left join topics
        on
            literals.tenant_id = topics.tenant_id
            and literals.topic = topics.topic
    group by
        literals.tenant_id,
        literals.measure,
        literals.fact,
        literals.within_days,
        case when topics.topic is null then literals.topic else topics.current_topic end

),

asking as (

    select distinct tenant_id from measures

),

-- Until when all that would break a silence has been heard: silence is no fact while nobody listens.
known_until as (

    select
        tenant_id,
        {{ last_heard_on('trusted_until_at') }} as last_on

    from {{ ref('int_silence_sources') }}

),

tickets as (

    select tickets.*
    from {{ ref('int_tickets') }} as tickets
    inner join asking
        on tickets.tenant_id = asking.tenant_id
    where tickets.company_id is not null

),

first_tickets as (

    select
        tenant_id,
        company_id,
        min(created_on) as first_ticket_on

    from tickets
    group by tenant_id, company_id

),

-- Each company with each thing that is asked of it, from its first sign of life on.
asked as (

    select
        companies.*,
        measures.measure,
        measures.fact,
        measures.within_days,
        measures.topic,
        greatest(
            measures.first_on,
            coalesce(least(companies.created_on, first_tickets.first_ticket_on), measures.first_on)
        ) as start_on,
        known_until.last_on as known_until_on

    from {{ ref('int_company_facts') }} as companies
    inner join measures
        on companies.tenant_id = measures.tenant_id
    left join first_tickets
        on
            companies.tenant_id = first_tickets.tenant_id
            and companies.company_id = first_tickets.company_id
    left join known_until
        on companies.tenant_id = known_until.tenant_id

),

-- What the customer said, day by day: the opening of a ticket, and later messages where threads are read.
said as (

    select
        messages.tenant_id,
        tickets.company_id,
        messages.ticket_id,
        messages.sent_on

    from {{ ref('int_customer_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id

),

said_days as (

    select distinct
        tenant_id,
        ticket_id,
        sent_on

    from said

),

inbound as (

    select
        tenant_id,
        company_id,
        sent_on

    from said

    union all

    -- HubSpot keeps the latest message of a ticket beside it, a chat's too, which is no email; earlier ones of these are not known.
    select
        tickets.tenant_id,
        tickets.company_id,
        cast(tickets.last_message_received_at as date)

    from tickets
    left join said_days
        on
            tickets.tenant_id = said_days.tenant_id
            and tickets.ticket_id = said_days.ticket_id
            and cast(tickets.last_message_received_at as date) = said_days.sent_on
    where
        cast(tickets.last_message_received_at as date) > tickets.created_on
        and said_days.ticket_id is null

),

-- Everything that moves a count, as one row a move: what happens enters on its day, and leaves when it is as old as the window.
happened as (

    select asked.measure, asked.within_days, tickets.tenant_id, tickets.company_id, tickets.created_on as happened_on
    from tickets
    inner join asked
        on
            tickets.tenant_id = asked.tenant_id
            and tickets.company_id = asked.company_id
            and asked.fact = 'ticket_count'

    union all

    select asked.measure, asked.within_days, labels.tenant_id, labels.company_id, labels.created_on
    from {{ ref('int_topic_tickets') }} as labels
    inner join asked
        on
            labels.tenant_id = asked.tenant_id
            and labels.company_id = asked.company_id
            and labels.topic = asked.topic
            and asked.fact = 'topic_ticket_count'

    union all

    select asked.measure, asked.within_days, inbound.tenant_id, inbound.company_id, inbound.sent_on
    from inbound
    inner join asked
        on
            inbound.tenant_id = asked.tenant_id
            and inbound.company_id = asked.company_id
            and asked.fact = 'inbound_count'

    union all

    select asked.measure, asked.within_days, messages.tenant_id, tickets.company_id, messages.sent_on
    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    inner join asked
        on
            tickets.tenant_id = asked.tenant_id
            and tickets.company_id = asked.company_id
            and asked.fact = 'message_count'
    where messages.is_conversation

),

-- A ticket hurts from the day of an unhappy message on, until its window is over or its customer calls it solved.
unhappy as (

    select
        pain.tenant_id,
        pain.company_id,
        asked.measure,
        pain.from_on,
        cast(least(pain.to_on, pain.hurt_on + asked.within_days) as date) as to_on

    from {{ ref('int_pain_spells') }} as pain
    inner join asked
        on
            pain.tenant_id = asked.tenant_id
            and pain.company_id = asked.company_id
            and asked.fact = 'negative_count'
    where pain.pain = 'negative'

),

open_spells as (

    select
        spells.tenant_id,
        tickets.company_id,
        spells.from_on,
        spells.to_on

    from {{ ref('int_ticket_spells') }} as spells
    inner join tickets
        on
            spells.tenant_id = tickets.tenant_id
            and spells.ticket_id = tickets.ticket_id
    where not spells.is_closed

),

moves as (

    select tenant_id, company_id, measure, happened_on as moved_on, 1 as change
    from happened

    union all

    select tenant_id, company_id, measure, cast(happened_on + within_days as date), -1
    from happened

    union all

    select tenant_id, company_id, measure, from_on, 1
    from unhappy
    where from_on < to_on

    union all

    select tenant_id, company_id, measure, to_on, -1
    from unhappy
    where from_on < to_on

    union all

    select open_spells.tenant_id, open_spells.company_id, asked.measure, open_spells.from_on, 1
    from open_spells
    inner join asked
        on
            open_spells.tenant_id = asked.tenant_id
            and open_spells.company_id = asked.company_id
            and asked.fact = 'open_ticket_count'

    union all

    select open_spells.tenant_id, open_spells.company_id, asked.measure, open_spells.to_on, -1
    from open_spells
    inner join asked
        on
            open_spells.tenant_id = asked.tenant_id
            and open_spells.company_id = asked.company_id
            and asked.fact = 'open_ticket_count'
    where open_spells.to_on is not null

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

-- What began before the first day is carried in on that day; a company to which nothing happened counts zero from it on.
counted as (

    select asked.*
    from asked
    inner join tenants
        on asked.tenant_id = tenants.tenant_id
    where
        asked.known_until_on is not null
        and (
            asked.fact in ('ticket_count', 'inbound_count', 'negative_count', 'open_ticket_count')
            or (asked.fact = 'topic_ticket_count' and asked.topic is not null)
            or (asked.fact = 'message_count' and tenants.has_threads)
        )

),

counted_moves as (

    select tenant_id, company_id, measure, known_until_on as last_on, start_on as moved_on, 0 as change
    from counted

    union all

    select
        counted.tenant_id,
        counted.company_id,
        counted.measure,
        counted.known_until_on,
        greatest(counted.start_on, moves.moved_on),
        moves.change

    from counted
    inner join moves
        on
            counted.tenant_id = moves.tenant_id
            and counted.company_id = moves.company_id
            and counted.measure = moves.measure

),

daily_moves as (

    select
        tenant_id,
        company_id,
        measure,
        last_on,
        moved_on,
        sum(change) as change

    from counted_moves
    group by tenant_id, company_id, measure, last_on, moved_on

),

counts as (

    select
        tenant_id,
        company_id,
        measure,
        moved_on as from_on,
        cast(least(last_on, lead(moved_on) over moves_in_turn - 1) as date) as until_on,
        sum(change) over moves_in_turn as number_value

    from daily_moves
    window moves_in_turn as (partition by tenant_id, company_id, measure order by moved_on)

),

inbound_days as (

    select
        tenant_id,
        company_id,
        sent_on,
        lead(sent_on) over (partition by tenant_id, company_id order by sent_on) as next_on

    from (select distinct tenant_id, company_id, sent_on from inbound) as days

),

-- What HubSpot said of the company, span by span of days on which nothing of it changed.
crm as (

    select
        asked.tenant_id,
        asked.company_id,
        asked.measure,
        asked.fact,
        asked.known_until_on,
        greatest(asked.start_on, spans.valid_from_on) as from_on,
        spans.valid_to_on,
        spans.known_mrr,
        spans.renewal_on,
        spans.last_login_on,
        spans.onboarding_step,
        spans.usage_30d

    from asked
    inner join {{ ref('int_company_fact_spans') }} as spans
        on
            asked.tenant_id = spans.tenant_id
            and asked.company_id = spans.company_id
            and asked.start_on <= spans.valid_to_on
    where asked.fact in ('mrr', 'usage_30d', 'onboarding_step', 'renewal_in_days', 'last_login_age_days')

),

-- Facts that move by one each day are told by where they start.
facts as (

    select tenant_id, company_id, measure, from_on, until_on, number_value, cast(null as text) as text_value, 0 as slope
    from counts

    union all

    select
        asked.tenant_id,
        asked.company_id,
        asked.measure,
        greatest(asked.start_on, inbound_days.sent_on),
        cast(least(asked.known_until_on, inbound_days.next_on - 1) as date),
        greatest(asked.start_on, inbound_days.sent_on) - inbound_days.sent_on,
        null,
        1

    from asked
    inner join inbound_days
        on
            asked.tenant_id = inbound_days.tenant_id
            and asked.company_id = inbound_days.company_id
    where asked.fact = 'days_since_inbound' and asked.known_until_on is not null

    union all

    select tenant_id, company_id, measure, start_on, {{ as_of_on() }}, start_on - created_on, null, 1
    from asked
    where fact = 'company_age_days' and created_on is not null

    union all

    select
        tenant_id,
        company_id,
        measure,
        from_on,
        cast(least(valid_to_on, known_until_on) as date),
        from_on - last_login_on,
        null,
        1

    from crm
    where fact = 'last_login_age_days' and last_login_on is not null and known_until_on is not null

    union all

    select tenant_id, company_id, measure, from_on, valid_to_on, renewal_on - from_on, null, -1
    from crm
    where fact = 'renewal_in_days' and renewal_on is not null

    union all

    select tenant_id, company_id, measure, from_on, valid_to_on, known_mrr, null, 0
    from crm
    where fact = 'mrr' and known_mrr is not null

    union all

    select tenant_id, company_id, measure, from_on, valid_to_on, usage_30d, null, 0
    from crm
    where fact = 'usage_30d' and usage_30d is not null

    union all

    select tenant_id, company_id, measure, from_on, valid_to_on, onboarding_step, null, 0
    from crm
    where fact = 'onboarding_step' and onboarding_step is not null

    union all

    -- HubSpot is asked for no history of it, so it is taken for what it is today.
    select tenant_id, company_id, measure, start_on, {{ as_of_on() }}, null, lifecyclestage, 0
    from asked
    where fact = 'lifecycle_stage' and lifecyclestage is not null

),

final as (

    select
        tenant_id,
        company_id,
        measure,
        cast(from_on as date) as from_on,
        cast(least(until_on, {{ as_of_on() }}) as date) as until_on,
        cast(number_value as double precision) as number_value,
        text_value,
        cast(slope as integer) as slope

    from facts
    where from_on <= least(until_on, {{ as_of_on() }})

)

select * from final
