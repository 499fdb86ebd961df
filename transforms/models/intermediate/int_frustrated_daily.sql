with params as (

    select
        tenant_id,
        max(case when param_name = 't_on' then param_value end) as t_on,
        max(case when param_name = 't_notify' then param_value end) as t_notify,
        max(case when param_name = 'window_days' then param_value end) as window_days,
        greatest(max(case when param_name = 'half_life_days' then param_value end), 0.1) as half_life_days,
        max(case when param_name = 'severity_medium' then param_value end) as severity_medium,
        max(case when param_name = 'severity_high' then param_value end) as severity_high

    from {{ ref('int_trigger_params') }}
    where trigger_type = 'frustrated'
    group by tenant_id

),

readings as (

    select
        messages.*,
        tickets.company_id

    from {{ ref('int_customer_messages') }} as messages
    inner join {{ ref('int_tickets') }} as tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where
        tickets.company_id is not null
        and messages.points > 0

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

ages as (

    select age_days from generate_series(0, 364) as ages (age_days)

),

-- A message speaks on its own day and fades on each day after it, until it is as old as the window.
faded as (

    select
        readings.tenant_id,
        readings.company_id,
        readings.ticket_id,
        readings.message_id,
        readings.sentiment,
        readings.churn_intent,
        readings.sent_at,
        cast(readings.sent_on + cast(ages.age_days as integer) as date) as scored_on,
        {{ exact('readings.points * power(0.5, ages.age_days / params.half_life_days)') }} as points

    from readings
    inner join params
        on readings.tenant_id = params.tenant_id
    inner join ages
        on
            ages.age_days < params.window_days
            and readings.sent_on + cast(ages.age_days as integer) between {{ spine_start_on() }} and {{ as_of_on() }}

),

loudest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, ticket_id, scored_on
            order by points desc, sent_at desc, {{ id_order('message_id', 'desc') }}
        ) as loudness_rank

    from faded

),

-- A ticket brings what the strongest of its messages still brings: a long thread counts once.
contributions as (

    select * from loudest_first
    where loudness_rank = 1

),

strongest_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, scored_on
            order by points desc, sent_at desc, {{ id_order('ticket_id', 'desc') }}
        ) as strength_rank

    from contributions

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
        sum(case when churn_intent = 'implied' then 1 else 0 end) as implied_count,
        sum(case when churn_intent = 'explicit' then 1 else 0 end) as explicit_count,
        max(case when strength_rank = 1 then ticket_id end) as strongest_ticket_id,
        max(case when strength_rank = 1 then message_id end) as strongest_message_id

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
        companies.renewal_on - company_days.scored_on as renewal_days,
        coalesce(tenants.has_threads, false) as has_threads,
        case
            when
                company_days.explicit_count > 0
                and (companies.renewal_on - company_days.scored_on between 0 and 90 or companies.is_mrr_top_tenth)
                then 4
            when company_days.score >= params.severity_high then 3
            when company_days.score >= params.severity_medium then 2
            else 1
        end as severity_rank

    from company_days
    inner join params
        on company_days.tenant_id = params.tenant_id
    inner join companies
        on
            company_days.tenant_id = companies.tenant_id
            and company_days.company_id = companies.company_id
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
            ['strongest_ticket_id', json_string('strongest_ticket_id')],
            ['strongest_message_id', json_string('strongest_message_id')],
            ['renewal_in_days', json_integer('renewal_days')],
            ['unknown', json_names_where([['later_messages', 'not has_threads'], ['calibrated_probability', 'true']])],
        ]) }} as components,
        {{ counted('ticket_count', 'ticket') }} || ' in the ' || {{ plain_number('window_days') }} || ' days to ' || cast(scored_on as text)
        || case when ticket_count = 1 then ' reads' else ' read' end || ' as unhappy: '
        || {{ joined_where([
            ['very_negative_count > 0', whole_number('very_negative_count') ~ " || ' very negative'"],
            ['negative_count > 0', whole_number('negative_count') ~ " || ' negative'"],
            ['explicit_count > 0', whole_number('explicit_count') ~ " || ' with stated intent to leave'"],
            ['implied_count > 0', whole_number('implied_count') ~ " || ' with implied intent to leave'"],
        ], ', ') }} || ' (score ' || {{ plain_number('score', 2) }} || ').' as why

    from judged

)

select * from final
