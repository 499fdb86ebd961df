with labels as (

    select * from {{ ref('int_ticket_topics') }}

),

names as (

    select * from {{ ref('stg_app__topics') }}

),

-- A label counts for its topic and for the one above, in which a ticket with two topics below it counts once.
topics as (

    select tenant_id, ticket_id, topic, company_id, created_on, is_negative from labels

    union

    select tenant_id, ticket_id, parent_topic as topic, company_id, created_on, is_negative from labels
    where parent_topic is not null

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

counted as (

    select
        tenant_id,
        created_on,
        topic,
        count(*) as ticket_count,
        sum(case when is_negative then 1 else 0 end) as negative_count

    from topics
    group by tenant_id, created_on, topic

),

-- A company that writes twice about a topic on one day pays once.
touched as (

    select distinct
        tenant_id,
        created_on,
        topic,
        company_id

    from topics
    where company_id is not null

),

valued as (

    select
        touched.tenant_id,
        touched.created_on,
        touched.topic,
        count(*) as company_count,
        sum({{ exact('companies.known_mrr', 2) }}) as mrr_touched

    from touched
    inner join companies
        on
            touched.tenant_id = companies.tenant_id
            and touched.company_id = companies.company_id
    group by touched.tenant_id, touched.created_on, touched.topic

),

final as (

    select
        counted.tenant_id,
        counted.created_on as metric_on,
        counted.topic,
        names.parent_topic,
        cast(counted.ticket_count as bigint) as ticket_count,
        cast(counted.negative_count as bigint) as negative_count,
        cast(coalesce(valued.company_count, 0) as bigint) as company_count,
        cast(valued.mrr_touched as double precision) as mrr_touched

    from counted
    left join valued
        on
            counted.tenant_id = valued.tenant_id
            and counted.created_on = valued.created_on
            and counted.topic = valued.topic
    left join names
        on
            counted.tenant_id = names.tenant_id
            and counted.topic = names.topic

)

select * from final
