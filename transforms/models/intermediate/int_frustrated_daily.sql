with params as (

    {{ params_by_day([
        't_on',
        't_notify',
        't_off',
        'window_days',
        'half_life_days',
        'min_p',
        'severity_medium',
        'severity_high',
        'renewal_days',
    ], 'frustrated') }}

),

-- How far back any day may look, so that a message is spelt out for as many days and no more.
reach as (

    select
        tenant_id,
        max(window_days) as window_days

    from params
    group by tenant_id

),

stale_days as (

    select * from {{ ref('int_stale_days') }}

),

-- What may still be heard on a stale day.
readings as (

    select
        said.*,
        tickets.company_id,
        {{ stale_from_on() }} as stale_from_on

    from {{ ref('int_customer_messages') }} as said
    inner join {{ ref('int_tickets') }} as tickets
        on
            said.tenant_id = tickets.tenant_id
            and said.ticket_id = tickets.ticket_id
    inner join reach
        on said.tenant_id = reach.tenant_id
    left join stale_days
        on
            tickets.tenant_id = stale_days.tenant_id
            and tickets.company_id = stale_days.company_id
    where
        tickets.company_id is not null
        and said.points > 0
        and said.sent_on + cast(ceil(reach.window_days) as integer) > {{ stale_from_on() }}

),

company_facts as (

    select * from {{ ref('int_company_days') }}

),

tenant_days as (

    select * from {{ ref('int_tenant_days') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

ages as (

    select age_days from generate_series(0, 364) as ages (age_days)

),

-- A message speaks on its own day and on each day after it, until it is as old as the longest window. Materialized: an optimiser that sees through
-- it joins the days first, which is thousands of times as many rows.
aged as materialized (

    select
        readings.*,
        ages.age_days,
        cast(readings.sent_on + cast(ages.age_days as integer) as date) as scored_on

    from readings
    inner join reach
        on readings.tenant_id = reach.tenant_id
    inner join ages
        on ages.age_days < reach.window_days
    where cast(readings.sent_on + cast(ages.age_days as integer) as date) >= readings.stale_from_on

),

faded as (

    select
        aged.tenant_id,
        aged.company_id,
        aged.ticket_id,
        aged.message_id,
        aged.sentiment,
        aged.churn_intent,
        aged.sent_at,
        aged.points,
        aged.scored_on,
        power(0.5, aged.age_days / params.half_life_days) as share

    from aged
    inner join params
        on
            aged.tenant_id = params.tenant_id
            and aged.scored_on = params.day_on
            and aged.age_days < params.window_days

),

loudest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, ticket_id, scored_on
            order by {{ exact('points * share') }} desc, sent_at desc, {{ id_order('message_id', 'desc') }}
        ) as loudness_rank,
        max(case when churn_intent = 'implied' then 1 else 0 end) over ticket_day as implied_flag,
        max(case when churn_intent = 'explicit' then 1 else 0 end) over ticket_day as explicit_flag

    from faded
    window ticket_day as (partition by tenant_id, company_id, ticket_id, scored_on)

),

-- A ticket brings what the strongest of its messages still brings: a long thread counts once.
strongest_messages as (

    select * from loudest_first
    where loudness_rank = 1

),

unhappy_tickets as (

    select distinct
        tenant_id,
        ticket_id

    from readings

),

-- How a ticket's customer sounded first, and at the end of each day on which they wrote; null where that was not read.
turns as (

    select
        said.tenant_id,
        said.ticket_id,
        said.sent_on,
        said.level as last_level,
        first_value(said.level) over ticket_turns as first_level,
        row_number() over (
            partition by said.tenant_id, said.ticket_id, said.sent_on
            order by said.sent_at desc, {{ id_order('said.message_id', 'desc') }}
        ) as day_rank

    from {{ ref('int_customer_messages') }} as said
    inner join unhappy_tickets
        on
            said.tenant_id = unhappy_tickets.tenant_id
            and said.ticket_id = unhappy_tickets.ticket_id
    window ticket_turns as (
        partition by said.tenant_id, said.ticket_id
        order by said.sent_at, {{ id_order('said.message_id') }}
        rows between unbounded preceding and unbounded following
    )

),

tones as (

    select
        tenant_id,
        ticket_id,
        sent_on,
        first_level - last_level >= 2 as is_fallen,
        last_level >= 0 as is_calm,
        coalesce(lead(sent_on) over (partition by tenant_id, ticket_id order by sent_on), {{ last_day() }}) as next_on

    from turns
    where day_rank = 1

),

closed_spells as (

    select
        *,
        coalesce(to_on, {{ last_day() }}) as until_on

    from {{ ref('int_ticket_spells') }}
    where is_closed

),

turned as (

    select
        strongest_messages.*,
        coalesce(tones.is_fallen, false) as is_fallen,
        coalesce(tones.is_calm, false) and closed_spells.ticket_id is not null as is_eased

    from strongest_messages
    left join tones
        on
            strongest_messages.tenant_id = tones.tenant_id
            and strongest_messages.ticket_id = tones.ticket_id
            and strongest_messages.scored_on >= tones.sent_on
            and strongest_messages.scored_on < tones.next_on
    left join closed_spells
        on
            strongest_messages.tenant_id = closed_spells.tenant_id
            and strongest_messages.ticket_id = closed_spells.ticket_id
            and strongest_messages.scored_on >= closed_spells.from_on
            and strongest_messages.scored_on < closed_spells.until_on

),

-- A conversation that turned bad weighs a point more, one that ended well a point less; both fade with the message they are added to.
contributions as (

    select
        tenant_id,
        company_id,
        ticket_id,
        message_id,
        sentiment,
        sent_at,
        scored_on,
        implied_flag,
        explicit_flag,
        is_fallen,
        is_eased,
        {{ exact(
            '(points + case when is_fallen then 1 else 0 end - case when is_eased then 1 else 0 end) * share'
        ) }} as points

    from turned

),

strongest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, scored_on
            order by points desc, sent_at desc, {{ id_order('ticket_id', 'desc') }}
        ) as strength_rank

    from contributions
    where points > 0

),

