{{ config(materialized='incremental', incremental_strategy='renewed') }}

-- Characters of the message's text shown on either side of a quote.
{% set context_length = 200 %}

with messages as (

    select * from {{ renewed('int_customer_messages') }} as messages
    where level is not null

),

quotes as (

    select * from {{ ref('stg_enrichment__message_evidence') }}

),

texts as (

    select * from {{ ref('stg_enrichment__message_texts') }}

),

readings as (

    select * from {{ ref('stg_enrichment__message_sentiment') }}

),

-- A quote is shown within the text around it, as long as it still stands where it was found: a message may have been edited since it was read.
placed as (

    select
        quotes.*,
        messages.sent_at,
        messages.sent_on,
        messages.points,
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
    inner join messages
        on
            quotes.tenant_id = messages.tenant_id
            and quotes.ticket_id = messages.ticket_id
            and quotes.message_id = messages.message_id
    left join texts
        on
            quotes.tenant_id = texts.tenant_id
            and quotes.ticket_id = texts.ticket_id
            and quotes.message_id = texts.message_id

),

final as (

    select
        -- ids
        placed.tenant_id,
        placed.ticket_id,
        placed.message_id,
        placed.evidence_index,

        -- when
        placed.sent_at,
        placed.sent_on,

        -- what was said, and where
        placed.quote,
        placed.quote_start,
        placed.quote_end,
        case
            when placed.is_in_place
                then substr(
                    placed.read_text,
                    cast(placed.quote_start - placed.lead_length + 1 as integer),
                    cast(placed.lead_length + placed.quote_length + {{ context_length }} as integer)
                )
            else placed.quote
        end as context,
        case when placed.is_in_place then placed.lead_length else 0 end as context_start,
        case when placed.is_in_place then placed.lead_length else 0 end + placed.quote_length as context_end,

        -- how the message was read
        placed.points,
        readings.sentiment,
        readings.churn_intent,
        readings.target,
        readings.resolution,
        readings.reading_scope,

        -- by whom
        readings.analyzer,
        readings.model,
        readings.prompt_version,
        readings.schema_hash,
        readings.input_hash,
        readings.input_tokens,
        readings.output_tokens,
        readings.cost_usd,
        readings.run_id,
        readings.analyzed_at,
        placed.call_key

    from placed
    inner join readings
        on
            placed.tenant_id = readings.tenant_id
            and placed.ticket_id = readings.ticket_id
            and placed.message_id = readings.message_id

)

select * from final
