{{ config(materialized='incremental', incremental_strategy='renewed') }}

-- For how long an unhappy message, or a ticket closed over a question, is remembered before a silence.
{% set memory_days = 90 %}

with tickets as (

    select * from {{ renewed('int_tickets') }} as tickets
    where company_id is not null

),

said as (

    select
        tenant_id,
        ticket_id,
        sent_on,
        is_negative and is_eligible as is_unhappy,
        coalesce(level >= 0 and resolution = 'solved', false) as is_settled,
        row_number() over (
            partition by tenant_id, ticket_id, sent_on
            order by sent_at desc, {{ id_order('message_id', 'desc') }}
        ) as recency_rank

    from {{ renewed('int_customer_messages') }} as messages

),

-- What the last word of a day left the ticket at, until the customer's next one.
said_days as (

    select
        tenant_id,
        ticket_id,
        sent_on,
        max(case when is_unhappy then 1 else 0 end) as unhappy_flag,
        max(case when recency_rank = 1 and is_settled then 1 else 0 end) as settled_flag

    from said
    group by tenant_id, ticket_id, sent_on

),

said_spells as (

    select
        *,
        lead(sent_on) over ticket_days as next_on,
        max(case when unhappy_flag = 1 then sent_on end) over (
            ticket_days rows between unbounded preceding and current row
        ) as last_unhappy_on

    from said_days
    window ticket_days as (partition by tenant_id, ticket_id order by sent_on)

),

spoken as (

    select
        *,
        row_number() over (
            partition by tenant_id, ticket_id, sent_on
            order by sent_at desc, {{ id_order('message_id', 'desc') }}
        ) as recency_rank

    from {{ renewed('int_messages') }} as messages
    where is_conversation

),

spoken_days as (

    select
        tenant_id,
        ticket_id,
        sent_on,
        direction = 'outbound' and has_question as is_asked,
        lead(sent_on) over (partition by tenant_id, ticket_id order by sent_on) as next_on

    from spoken
    where recency_rank = 1

),

spells as (

    select
        tenant_id,
        ticket_id,
        'negative' as pain,
        sent_on as from_on,
        least(next_on, last_unhappy_on + {{ memory_days }}) as to_on,
        last_unhappy_on as hurt_on
    from said_spells
    where settled_flag = 0 and last_unhappy_on is not null

    union all

    -- Closed over a question of ours: until anybody writes, or the ticket is opened again.
    select
        closed.tenant_id,
        closed.ticket_id,
        'unanswered',
        closed.from_on,
        least(closed.to_on, spoken_days.next_on, closed.from_on + {{ memory_days }}),
        closed.from_on
    from {{ ref('int_ticket_spells') }} as closed
    inner join spoken_days
        on
            closed.tenant_id = spoken_days.tenant_id
            and closed.ticket_id = spoken_days.ticket_id
            and closed.from_on >= spoken_days.sent_on
            and closed.from_on < coalesce(spoken_days.next_on, {{ last_day() }})
    where closed.is_closed and spoken_days.is_asked

),

final as (

    select
        spells.tenant_id,
        tickets.company_id,
        spells.ticket_id,
        spells.pain,
        spells.from_on,
        cast(spells.to_on as date) as to_on,
        cast(spells.hurt_on as date) as hurt_on

    from spells
    inner join tickets
        on
            spells.tenant_id = tickets.tenant_id
            and spells.ticket_id = tickets.ticket_id
    where spells.to_on > spells.from_on

)

select * from final
