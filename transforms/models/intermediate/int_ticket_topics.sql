with topics as (

    select * from {{ ref('stg_enrichment__ticket_topics') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

final as (

    select
        topics.tenant_id,
        topics.ticket_id,
        topics.topic,
        topics.topic_rank,
        tickets.company_id,
        tickets.created_on,
        tickets.is_negative

    from topics
    inner join tickets
        on
            topics.tenant_id = tickets.tenant_id
            and topics.ticket_id = tickets.ticket_id

)

select * from final
