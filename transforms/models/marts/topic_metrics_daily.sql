with topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}

),

companies as (

    select
        tenant_id,
        company_id,
        {{ exact('known_mrr', 2) }} as known_mrr

    from {{ ref('int_company_facts') }}

),

written as (

    select
        tenant_id,
        created_on,
        count(*) as all_ticket_count

    from {{ ref('int_tickets') }}
    group by tenant_id, created_on

),

counted as (

    select
        tenant_id,
        created_on,
        topic,
        max(parent_topic) as parent_topic,
        count(*) as ticket_count,
        sum(case when is_read then 1 else 0 end) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count

    from topic_tickets
    group by tenant_id, created_on, topic

),

-- A company that writes twice about a topic on one day pays once.
touched as (

    select distinct
        tenant_id,
        created_on,
        topic,
        company_id

    from topic_tickets
    where company_id is not null

),

valued as (

    select
        touched.tenant_id,
        touched.created_on,
        touched.topic,
        count(*) as company_count,
        sum(companies.known_mrr) as mrr_touched

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
        counted.parent_topic,
        cast(counted.ticket_count as bigint) as ticket_count,
        cast(written.all_ticket_count as bigint) as all_ticket_count,
        {{ share('counted.ticket_count', 'written.all_ticket_count') }} as ticket_share,
        cast(counted.read_count as bigint) as read_count,
        cast(counted.negative_count as bigint) as negative_count,
        {{ share('counted.negative_count', 'counted.read_count') }} as negative_share,
        cast(coalesce(valued.company_count, 0) as bigint) as company_count,
        cast(valued.mrr_touched as double precision) as mrr_touched

    from counted
    inner join written
        on
            counted.tenant_id = written.tenant_id
            and counted.created_on = written.created_on
    left join valued
        on
            counted.tenant_id = valued.tenant_id
            and counted.created_on = valued.created_on
            and counted.topic = valued.topic

)

select * from final
