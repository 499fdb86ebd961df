{{ config(materialized='incremental', incremental_strategy='renewed') }}

with tickets as (

    select
        tenant_id,
        ticket_id

    from {{ renewed('stg_hubspot__tickets') }} as tickets
    where not is_archived

),

owners as (

    select
        tenant_id,
        owner_id,
        email,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as owner_name

    from {{ ref('stg_hubspot__owners') }}

),

emails as (

    select * from {{ ref('stg_hubspot__emails') }}
    where not is_archived

),

notes as (

    select * from {{ ref('stg_hubspot__notes') }}
    where not is_archived

),

linked as (

    select
        links.tenant_id,
        links.ticket_id,
        'emails/' || links.email_id as message_id,
        'emails' as object_type,
        emails.owner_id,
        emails.direction,
        emails.author_email,
        emails.author_name,
        emails.is_automated,
        -- A record HubSpot has no date for is still a message somebody wrote.
        coalesce(emails.sent_at, emails.created_at, emails.loaded_at) as sent_at,
        emails.subject,
        emails.text,
        emails.own_text

    from {{ renewed('stg_hubspot__ticket_emails') }} as links
    inner join emails
        on
            links.tenant_id = emails.tenant_id
            and links.email_id = emails.email_id

    union all

    select
        links.tenant_id,
        links.ticket_id,
        'notes/' || links.note_id,
        'notes',
        notes.owner_id,
        notes.direction,
        notes.author_email,
        notes.author_name,
        notes.is_automated,
        coalesce(notes.sent_at, notes.created_at, notes.loaded_at),
        notes.subject,
        notes.text,
        notes.own_text

    from {{ renewed('stg_hubspot__ticket_notes') }} as links
    inner join notes
        on
            links.tenant_id = notes.tenant_id
            and links.note_id = notes.note_id

),

final as (

    select
        -- ids
        linked.tenant_id,
        linked.ticket_id,
        linked.object_type,
        linked.message_id,

        -- who wrote to whom, when
        linked.direction,
        -- What we write may carry no sender, and a note never does; its owner wrote it.
        case when linked.direction = 'inbound' then linked.author_email else coalesce(linked.author_email, owners.email) end as author_email,
        case when linked.direction = 'inbound' then linked.author_name else coalesce(linked.author_name, owners.owner_name) end as author_name,
        linked.is_automated,
        not linked.is_automated and coalesce(linked.direction in ('inbound', 'outbound'), false) as is_conversation,
        linked.sent_at,
        cast(linked.sent_at as date) as sent_on,

        -- what
        linked.subject,
        linked.text,
        linked.own_text,
        coalesce(linked.own_text like '%?%' or linked.own_text like '%？%', false) as has_question

    from linked
    inner join tickets
        on
            linked.tenant_id = tickets.tenant_id
            and linked.ticket_id = tickets.ticket_id
    left join owners
        on
            linked.tenant_id = owners.tenant_id
            and linked.owner_id = owners.owner_id
    where linked.sent_at <= {{ as_of_at() }}

)

select * from final
