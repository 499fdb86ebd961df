with params as (

    {{ params_by_day([
        't_on',
        't_notify',
        't_off',
        'tickets_7d_min',
        'tickets_14d_min',
        'ticket_messages_5d_min',
        'messages_30d_min',
        'count_direction',
        'z_min',
        'repeat_topic_min',
        'onboarding_days',
        'onboarding_factor',
        'unresolved_business_days',
        'severity_medium',
    ], 'significant_support') }}

),

-- Every part of the score needs a ticket or a message in the last 30 days.
company_days as (

    select * from {{ ref('int_company_days') }}
    where inbound_count_30d > 0 or message_count_30d > 0

),

stale_days as (

    select * from {{ ref('int_stale_days') }}

),

-- Of tickets and topics, what a stale day may still count.
tickets as (

    select
        tickets.*,
        {{ stale_from_on() }} as stale_from_on

    from {{ ref('int_tickets') }} as tickets
    left join stale_days
        on
            tickets.tenant_id = stale_days.tenant_id
            and tickets.company_id = stale_days.company_id
    where tickets.company_id is not null and tickets.created_on + 30 > {{ stale_from_on() }}

),

topics as (

    select
        topics.*,
        {{ stale_from_on() }} as stale_from_on

    from {{ ref('int_ticket_topics') }} as topics
    left join stale_days
        on
            topics.tenant_id = stale_days.tenant_id
            and topics.company_id = stale_days.company_id
    where
        topics.company_id is not null
        and topics.topic <> 'none'
        and topics.created_on + 30 > {{ stale_from_on() }}

),

ages as (

    select age_days from generate_series(0, 29) as ages (age_days)

),

topic_days as (

    select
        topics.tenant_id,
        topics.company_id,
        topics.topic,
        topics.created_on + cast(ages.age_days as integer) as day_on,
        count(distinct topics.ticket_id) as ticket_count

    from topics
    cross join ages
    where
        topics.created_on + cast(ages.age_days as integer)
        between greatest({{ spine_start_on() }}, topics.stale_from_on) and {{ as_of_on() }}
    group by topics.tenant_id, topics.company_id, topics.topic, topics.created_on + cast(ages.age_days as integer)

),

top_topics as (

    select
        *,
        row_number() over (
            partition by tenant_id, company_id, day_on
            order by ticket_count desc, {{ byte_order('topic') }}
        ) as topic_rank

    from topic_days

),

-- The ticket the card points at: the latest one of the last 30 days.
latest_first as (

    select
        tickets.tenant_id,
        tickets.company_id,
        tickets.ticket_id,
        tickets.created_on + cast(ages.age_days as integer) as day_on,
        row_number() over (
            partition by tickets.tenant_id, tickets.company_id, tickets.created_on + cast(ages.age_days as integer)
            order by tickets.created_at desc, {{ id_order('tickets.ticket_id', 'desc') }}
        ) as recency_rank

    from tickets
    cross join ages
    where
        tickets.created_on + cast(ages.age_days as integer)
        between greatest({{ spine_start_on() }}, tickets.stale_from_on) and {{ as_of_on() }}

),

measured as (

    select
        company_days.tenant_id,
        company_days.company_id,
        company_days.day_on as scored_on,
        company_days.ticket_count_7d,
        company_days.ticket_count_14d,
        company_days.ticket_count_90d_before_14d,
        company_days.overdue_count,
        company_days.message_count_30d,
        company_days.ticket_message_count_5d,
        coalesce(latest_first.ticket_id, company_days.busiest_ticket_id) as ticket_id,
        top_topics.topic as repeat_topic,
        coalesce(top_topics.ticket_count, 0) as repeat_topic_count,
        params.t_on,
        params.t_notify,
        params.tickets_7d_min,
        params.tickets_14d_min,
        params.ticket_messages_5d_min,
        params.messages_30d_min,
        params.z_min,
        params.repeat_topic_min,
        params.unresolved_business_days,
        params.severity_medium,
        params.in_force,
        case params.count_direction when 1 then 'inbound' when 2 then 'outbound' else 'both' end as count_direction,
        case
            when company_days.company_age_days >= 0 and company_days.company_age_days < params.onboarding_days
                then params.onboarding_factor
            else 1
        end as factor,
        {{ rounded('company_days.ticket_count_90d_before_14d * 14 / 90.0') }} as usual_count_14d,
        {{ rounded(poisson_z('company_days.ticket_count_14d', 'company_days.ticket_count_90d_before_14d', '14 / 90.0')) }} as z

    from company_days
    inner join params
        on
            company_days.tenant_id = params.tenant_id
            and company_days.day_on = params.day_on
    left join top_topics
        on
            company_days.tenant_id = top_topics.tenant_id
            and company_days.company_id = top_topics.company_id
            and company_days.day_on = top_topics.day_on
            and top_topics.topic_rank = 1
    left join latest_first
        on
            company_days.tenant_id = latest_first.tenant_id
            and company_days.company_id = latest_first.company_id
            and company_days.day_on = latest_first.day_on
            and latest_first.recency_rank = 1

),

