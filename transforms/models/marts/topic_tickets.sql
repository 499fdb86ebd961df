with topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}
    where created_on >= {{ tickets_start_on() }}

),

final as (

    select
        tenant_id,
        ticket_id,
        topic,
        parent_topic

    from topic_tickets

)

select * from final
