with audits as (

    select * from {{ ref('stg_app__audit_tickets') }}

),

names as (

    select * from {{ ref('stg_app__topics') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}

),

labels as (

    select * from {{ ref('int_ticket_topics') }}

),

spoken as (

    select
        tenant_id,
        ticket_id,
        {{ json_elements('topics') }} as topic

    from audits
    where topics is not null

),

named as (

    select
        spoken.tenant_id,
        spoken.ticket_id,
        {{ current_topic('spoken.topic', 'names') }} as topic

    from spoken
    left join names
        on
            spoken.tenant_id = names.tenant_id
            and spoken.topic = names.topic

),

-- As labels do, what a person said counts for its topic and for the one above.
said as (

    select tenant_id, ticket_id, topic from named

    union

    select named.tenant_id, named.ticket_id, names.parent_topic
    from named
    inner join names
        on
            named.tenant_id = names.tenant_id
            and named.topic = names.topic
    where names.parent_topic is not null

),

counted as (

    select tenant_id, ticket_id, topic from topic_tickets

),

-- Somebody put the reading right after the ticket had been drawn: what is counted of it is no reading any more.
sorted_tickets as (

    select
        tenant_id,
        ticket_id,
        max(case when corrected_by is not null then 1 else 0 end) = 1 as is_corrected

    from labels
    group by tenant_id, ticket_id

),

judged as (

    select
        audits.*,
        tickets.is_negative,
        sorted_tickets.is_corrected

    from audits
    inner join tickets
        on
            audits.tenant_id = tickets.tenant_id
            and audits.ticket_id = tickets.ticket_id
            and tickets.level is not null
    inner join sorted_tickets
        on
            audits.tenant_id = sorted_tickets.tenant_id
            and audits.ticket_id = sorted_tickets.ticket_id

),

topics as (

    select tenant_id, topic from counted
    where topic <> 'unread'

    union

    select tenant_id, topic from said

),

of_topics as (

    select
        judged.tenant_id,
        judged.month_on,
        'topic_share' as measure,
        topics.topic,
        judged.ticket_id,
        judged.stratum,
        judged.stratum_ticket_count,
        judged.is_corrected,
        counted.ticket_id is not null as is_counted,
        said.ticket_id is not null as is_true

    from judged
    inner join topics
        on judged.tenant_id = topics.tenant_id
    left join counted
        on
            judged.tenant_id = counted.tenant_id
            and judged.ticket_id = counted.ticket_id
            and topics.topic = counted.topic
    left join said
        on
            judged.tenant_id = said.tenant_id
            and judged.ticket_id = said.ticket_id
            and topics.topic = said.topic
    where judged.topics is not null

),

of_tone as (

    select
        tenant_id,
        month_on,
        'negative_share' as measure,
        'all' as topic,
        ticket_id,
        stratum,
        stratum_ticket_count,
        false as is_corrected,
        is_negative as is_counted,
        sentiment in ('very_negative', 'negative') as is_true

    from judged
    where sentiment is not null

),

final as (

    select * from of_topics
    union all
    select * from of_tone

)

select * from final
