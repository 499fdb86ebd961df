-- Not materialized: Postgres knows nothing of what is, and compares every message with every ticket.
with cards as not materialized (

    select * from {{ ref('int_cards') }}
    where is_shown

),

tickets as not materialized (

    select * from {{ ref('int_tickets') }}
    where company_id is not null

),

readings as (

    select
        messages.*,
        tickets.company_id

    from {{ ref('int_customer_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where messages.is_negative or messages.points > 0

),

windows as (

    {{ too_old_for_cards() }}

),

-- Frustration: each ticket with a message that scored on one of the card's days. Silence: the pain before it, in words.
spoken as (

    select
        cards.tenant_id,
        cards.card_id,
        readings.ticket_id

    from cards
    inner join windows
        on
            cards.tenant_id = windows.tenant_id
            and cards.card_id = windows.card_id
    inner join readings
        on
            cards.tenant_id = readings.tenant_id
            and cards.company_id = readings.company_id
            and readings.sent_on <= cards.last_signal_on
    where
        (
            cards.trigger_type = 'frustrated'
            and readings.points > 0
            and readings.sent_on > windows.too_old_on
        )
        or (
            cards.trigger_type = 'silently_struggling'
            and readings.is_negative
            and readings.is_eligible
            and readings.sent_on > cards.opened_on - 90
        )

),

-- Support load: each ticket of the 30 days its parts look at, written or written on. Silence: what was left open, or closed over a question
-- nobody answered.
counted as (

    select
        cards.tenant_id,
        cards.card_id,
        tickets.ticket_id

    from cards
    inner join tickets
        on
            cards.tenant_id = tickets.tenant_id
            and cards.company_id = tickets.company_id
            and tickets.created_on <= cards.last_signal_on
    where
        (
            cards.trigger_type = 'significant_support'
            and (
                tickets.created_on > cards.opened_on - 30
                or cast(tickets.last_inbound_at as date) > cards.opened_on - 30
            )
        )
        or (
            cards.trigger_type = 'silently_struggling'
            and (
                (tickets.created_on <= cards.opened_on and coalesce(tickets.closed_on > cards.opened_on, true))
                or (tickets.is_closed_unanswered and tickets.closed_on > cards.opened_on - 90 and tickets.closed_on <= cards.opened_on)
            )
        )

),

behind as (

    select * from spoken
    union
    select * from counted

),

final as (

    select
        behind.tenant_id,
        behind.card_id,
        tickets.ticket_id,
        tickets.company_id,
        tickets.is_open,
        tickets.is_erased

    from behind
    inner join tickets
        on
            behind.tenant_id = tickets.tenant_id
            and behind.ticket_id = tickets.ticket_id

)

select * from final
