-- A card may quote only tickets of its own company, and only words that stand where they are said to. Where a message was edited and has
-- not been read again, the text at hand is not the one the quote was taken from.
select
    evidence.tenant_id,
    evidence.card_id,
    evidence.evidence_id
from {{ ref('card_evidence') }} as evidence
left join {{ ref('churn_risk_cards') }} as cards
    on
        evidence.tenant_id = cards.tenant_id
        and evidence.card_id = cards.card_id
left join {{ ref('int_tickets') }} as tickets
    on
        evidence.tenant_id = tickets.tenant_id
        and evidence.ticket_id = tickets.ticket_id
left join {{ ref('stg_enrichment__message_sentiment') }} as readings
    on
        evidence.tenant_id = readings.tenant_id
        and evidence.ticket_id = readings.ticket_id
        and evidence.message_id = readings.message_id
left join {{ ref('stg_enrichment__message_texts') }} as texts
    on
        evidence.tenant_id = texts.tenant_id
        and evidence.ticket_id = texts.ticket_id
        and evidence.message_id = texts.message_id
        and readings.input_hash = texts.input_hash
where
    coalesce(cards.company_id <> tickets.company_id, true)
    or substr(
        texts.read_text,
        cast(evidence.quote_start + 1 as integer),
        cast(evidence.quote_end - evidence.quote_start as integer)
    ) <> evidence.quote