parts as (

    select
        *,
        case when ticket_count_7d >= tickets_7d_min * factor then 1 else 0 end as ticket_points,
        -- A count that is null, as the tenant's threads are not known, compares as null and fires nothing.
        case when ticket_message_count_5d >= ticket_messages_5d_min * factor then 1 else 0 end as thread_points,
        case when message_count_30d >= messages_30d_min * factor then 1 else 0 end as message_points,
        case when ticket_count_14d >= tickets_14d_min * factor and z >= z_min then 2 else 0 end as relative_points,
        case when repeat_topic_count >= repeat_topic_min then 1 else 0 end as repeat_points

    from measured

),

added as (

    select
        *,
        ticket_points + thread_points + message_points as absolute_points,
        ticket_points + thread_points + message_points + relative_points + repeat_points as total_points

    from parts

),

-- Fixed counts are passed by half of a busy base every month: they list a company, and never interrupt by themselves.
judged as (

    select
        *,
        cast(total_points as double precision) as score,
        case
            when relative_points > 0 and (repeat_points > 0 or overdue_count > 0) then 3
            when total_points >= severity_medium and total_points > absolute_points then 2
            else 1
        end as severity_rank

    from added
    where total_points > 0

),

final as (

    select
        tenant_id,
        company_id,
        scored_on,
        score,
        severity_rank,
        score >= t_notify and total_points > absolute_points as is_notify,
        ticket_id,
        {{ json_object([
            ['scored_on', json_string('scored_on')],
            ['score', json_number('score')],
            ['t_on', json_number('t_on')],
            ['t_notify', json_number('t_notify')],
            ['absolute', json_integer('absolute_points')],
            ['relative', json_integer('relative_points')],
            ['repeat', json_integer('repeat_points')],
            ['onboarding_factor', json_number('factor')],
            ['ticket_count_7d', json_integer('ticket_count_7d')],
            ['ticket_count_14d', json_integer('ticket_count_14d')],
            ['ticket_count_90d_before', json_integer('ticket_count_90d_before_14d')],
            ['usual_count_14d', json_number('usual_count_14d')],
            ['z', json_number('z')],
            ['repeat_topic', json_string('repeat_topic')],
            ['repeat_topic_count_30d', json_integer('repeat_topic_count')],
            ['overdue_count', json_integer('overdue_count')],
            ['ticket_message_count_5d', json_integer('ticket_message_count_5d')],
            ['message_count_30d', json_integer('message_count_30d')],
            ['count_direction', json_string('count_direction')],
            ['in_force', 'in_force'],
            ['unknown', json_names_where([
                ['messages_in_one_ticket_5d', 'ticket_message_count_5d is null'],
                ['messages_30d', 'message_count_30d is null'],
            ])],
        ]) }} as components,
        'Up to ' || cast(scored_on as text) || ': '
        || {{ joined_where([
            [
                'relative_points > 0',
                counted('ticket_count_14d', 'ticket') ~ " || ' in 14 days, usually ' || " ~ plain_number('usual_count_14d', 1)
                ~ " || ' (z ' || " ~ plain_number('z', 1) ~ " || ')'",
            ],
            ['ticket_points > 0', counted('ticket_count_7d', 'ticket') ~ " || ' in 7 days'"],
            ['thread_points > 0', counted('ticket_message_count_5d', 'message') ~ " || ' in one ticket in 5 days'"],
            ['message_points > 0', counted('message_count_30d', 'message') ~ " || ' in 30 days'"],
            ['repeat_points > 0', counted('repeat_topic_count', 'ticket') ~ " || ' about ' || repeat_topic || ' in 30 days'"],
            [
                'overdue_count > 0',
                counted('overdue_count', 'ticket') ~ " || ' unresolved for more than ' || "
                ~ counted('floor(unresolved_business_days)', 'business day'),
            ],
        ], '; ') }} || '.' as why

    from judged

)

select * from final
