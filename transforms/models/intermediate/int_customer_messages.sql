{{ config(materialized='incremental', incremental_strategy='renewed') }}

with tickets as (

    select
        tenant_id,
        ticket_id,
        coalesce(created_at, modified_at, loaded_at) as opened_at

    from {{ renewed('stg_hubspot__tickets') }} as tickets
    where not is_archived

),

texts as (

    select * from {{ ref('stg_enrichment__message_texts') }}

),

readings as (

    select * from {{ ref('stg_enrichment__message_sentiment') }}

),

said as (

    select
        tenant_id,
        ticket_id,
        'opening' as message_id,
        'opening_message' as reading_scope,
        opened_at as sent_at,
        true as has_words

    from tickets
    where opened_at <= {{ as_of_at() }}

    union all

    select
        messages.tenant_id,
        messages.ticket_id,
        messages.message_id,
        'thread',
        messages.sent_at,
        coalesce(trim(messages.own_text), '') <> ''

    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where
        messages.is_conversation
        and messages.direction = 'inbound'
        and tickets.opened_at <= {{ as_of_at() }}

),

final as (

    select
        -- ids
        said.tenant_id,
        said.ticket_id,
        said.message_id,
        said.reading_scope,

        -- when
        said.sent_at,
        cast(said.sent_at as date) as sent_on,

        -- how it was read, null where it was not
        readings.sentiment,
        readings.level,
        readings.churn_intent,
        readings.target,
        readings.resolution,
        readings.is_evidence_ok,
        readings.prompt_version,

        -- What was read is remembered, what was said is not: the words were erased.
        texts.ticket_id is not null and texts.read_text is null as is_erased,
        coalesce(readings.level < 0, false) as is_negative,
        coalesce(readings.is_evidence_ok and coalesce(readings.target, '') <> 'external', false) as is_eligible,
        case
            when readings.is_evidence_ok and coalesce(readings.target, '') <> 'external'
                then
                    case readings.sentiment when 'negative' then 1 when 'very_negative' then 3 else 0 end
                    + case readings.churn_intent when 'implied' then 3 when 'explicit' then 6 else 0 end
            else 0
        end as points

    from said
    left join texts
        on
            said.tenant_id = texts.tenant_id
            and said.ticket_id = texts.ticket_id
            and said.message_id = texts.message_id
    left join readings
        on
            said.tenant_id = readings.tenant_id
            and said.ticket_id = readings.ticket_id
            and said.message_id = readings.message_id
    -- A mail that the ticket was made of says nothing of its own, and one without words nothing at all.
    where
        not coalesce(texts.is_repeated, false)
        and (said.has_words or texts.ticket_id is not null)

)

select * from final
