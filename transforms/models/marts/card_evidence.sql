{% set key = ['tenant_id', 'evidence_id', 'score_points', 'confidence', 'right_count', 'answered_count'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='renewed_card_quotes',
    on_schema_change='fail',
    unique_key=key,
) }}

with card_quotes as (

    select * from {{ renewed_or_new('int_card_quotes', key) }} as card_quotes

),

quotes as (

    select * from {{ ref('int_ticket_quotes') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

),

final as (

    select
        card_quotes.tenant_id,
        card_quotes.card_id,
        card_quotes.evidence_id,
        card_quotes.ticket_id,
        tickets.subject as ticket_subject,
        {{ record_url('tickets.url', 'portals', '0-5', 'tickets.ticket_id') }} as ticket_url,
        {{ with_zone('tickets.created_at') }} as ticket_created_at,
        card_quotes.message_id,
        {{ with_zone('quotes.sent_at') }} as message_sent_at,
        quotes.quote,
        cast(quotes.quote_start as bigint) as quote_start,
        cast(quotes.quote_end as bigint) as quote_end,
        quotes.context,
        cast(quotes.context_start as bigint) as context_start,
        cast(quotes.context_end as bigint) as context_end,
        quotes.sentiment,
        quotes.churn_intent,
        quotes.target,
        quotes.resolution,
        quotes.reading_scope,
        cast(quotes.points as bigint) as points,
        card_quotes.score_points,
        card_quotes.confidence,
        {{ measured_answer('quotes') }} as measured_answer,
        card_quotes.right_count,
        card_quotes.answered_count,
        quotes.analyzer,
        quotes.model,
        quotes.prompt_version,
        quotes.call_key,
        cast(quotes.input_tokens as bigint) as input_tokens,
        cast(quotes.output_tokens as bigint) as output_tokens,
        cast(quotes.cost_usd as double precision) as cost_usd,
        quotes.run_id,
        quotes.schema_hash,
        quotes.input_hash,
        {{ with_zone('quotes.analyzed_at') }} as analyzed_at

    from card_quotes
    inner join quotes
        on
            card_quotes.tenant_id = quotes.tenant_id
            and card_quotes.ticket_id = quotes.ticket_id
            and card_quotes.message_id = quotes.message_id
            and card_quotes.evidence_index = quotes.evidence_index
    inner join tickets
        on
            card_quotes.tenant_id = tickets.tenant_id
            and card_quotes.ticket_id = tickets.ticket_id
    left join portals
        on card_quotes.tenant_id = portals.tenant_id

)

select * from final
