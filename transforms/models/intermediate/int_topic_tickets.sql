{{ config(materialized='incremental', incremental_strategy='renewed') }}

with tickets as (

    select * from {{ renewed('int_tickets') }} as tickets

),

labels as (

    select * from {{ renewed('int_ticket_topics') }} as labels

),

names as (

    select * from {{ ref('stg_app__topics') }}

),

-- A label counts for its topic and for the one above, in which a ticket with two topics below it counts once. A ticket whose topics were
-- not read has a row too: what is not known must not look like nothing.
counted as (

    select tenant_id, ticket_id, topic from labels

    union

    select tenant_id, ticket_id, parent_topic from labels
    where parent_topic is not null

    union

    select tickets.tenant_id, tickets.ticket_id, 'unread'
    from tickets
    left join labels
        on
            tickets.tenant_id = labels.tenant_id
            and tickets.ticket_id = labels.ticket_id
    where labels.ticket_id is null

),

final as (

    select
        counted.tenant_id,
        counted.ticket_id,
        counted.topic,
        names.parent_topic,
        tickets.company_id,
        tickets.created_at,
        tickets.created_on,
        tickets.level,
        tickets.level is not null as is_read,
        tickets.is_negative,
        tickets.points

    from counted
    inner join tickets
        on
            counted.tenant_id = tickets.tenant_id
            and counted.ticket_id = tickets.ticket_id
    left join names
        on
            counted.tenant_id = names.tenant_id
            and counted.topic = names.topic

)

select * from final
