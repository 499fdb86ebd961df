{{ config(
    materialized='incremental',
    incremental_strategy='renewed_in_reach',
    on_schema_change='fail',
) }}

with behind_cards as (

    select distinct
        tenant_id,
        ticket_id

    from {{ ref('card_evidence') }}

),

tickets as (

    select tickets.*

    from {{ renewed_or_kept_by('int_tickets', 'behind_cards') }} as tickets
    left join behind_cards
        on
            tickets.tenant_id = behind_cards.tenant_id
            and tickets.ticket_id = behind_cards.ticket_id
    where tickets.created_on >= {{ readings_start_on() }} or behind_cards.ticket_id is not null

),

texts as (

    {{ on_tickets('stg_enrichment__message_texts') }}
    where rows_there.message_id = 'opening'

),

tones as (

    {{ on_tickets('stg_enrichment__message_sentiment') }}
    where rows_there.message_id = 'opening'

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

-- Names of topics hold no line break, so one stands between two of them.
labels as (

    select
        labels.tenant_id,
        labels.ticket_id,
        string_agg(labels.topic, chr(10) order by labels.topic_rank, {{ byte_order('labels.topic') }}) as topics,
        max(labels.corrected_by) as corrected_by

    from {{ ref('int_ticket_topics') }} as labels
    inner join tickets
        on
            labels.tenant_id = tickets.tenant_id
            and labels.ticket_id = tickets.ticket_id
    group by labels.tenant_id, labels.ticket_id

),

-- Places of quotes, and no words: what is quoted stands in the text, as long as it is the text that was read.
quotes as (

    select
        evidence.tenant_id,
        evidence.ticket_id,
        string_agg(
            cast(evidence.quote_start as text) || '-' || cast(evidence.quote_end as text),
            ',' order by evidence.quote_start, evidence.quote_end
        ) as quote_spans

    from {{ ref('stg_enrichment__message_evidence') }} as evidence
    inner join tickets
        on
            evidence.tenant_id = tickets.tenant_id
            and evidence.ticket_id = tickets.ticket_id
    inner join texts
        on
            evidence.tenant_id = texts.tenant_id
            and evidence.ticket_id = texts.ticket_id
            and evidence.message_id = texts.message_id
    where
        substr(
            texts.read_text,
            cast(evidence.quote_start + 1 as integer),
            cast(evidence.quote_end - evidence.quote_start as integer)
        ) = evidence.quote
    group by evidence.tenant_id, evidence.ticket_id

),

final as (

    select
        tickets.tenant_id,
        tickets.ticket_id,
        tickets.subject,
        tickets.url,
        tickets.company_id,
        companies.company_name,
        tickets.ticket_status,
        {{ with_zone('tickets.created_at') }} as created_at,
        texts.read_text as text,
        texts.input_hash,
        tickets.is_erased,
        labels.topics,
        labels.corrected_by,
        tones.sentiment,
        tones.churn_intent,
        case when texts.read_text is not null then quotes.quote_spans end as quote_spans,
        tones.analyzer,
        tones.model,
        tones.prompt_version

    from tickets
    left join texts
        on
            tickets.tenant_id = texts.tenant_id
            and tickets.ticket_id = texts.ticket_id
    left join tones
        on
            tickets.tenant_id = tones.tenant_id
            and tickets.ticket_id = tones.ticket_id
    left join companies
        on
            tickets.tenant_id = companies.tenant_id
            and tickets.company_id = companies.company_id
    left join labels
        on
            tickets.tenant_id = labels.tenant_id
            and tickets.ticket_id = labels.ticket_id
    left join quotes
        on
            tickets.tenant_id = quotes.tenant_id
            and tickets.ticket_id = quotes.ticket_id

)

select * from final