company_days as (

    select
        tenant_id,
        company_id,
        scored_on,
        {{ rounded('sum(points)') }} as score,
        count(*) as ticket_count,
        sum(case when sentiment = 'negative' then 1 else 0 end) as negative_count,
        sum(case when sentiment = 'very_negative' then 1 else 0 end) as very_negative_count,
        sum(implied_flag) as implied_count,
        sum(explicit_flag) as explicit_count,
        sum(case when is_fallen then 1 else 0 end) as fallen_count,
        sum(case when is_eased then 1 else 0 end) as eased_count,
        max(case when strength_rank = 1 then ticket_id end) as strongest_ticket_id,
        max(case when strength_rank = 1 then message_id end) as strongest_message_id,
        -- What each ticket brings, by the message it brings it with: what a card's quotes are shown to weigh.
        '{' || string_agg(
            {{ json_string("ticket_id || ' ' || message_id") }} || ':' || cast(points as text), ','
            order by {{ id_order('ticket_id') }}
        ) || '}' as message_points

    from strongest_first
    group by tenant_id, company_id, scored_on

),

judged as (

    select
        company_days.*,
        params.t_on,
        params.t_notify,
        params.window_days,
        params.half_life_days,
        params.in_force,
        company_facts.renewal_on - company_days.scored_on as renewal_days,
        coalesce(company_facts.known_mrr >= tenant_days.top_tenth_mrr, false) as is_mrr_top_tenth,
        coalesce(tenants.has_threads, false) as has_threads,
        case
            when
                company_days.explicit_count > 0
                and (
                    company_facts.renewal_on - company_days.scored_on between 0 and params.renewal_days
                    or company_facts.known_mrr >= tenant_days.top_tenth_mrr
                )
                then 4
            when company_days.score >= params.severity_high then 3
            when company_days.score >= params.severity_medium then 2
            else 1
        end as severity_rank

    from company_days
    inner join params
        on
            company_days.tenant_id = params.tenant_id
            and company_days.scored_on = params.day_on
    inner join company_facts
        on
            company_days.tenant_id = company_facts.tenant_id
            and company_days.company_id = company_facts.company_id
            and company_days.scored_on = company_facts.day_on
    inner join tenant_days
        on
            company_days.tenant_id = tenant_days.tenant_id
            and company_days.scored_on = tenant_days.day_on
    left join tenants
        on company_days.tenant_id = tenants.tenant_id

),

final as (

    select
        tenant_id,
        company_id,
        scored_on,
        score,
        severity_rank,
        score >= t_notify as is_notify,
        strongest_ticket_id as ticket_id,
        {{ json_object([
            ['scored_on', json_string('scored_on')],
            ['score', json_number('score')],
            ['t_on', json_number('t_on')],
            ['t_notify', json_number('t_notify')],
            ['window_days', json_number('window_days')],
            ['half_life_days', json_number('half_life_days')],
            ['ticket_count', json_integer('ticket_count')],
            ['negative_count', json_integer('negative_count')],
            ['very_negative_count', json_integer('very_negative_count')],
            ['implied_intent_count', json_integer('implied_count')],
            ['explicit_intent_count', json_integer('explicit_count')],
            ['turned_bad_count', json_integer('fallen_count')],
            ['ended_well_count', json_integer('eased_count')],
            ['strongest_ticket_id', json_string('strongest_ticket_id')],
            ['strongest_message_id', json_string('strongest_message_id')],
            ['renewal_in_days', json_integer('renewal_days')],
            ['is_mrr_top_tenth', json_boolean('is_mrr_top_tenth')],
            ['in_force', 'in_force'],
            ['unknown', json_names_where([['later_messages', 'not has_threads'], ['calibrated_probability', 'true']])],
        ]) }} as components,
        {{ counted('ticket_count', 'ticket') }} || ' in the ' || {{ plain_number('window_days') }} || ' days to ' || cast(scored_on as text)
        || case when ticket_count = 1 then ' reads' else ' read' end || ' as unhappy: '
        || {{ joined_where([
            ['very_negative_count > 0', whole_number('very_negative_count') ~ " || ' very negative'"],
            ['negative_count > 0', whole_number('negative_count') ~ " || ' negative'"],
            ['explicit_count > 0', whole_number('explicit_count') ~ " || ' with stated intent to leave'"],
            ['implied_count > 0', whole_number('implied_count') ~ " || ' with implied intent to leave'"],
            ['fallen_count > 0', whole_number('fallen_count') ~ " || ' that turned bad'"],
            ['eased_count > 0', whole_number('eased_count') ~ " || ' that ended well'"],
        ], ', ') }} || ' (score ' || {{ plain_number('score', 2) }} || ').' as why,
        message_points

    from judged

)

select * from final
