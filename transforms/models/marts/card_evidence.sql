-- Characters of the message's text shown on either side of a quote.
{% set context_length = 200 %}

with cards as (

    select * from {{ ref('int_cards') }}

),

frustrated_days as (

    select * from {{ ref('int_trigger_scores_daily') }}
    where trigger_type = 'frustrated'

),

messages as (

    select * from {{ ref('int_customer_messages') }}

),

card_readings as (

    select * from {{ ref('int_card_readings') }}

),

quotes as (

    select * from {{ ref('stg_enrichment__message_evidence') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

),

readings as (

    select * from {{ ref('stg_enrichment__message_sentiment') }}

),

texts as (

    select * from {{ ref('stg_enrichment__message_texts') }}

),

confidence as (

    select * from {{ ref('int_confidence') }}

),

-- A quote is shown within the text around it, as long as it still stands where it was found: a message may have been edited since it was read.
placed as (

    select
        quotes.*,
        texts.read_text,
        coalesce(
            substr(
                texts.read_text,
                cast(quotes.quote_start + 1 as integer),
                cast(quotes.quote_end - quotes.quote_start as integer)
            ) = quotes.quote,
            false
        ) as is_in_place,
        least(quotes.quote_start, {{ context_length }}) as lead_length,
        quotes.quote_end - quotes.quote_start as quote_length

    from quotes
    left join texts
        on
            quotes.tenant_id = texts.tenant_id
            and quotes.ticket_id = texts.ticket_id
            and quotes.message_id = texts.message_id

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

final as (

    select
        card_readings.tenant_id,
        card_readings.card_id,
        {{ name_uuid([
            'card_readings.tenant_id',
            'card_readings.card_id',
            'card_readings.ticket_id',
            'card_readings.message_id',
            'cast(placed.evidence_index as text)',
        ]) }} as evidence_id,
        card_readings.ticket_id,
        tickets.subject as ticket_subject,
        {{ record_url('tickets.url', 'portals', '0-5', 'tickets.ticket_id') }} as ticket_url,
        {{ with_zone('tickets.created_at') }} as ticket_created_at,
        card_readings.message_id,
        {{ with_zone('card_readings.sent_at') }} as message_sent_at,
        placed.quote,
        cast(placed.quote_start as bigint) as quote_start,
        cast(placed.quote_end as bigint) as quote_end,
        case
            when placed.is_in_place
                then substr(
                    placed.read_text,
                    cast(placed.quote_start - placed.lead_length + 1 as integer),
                    cast(placed.lead_length + placed.quote_length + {{ context_length }} as integer)
                )
            else placed.quote
        end as context,
        cast(case when placed.is_in_place then placed.lead_length else 0 end as bigint) as context_start,
        cast(case when placed.is_in_place then placed.lead_length else 0 end + placed.quote_length as bigint) as context_end,
        readings.sentiment,
        readings.churn_intent,
        readings.target,
        readings.resolution,
        readings.reading_scope,
        cast(messages.points as bigint) as points,
        -- A ticket brings what the loudest of its messages still weighs, with its conversation's turn: the others bring nothing.
        case
            when weights.card_id is not null
                then coalesce(
                    cast({{ json_field('weights.message_points', "card_readings.ticket_id || ' ' || card_readings.message_id") }} as double precision),
                    0
                )
        end as score_points,
        coalesce(confidence.confidence, 'unknown') as confidence,
        {{ measured_answer('readings') }} as measured_answer,
        coalesce(confidence.right_count, 0) as right_count,
        coalesce(confidence.answered_count, 0) as answered_count,
        readings.analyzer,
        readings.model,
        readings.prompt_version,
        placed.call_key,
        cast(readings.input_tokens as bigint) as input_tokens,
        cast(readings.output_tokens as bigint) as output_tokens,
        cast(readings.cost_usd as double precision) as cost_usd,
        readings.run_id,
        readings.schema_hash,
        readings.input_hash,
        {{ with_zone('readings.analyzed_at') }} as analyzed_at

    from card_readings
    inner join placed
        on
            card_readings.tenant_id = placed.tenant_id
            and card_readings.ticket_id = placed.ticket_id
            and card_readings.message_id = placed.message_id
    inner join readings
        on
            card_readings.tenant_id = readings.tenant_id
            and card_readings.ticket_id = readings.ticket_id
            and card_readings.message_id = readings.message_id
    inner join messages
        on
            card_readings.tenant_id = messages.tenant_id
            and card_readings.ticket_id = messages.ticket_id
            and card_readings.message_id = messages.message_id
    left join weights
        on
            card_readings.tenant_id = weights.tenant_id
            and card_readings.card_id = weights.card_id
    left join confidence
        on
            readings.tenant_id = confidence.tenant_id
            and readings.analyzer = confidence.analyzer
            and readings.model = confidence.model
            and readings.prompt_version = confidence.prompt_version
            and {{ measured_subject('readings') }} = confidence.subject
            and {{ measured_answer('readings') }} = confidence.label
    inner join tickets
        on
            card_readings.tenant_id = tickets.tenant_id
            and card_readings.ticket_id = tickets.ticket_id
    left join portals
        on card_readings.tenant_id = portals.tenant_id

)

select * from final
