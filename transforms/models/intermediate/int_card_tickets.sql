with cards as (

    select * from {{ ref('int_cards') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}
    where company_id is not null

),

windows as (

    select
        tenant_id,
        max(param_value) as window_days

    from {{ ref('int_trigger_params') }}
    where trigger_type = 'frustrated' and param_name = 'window_days'
    group by tenant_id

),

-- Frustration: each ticket that scored on one of the card's days. Support load: each ticket of the 30 days its parts look at, written
-- or written on. Silence: the pain before it, in words, left open, or closed over a question nobody answered.
final as (

    select
        cards.tenant_id,
        cards.card_id,
        tickets.ticket_id,
        tickets.company_id,
        tickets.is_open,
        tickets.is_erased

    from cards
    inner join windows
        on cards.tenant_id = windows.tenant_id
    inner join tickets
        on
            cards.tenant_id = tickets.tenant_id
            and cards.company_id = tickets.company_id
            and tickets.created_on <= cards.last_signal_on
    where
        (
            cards.trigger_type = 'frustrated'
            and tickets.points > 0
            and tickets.created_on > cards.opened_on - cast(ceil(windows.window_days) as integer)
        )
        or (
            cards.trigger_type = 'significant_support'
            and (
                tickets.created_on > cards.opened_on - 30
                or cast(tickets.last_inbound_at as date) > cards.opened_on - 30
            )
        )
        or (
            cards.trigger_type = 'silently_struggling'
            and (
                (tickets.is_negative and tickets.is_eligible and tickets.created_on > cards.opened_on - 90)
                or (tickets.created_on <= cards.opened_on and coalesce(tickets.closed_on > cards.opened_on, true))
                or (tickets.is_closed_unanswered and tickets.closed_on > cards.opened_on - 90 and tickets.closed_on <= cards.opened_on)
            )
        )

)

select * from final
