with cards as (

    select * from {{ ref('int_cards') }}
    where is_shown

),

moves as (

    select
        moves.*,
        moves.is_coming_on and moves.changed_on > cards.opened_on as is_back

    from {{ ref('int_card_moves') }} as moves
    inner join cards
        on
            moves.tenant_id = cards.tenant_id
            and moves.card_id = cards.card_id

),

moved as (

    select
        tenant_id,
        card_id,
        changed_on,
        case when is_back then 'returned' when judged_rank > rank_before then 'raised' else 'eased' end as change_type,
        {{ severity_of('judged_rank') }} as severity,
        case when not is_back then {{ severity_of('rank_before') }} end as previous_severity,
        score

    from moves
    where is_back or judged_rank <> rank_before

),

closings as (

    select
        card_tickets.tenant_id,
        card_tickets.card_id,
        max(tickets.closed_on) as last_closed_on

    from {{ ref('int_card_tickets') }} as card_tickets
    inner join {{ ref('int_tickets') }} as tickets
        on
            card_tickets.tenant_id = tickets.tenant_id
            and card_tickets.ticket_id = tickets.ticket_id
    group by card_tickets.tenant_id, card_tickets.card_id

),

last_words as (

    select * from {{ ref('int_last_words') }}

),

-- A card looks resolved since the last thing happened that it takes: the signal off, the last ticket closed, the last word said.
resolved as (

    select
        cards.tenant_id,
        cards.card_id,
        greatest(cards.closed_on, closings.last_closed_on, last_words.sent_on) as changed_on

    from {{ ref('churn_risk_cards') }} as cards
    left join closings
        on
            cards.tenant_id = closings.tenant_id
            and cards.card_id = closings.card_id
    left join last_words
        on
            cards.tenant_id = last_words.tenant_id
            and cards.company_id = last_words.company_id
    where cards.looks_resolved

),

final as (

    select
        tenant_id,
        card_id,
        changed_on,
        change_type,
        severity,
        previous_severity,
        score

    from moved

    union all

    select
        tenant_id,
        card_id,
        changed_on,
        'looks_resolved',
        cast(null as text),
        cast(null as text),
        cast(null as double precision)

    from resolved

)

select * from final
