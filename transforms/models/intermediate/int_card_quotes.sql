with cards as not materialized (

    select * from {{ ref('int_cards') }}

),

card_tickets as (

    select * from {{ ref('int_card_tickets') }}

),

quotes as (

    select * from {{ ref('int_ticket_quotes') }}

),

confidence as (

    select * from {{ ref('int_confidence') }}

),

windows as (

    {{ too_old_for_cards() }}

),

frustrated_days as (

    select * from {{ ref('int_trigger_scores_daily') }}
    where trigger_type = 'frustrated'

),

-- Frustration on the day the card shows, by the messages it is made of.
weights as (

    select
        cards.tenant_id,
        cards.card_id,
        days.message_points

    from cards
    inner join frustrated_days as days
        on
            cards.tenant_id = days.tenant_id
            and cards.company_id = days.company_id
            and cards.scored_on = days.scored_on
    where cards.trigger_type = 'frustrated'

),

-- Frustration: what scored on one of the card's days. Support load: what was said in the 30 days its parts look at. Silence: all that had
-- been said on the tickets before it.
quoted as (

    select
        card_tickets.card_id,
        quotes.*

    from card_tickets
    inner join cards
        on
            card_tickets.tenant_id = cards.tenant_id
            and card_tickets.card_id = cards.card_id
    inner join windows
        on
            card_tickets.tenant_id = windows.tenant_id
            and card_tickets.card_id = windows.card_id
    inner join quotes
        on
            card_tickets.tenant_id = quotes.tenant_id
            and card_tickets.ticket_id = quotes.ticket_id
            and quotes.sent_on <= cards.last_signal_on
    where
        case cards.trigger_type
            when 'frustrated'
                then quotes.points > 0 and quotes.sent_on > windows.too_old_on
            when 'significant_support' then quotes.sent_on > cards.opened_on - 30
            else true
        end

),

final as (

    select
        quoted.tenant_id,
        quoted.card_id,
        quoted.ticket_id,
        quoted.message_id,
        quoted.evidence_index,
        {{ name_uuid([
            'quoted.tenant_id',
            'quoted.card_id',
            'quoted.ticket_id',
            'quoted.message_id',
            'cast(quoted.evidence_index as text)',
        ]) }} as evidence_id,
        -- A ticket brings what the loudest of its messages still weighs, with its conversation's turn: the others bring nothing.
        case
            when weights.card_id is not null
                then coalesce(
                    cast({{ json_field('weights.message_points', "quoted.ticket_id || ' ' || quoted.message_id") }} as double precision),
                    0
                )
        end as score_points,
        coalesce(confidence.confidence, 'unknown') as confidence,
        coalesce(confidence.right_count, 0) as right_count,
        coalesce(confidence.answered_count, 0) as answered_count

    from quoted
    left join weights
        on
            quoted.tenant_id = weights.tenant_id
            and quoted.card_id = weights.card_id
    left join confidence
        on
            quoted.tenant_id = confidence.tenant_id
            and quoted.analyzer = confidence.analyzer
            and quoted.model = confidence.model
            and quoted.prompt_version = confidence.prompt_version
            and {{ measured_subject('quoted') }} = confidence.subject
            and {{ measured_answer('quoted') }} = confidence.label

)

select * from final
