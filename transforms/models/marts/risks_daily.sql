with cards as (

    select * from {{ ref('int_cards') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

days as (

    {{ days_between(history_start_on(), as_of_on()) }}

),

card_topics as (

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

-- What most tickets behind a card are about; that no topic fits is its topic only where none fits any of them.
main_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, card_id
            order by case when topic = 'none' then 1 else 0 end, ticket_count desc, rank_sum, {{ byte_order('topic') }}
        ) as topic_place

    from card_topics

),

placed as (

    select
        cards.*,
        coalesce(main_first.topic, 'unread') as topic,
        companies.known_mrr

    from cards
    left join main_first
        on
            cards.tenant_id = main_first.tenant_id
            and cards.card_id = main_first.card_id
            and main_first.topic_place = 1
    left join companies
        on
            cards.tenant_id = companies.tenant_id
            and cards.company_id = companies.company_id

),

-- A card is on from the day it opens to the last one before it closes.
final as (

    select
        placed.tenant_id,
        days.day_on as metric_on,
        placed.trigger_type,
        placed.severity,
        placed.topic,
        cast(sum(case when placed.opened_on = days.day_on then 1 else 0 end) as bigint) as opened_count,
        cast(sum(case when placed.closed_on = days.day_on then 1 else 0 end) as bigint) as closed_count,
        cast(sum(case when coalesce(placed.closed_on > days.day_on, true) then 1 else 0 end) as bigint) as active_count,
        cast(sum(case when coalesce(placed.closed_on > days.day_on, true) then {{ exact('placed.known_mrr', 2) }} end) as double precision) as active_mrr

    from placed
    inner join days
        on
            days.day_on >= placed.opened_on
            and coalesce(days.day_on <= placed.closed_on, true)
    group by placed.tenant_id, days.day_on, placed.trigger_type, placed.severity, placed.topic

)

select * from final
