with tickets as (

    select * from {{ ref('int_tickets') }}
    where company_id is not null

),

latest as (

    select
        tenant_id,
        company_id,
        max(last_said_at) as sent_at

    from tickets
    group by tenant_id, company_id

),

ranked as (

    select
        tickets.tenant_id,
        tickets.company_id,
        messages.ticket_id,
        messages.message_id,
        messages.level,
        messages.resolution,
        messages.sent_on,
        row_number() over (
            partition by tickets.tenant_id, tickets.company_id
            order by {{ id_order('messages.ticket_id', 'desc') }}, {{ id_order('messages.message_id', 'desc') }}
        ) as recency_rank

    from latest
    inner join tickets
        on
            latest.tenant_id = tickets.tenant_id
            and latest.company_id = tickets.company_id
            and latest.sent_at = tickets.last_said_at
    inner join {{ ref('int_customer_messages') }} as messages
        on
            tickets.tenant_id = messages.tenant_id
            and tickets.ticket_id = messages.ticket_id
            and tickets.last_said_at = messages.sent_at

),

final as (

    select
        tenant_id,
        company_id,
        ticket_id,
        message_id,
        level,
        resolution,
        sent_on

    from ranked
    where recency_rank = 1

)

select * from final
