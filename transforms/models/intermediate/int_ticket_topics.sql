{{ config(materialized='incremental', incremental_strategy='renewed') }}

with labels as (

    select * from {{ renewed('stg_enrichment__ticket_topics') }} as labels

),

corrections as (

    select * from {{ renewed('stg_app__corrections') }} as corrections
    where is_standing and field = 'topics'

),

names as (

    select * from {{ ref('stg_app__topics') }}

),

tickets as (

    select * from {{ renewed('int_tickets') }} as tickets

),

corrected as (

    select
        tenant_id,
        ticket_id,
        author as corrected_by,
        {{ json_elements('after') }} as topic

    from corrections

),

-- What a person said stands in the place of what was read.
said as (

    select
        labels.tenant_id,
        labels.ticket_id,
        labels.topic,
        labels.topic_rank,
        cast(null as text) as corrected_by

    from labels
    left join corrections
        on
            labels.tenant_id = corrections.tenant_id
            and labels.ticket_id = corrections.ticket_id
    where corrections.ticket_id is null

    union all

    select
        tenant_id,
        ticket_id,
        topic,
        row_number() over (partition by tenant_id, ticket_id order by topic) as topic_rank,
        corrected_by

    from corrected

),

-- A label of any age counts for what its topic is called now; the label of a topic that is no more counts for none.
named as (

    select
        said.tenant_id,
        said.ticket_id,
        {{ current_topic('said.topic', 'names') }} as topic,
        cast(min(said.topic_rank) as integer) as topic_rank,
        max(said.corrected_by) as corrected_by

    from said
    left join names
        on
            said.tenant_id = names.tenant_id
            and said.topic = names.topic
    group by
        said.tenant_id,
        said.ticket_id,
        {{ current_topic('said.topic', 'names') }}

),

counted as (

    select
        *,
        max(case when topic <> 'none' then 1 else 0 end) over (partition by tenant_id, ticket_id) as has_topic

    from named

),

final as (

    select
        counted.tenant_id,
        counted.ticket_id,
        counted.topic,
        names.parent_topic,
        counted.topic_rank,
        counted.corrected_by,
        tickets.company_id,
        tickets.created_on,
        tickets.is_negative

    from counted
    inner join tickets
        on
            counted.tenant_id = tickets.tenant_id
            and counted.ticket_id = tickets.ticket_id
    left join names
        on
            counted.tenant_id = names.tenant_id
            and counted.topic = names.topic
    where counted.topic <> 'none' or counted.has_topic = 0

)

select * from final
