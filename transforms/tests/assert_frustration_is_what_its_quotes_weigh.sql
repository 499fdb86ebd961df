-- A score of frustration can be counted up from the quotes on its card, unless words of it were erased.
with cards as (

    select * from {{ ref('churn_risk_cards') }}
    where trigger_type = 'frustrated'

),

erased as (

    select distinct
        tenant_id,
        card_id

    from {{ ref('card_tickets') }}
    where is_erased

),

messages as (

    select distinct
        tenant_id,
        card_id,
        ticket_id,
        message_id,
        score_points

    from {{ ref('card_evidence') }}

),

counted as (

    select
        cards.tenant_id,
        cards.card_id,
        cards.score,
        sum(messages.score_points) as quoted_score

    from cards
    left join messages
        on
            cards.tenant_id = messages.tenant_id
            and cards.card_id = messages.card_id
    left join erased
        on
            cards.tenant_id = erased.tenant_id
            and cards.card_id = erased.card_id
    where erased.card_id is null
    group by cards.tenant_id, cards.card_id, cards.score

)

select * from counted
where coalesce(abs(score - quoted_score), 1) > 0.00001
