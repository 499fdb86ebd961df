with cards as (

    select * from {{ ref('int_cards') }}
    where is_shown

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

days as (

    {{ days_between(history_start_on(), as_of_on()) }}

),

card_topics as (

    select * from {{ ref('int_card_topics') }}

),

placed as (

    select
        cards.*,
        coalesce(card_topics.topic, 'unread') as topic,
        -- Once for a card, not for each of its days.
        {{ exact('companies.known_mrr', 2) }} as known_mrr

    from cards
    left join card_topics
        on
            cards.tenant_id = card_topics.tenant_id
            and cards.card_id = card_topics.card_id
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
        cast(sum(case when coalesce(placed.closed_on > days.day_on, true) then placed.known_mrr end) as double precision) as active_mrr

    from placed
    inner join days
        on
            days.day_on >= placed.opened_on
            and coalesce(days.day_on <= placed.closed_on, true)
    group by placed.tenant_id, days.day_on, placed.trigger_type, placed.severity, placed.topic

)

select * from final
