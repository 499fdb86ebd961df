with tickets as (

    select * from {{ ref('int_tickets') }}
    where created_on >= {{ tickets_start_on() }}

),

-- A long thread counts once, as it does on a card.
ticket_points as (

    select
        tenant_id,
        ticket_id,
        max(points) as points

    from {{ ref('int_customer_messages') }}
    group by tenant_id, ticket_id

),

final as (

    select
        tickets.tenant_id,
        tickets.ticket_id,
        tickets.company_id,
        tickets.subject,
        tickets.url,
        {{ with_zone('tickets.created_at') }} as created_at,
        tickets.created_on,
        tickets.closed_on,
        tickets.ticket_status,
        tickets.sentiment,
        cast(tickets.level as bigint) as level,
        tickets.churn_intent,
        tickets.level is not null as is_read,
        tickets.is_negative,
        cast(coalesce(ticket_points.points, 0) as bigint) as points

    from tickets
    left join ticket_points
        on
            tickets.tenant_id = ticket_points.tenant_id
            and tickets.ticket_id = ticket_points.ticket_id

)

select * from final
