with cards as not materialized (

    select * from {{ ref('int_cards') }}

),

card_tickets as (

    select * from {{ ref('int_card_tickets') }}

),

readings as (

    select * from {{ ref('int_customer_messages') }}
    where level is not null

),

windows as (

    {{ too_old_for_cards() }}

),

-- Frustration: what scored on one of the card's days. Support load: what was said in the 30 days its parts look at. Silence: all that had
-- been said on the tickets before it.
final as (

    select
        card_tickets.tenant_id,
        card_tickets.card_id,
        readings.ticket_id,
        readings.message_id,
        readings.sent_at

    from card_tickets
    inner join cards
        on
            card_tickets.tenant_id = cards.tenant_id
            and card_tickets.card_id = cards.card_id
    inner join windows
        on
            card_tickets.tenant_id = windows.tenant_id
            and card_tickets.card_id = windows.card_id
    inner join readings
        on
            card_tickets.tenant_id = readings.tenant_id
            and card_tickets.ticket_id = readings.ticket_id
            and readings.sent_on <= cards.last_signal_on
    where
        case cards.trigger_type
            when 'frustrated'
                then readings.points > 0 and readings.sent_on > windows.too_old_on
            when 'significant_support' then readings.sent_on > cards.opened_on - 30
            else true
        end

)

select * from final
