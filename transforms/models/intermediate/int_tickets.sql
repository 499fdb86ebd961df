{{ config(materialized='incremental', incremental_strategy='renewed') }}

with tickets as (

    select
        *,
        -- A record without a creation date is still a ticket somebody wrote.
        coalesce(created_at, modified_at, loaded_at) as opened_at

    from {{ renewed('stg_hubspot__tickets') }} as tickets
    where not is_archived

),

stages as (

    select * from {{ ref('int_pipeline_stages') }}

),

-- A ticket reads as the message that hurts most; without one that does, as its warmest.
readings as (

    select
        *,
        row_number() over (
            partition by tenant_id, ticket_id
            order by points desc, least(level, 0), level desc, sent_at, {{ id_order('message_id') }}
        ) as strength_rank

    from {{ renewed('int_customer_messages') }} as messages
    where level is not null

),

said as (

    select
        tenant_id,
        ticket_id,
        max(sent_at) as last_said_at,
        max(case when is_erased then 1 else 0 end) = 1 as is_erased

    from {{ renewed('int_customer_messages') }} as messages
    group by tenant_id, ticket_id

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

messages_in_turn as (

    select
        *,
        row_number() over (
            partition by tenant_id, ticket_id
            order by sent_at desc, {{ id_order('message_id', 'desc') }}
        ) as recency_rank

    from {{ renewed('int_messages') }} as messages
    where is_conversation

),

conversations as (

    select
        tenant_id,
        ticket_id,
        sum(case when direction = 'inbound' then 1 else 0 end) as inbound_message_count,
        sum(case when direction = 'outbound' then 1 else 0 end) as outbound_message_count,
        max(case when direction = 'inbound' then sent_at end) as last_inbound_at,
        max(case when recency_rank = 1 and direction = 'outbound' and has_question then sent_at end) as asked_at

    from messages_in_turn
    group by tenant_id, ticket_id

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where not is_archived

),

-- A ticket may name several companies; it counts for one, the primary, or the one that was created first.
company_links as (

    select
        links.tenant_id,
        links.ticket_id,
        links.company_id,
        row_number() over (
            partition by links.tenant_id, links.ticket_id
            order by case when links.is_primary then 0 else 1 end, {{ id_order('links.company_id') }}
        ) as link_rank

    from {{ renewed('stg_hubspot__ticket_companies') }} as links
    inner join companies
        on
            links.tenant_id = companies.tenant_id
            and links.company_id = companies.company_id

),

contact_links as (

    select
        links.tenant_id,
        links.ticket_id,
        links.contact_id,
        row_number() over (
            partition by links.tenant_id, links.ticket_id
            order by {{ id_order('links.contact_id') }}
        ) as link_rank

    from {{ renewed('stg_hubspot__ticket_contacts') }} as links
    inner join contacts
        on
            links.tenant_id = contacts.tenant_id
            and links.contact_id = contacts.contact_id

),

-- When a ticket ended, if it has: a closed stage says that it did, the closing date when; a stage nobody knows leaves only the date.
ended as (

    select
        tickets.*,
        stages.ticket_status as stage_status,
        greatest(
            tickets.opened_at,
            case
                when stages.ticket_status = 'closed' then coalesce(tickets.closed_at, tickets.modified_at, tickets.opened_at)
                when stages.ticket_status is null then tickets.closed_at
            end
        ) as last_closed_at,
        coalesce(stages.ticket_status = 'closed', tickets.closed_at is not null) as has_ended

    from tickets
    left join stages
        on
            tickets.tenant_id = stages.tenant_id
            and tickets.pipeline_id = stages.pipeline_id
            and tickets.stage_id = stages.stage_id
    where tickets.opened_at <= {{ as_of_at() }}

),

placed as (

    select
        *,
        has_ended and last_closed_at <= {{ as_of_at() }} as is_closed

    from ended

),

final as (

    select
        -- ids
        placed.tenant_id,
        placed.ticket_id,
        company_links.company_id,
        contact_links.contact_id,

        -- what a reader needs to find it again
        placed.subject,
        placed.url,

        -- life
        placed.opened_at as created_at,
        cast(placed.opened_at as date) as created_on,
        case when placed.is_closed then cast(placed.last_closed_at as date) end as closed_on,
        case
            when placed.is_closed then 'closed'
            when placed.has_ended then 'open'
            else coalesce(placed.stage_status, 'open')
        end as ticket_status,
        not placed.is_closed as is_open,
        case when placed.last_message_received_at <= {{ as_of_at() }} then placed.last_message_received_at end as last_message_received_at,

        -- conversation; null where the tenant's threads are not known
        case when tenants.has_threads then cast(coalesce(conversations.inbound_message_count, 0) as integer) end as inbound_message_count,
        case when tenants.has_threads then cast(coalesce(conversations.outbound_message_count, 0) as integer) end as outbound_message_count,
        case when tenants.has_threads then conversations.last_inbound_at end as last_inbound_at,
        case
            when tenants.has_threads
                then placed.is_closed and coalesce(cast(conversations.asked_at as date) <= cast(placed.last_closed_at as date), false)
        end as is_closed_unanswered,

        -- when the customer spoke last, in the ticket itself or in a mail
        said.last_said_at,

        -- reading of the strongest message
        readings.sentiment,
        readings.level,
        readings.churn_intent,
        readings.target,
        readings.is_evidence_ok,
        readings.prompt_version,
        coalesce(said.is_erased, false) as is_erased,
        coalesce(placed.overall_visitor_sentiment, placed.last_visitor_sentiment) as hubspot_sentiment,
        case
            when placed.overall_visitor_sentiment is not null then placed.overall_visitor_sentiment_score
            else placed.last_visitor_sentiment_score
        end as hubspot_sentiment_score,
        coalesce(readings.is_negative, false) as is_negative,
        coalesce(readings.points, 0) as points

    from placed
    left join tenants
        on placed.tenant_id = tenants.tenant_id
    left join conversations
        on
            placed.tenant_id = conversations.tenant_id
            and placed.ticket_id = conversations.ticket_id
    left join said
        on
            placed.tenant_id = said.tenant_id
            and placed.ticket_id = said.ticket_id
    left join company_links
        on
            placed.tenant_id = company_links.tenant_id
            and placed.ticket_id = company_links.ticket_id
            and company_links.link_rank = 1
    left join contact_links
        on
            placed.tenant_id = contact_links.tenant_id
            and placed.ticket_id = contact_links.ticket_id
            and contact_links.link_rank = 1
    left join readings
        on
            placed.tenant_id = readings.tenant_id
            and placed.ticket_id = readings.ticket_id
            and readings.strength_rank = 1

)

select * from final
