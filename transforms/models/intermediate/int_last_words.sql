with said as not materialized (

    select
        messages.tenant_id,
        tickets.company_id,
        messages.ticket_id,
        messages.message_id,
        messages.level,
        messages.resolution,
        messages.sent_on,
        messages.sent_at

    from {{ ref('int_customer_messages') }} as messages
    inner join {{ ref('int_tickets') }} as tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where tickets.company_id is not null

),

-- Found first, so that what was said at the same moment is all that has to be put in order.
latest as (

    select
        tenant_id,
        company_id,
        max(sent_at) as sent_at

    from said
    group by tenant_id, company_id

),

ranked as (

    select
        said.*,
        row_number() over (
            partition by said.tenant_id, said.company_id
            order by {{ id_order('said.ticket_id', 'desc') }}, {{ id_order('said.message_id', 'desc') }}
        ) as recency_rank

    from said
    inner join latest
        on
            said.tenant_id = latest.tenant_id
            and said.company_id = latest.company_id
            and said.sent_at = latest.sent_at

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
