{{ config(
    materialized='incremental',
    incremental_strategy='renewed_behind_cards',
    on_schema_change='fail',
) }}

-- Messages of one ticket that are kept, the newest; its opening and what is quoted stay besides.
{% set messages_kept = 500 %}
-- Characters of a message that was not read for itself; what was read is as long as it was read.
{% set longest_text = 16000 %}

with behind_cards as (

    select distinct
        tenant_id,
        ticket_id

    from {{ ref('int_card_tickets') }}

),

tickets as (

    select tickets.*

    from {{ renewed_or_kept_by('int_tickets', 'behind_cards') }} as tickets
    inner join behind_cards
        on
            tickets.tenant_id = behind_cards.tenant_id
            and tickets.ticket_id = behind_cards.ticket_id

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where not is_archived

),

texts as (

    {{ on_tickets('stg_enrichment__message_texts') }}

),

readings as (

    {{ on_tickets('stg_enrichment__message_sentiment') }}

),

quotes as (

    {{ on_tickets('stg_enrichment__message_evidence') }}

),

quoted as (

    select distinct
        tenant_id,
        ticket_id,
        message_id

    from quotes

),

written as (

    select
        messages.*,
        tickets.is_erased,
        coalesce(messages.author_name, messages.author_email) as author,
        texts.ticket_id is not null as is_held,
        texts.read_text,
        coalesce(texts.is_truncated, false) as is_read_truncated,
        coalesce(texts.is_repeated, false) as is_repeated

    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    left join texts
        on
            messages.tenant_id = texts.tenant_id
            and messages.ticket_id = texts.ticket_id
            and messages.message_id = texts.message_id

),

-- The mail that a ticket was made of says nothing of its own, but who wrote the ticket.
senders as (

    select
        tenant_id,
        ticket_id,
        author,
        row_number() over (partition by tenant_id, ticket_id order by sent_at, {{ id_order('message_id') }}) as sender_rank

    from written
    where is_repeated and direction = 'inbound'

),

openings as (

    select
        tickets.tenant_id,
        tickets.ticket_id,
        coalesce(
            senders.author,
            nullif(trim(coalesce(contacts.first_name, '') || ' ' || coalesce(contacts.last_name, '')), ''),
            contacts.email
        ) as author,
        tickets.created_at,
        texts.read_text,
        coalesce(texts.is_truncated, false) as is_truncated,
        tickets.is_erased

    from tickets
    left join texts
        on
            tickets.tenant_id = texts.tenant_id
            and tickets.ticket_id = texts.ticket_id
            and texts.message_id = 'opening'
    left join senders
        on
            tickets.tenant_id = senders.tenant_id
            and tickets.ticket_id = senders.ticket_id
            and senders.sender_rank = 1
    left join contacts
        on
            tickets.tenant_id = contacts.tenant_id
            and tickets.contact_id = contacts.contact_id

),

said as (

    select
        tenant_id,
        ticket_id,
        'opening' as message_id,
        'inbound' as direction,
        author,
        false as is_automated,
        created_at as sent_at,
        read_text as text,
        is_truncated,
        is_erased

    from openings

    union all

    select
        tenant_id,
        ticket_id,
        message_id,
        direction,
        author,
        is_automated,
        sent_at,
        -- Quotes stand at their place in what was read.
        case when is_held then read_text else substr(nullif(trim(own_text), ''), 1, {{ longest_text }}) end,
        case when is_held then is_read_truncated else coalesce(length(trim(own_text)) > {{ longest_text }}, false) end,
        is_erased

    from written
    where not is_repeated

),

in_turn as (

    select
        *,
        row_number() over (
            partition by tenant_id, ticket_id
            order by case when message_id = 'opening' then 0 else 1 end, sent_at, {{ id_order('message_id') }}
        ) - 1 as message_index,
        count(*) over (partition by tenant_id, ticket_id) as message_count

    from said

),

final as (

    select
        in_turn.tenant_id,
        in_turn.ticket_id,
        in_turn.message_id,
        cast(in_turn.message_index as bigint) as message_index,
        in_turn.direction,
        in_turn.author as author_name,
        in_turn.is_automated,
        {{ with_zone('in_turn.sent_at') }} as sent_at,
        in_turn.text,
        in_turn.is_truncated,
        in_turn.text is null and in_turn.is_erased as is_erased,
        readings.sentiment,
        readings.churn_intent

    from in_turn
    left join readings
        on
            in_turn.tenant_id = readings.tenant_id
            and in_turn.ticket_id = readings.ticket_id
            and in_turn.message_id = readings.message_id
    left join quoted
        on
            in_turn.tenant_id = quoted.tenant_id
            and in_turn.ticket_id = quoted.ticket_id
            and in_turn.message_id = quoted.message_id
    where
        in_turn.message_id = 'opening'
        or quoted.message_id is not null
        or in_turn.message_count - in_turn.message_index <= {{ messages_kept }}

)

select * from final
