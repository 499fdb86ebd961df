with counted as (

    select
        card_tickets.tenant_id,
        card_tickets.card_id,
        topics.topic,
        count(*) as ticket_count,
        sum(topics.topic_rank) as rank_sum

    from {{ ref('int_card_tickets') }} as card_tickets
    inner join {{ ref('int_ticket_topics') }} as topics
        on
            card_tickets.tenant_id = topics.tenant_id
            and card_tickets.ticket_id = topics.ticket_id
    group by card_tickets.tenant_id, card_tickets.card_id, topics.topic

),

-- That no topic fits is a card's topic only where none fits any of its tickets.
placed as (

    select
        *,
        row_number() over (
            partition by tenant_id, card_id
            order by case when topic = 'none' then 1 else 0 end, ticket_count desc, rank_sum, {{ byte_order('topic') }}
        ) as topic_place

    from counted

),

final as (

    select
        tenant_id,
        card_id,
        topic

    from placed
    where topic_place = 1

)

select * from final
