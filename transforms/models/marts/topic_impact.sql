with topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}
    where created_on > {{ as_of_on() }} - 90

),

tickets as (

    select
        *,
        level is not null as is_read

    from {{ ref('int_tickets') }}
    where created_on > {{ as_of_on() }} - 90

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

whole as (

    select
        tenant_id,
        count(*) as all_ticket_count,
        sum(case when is_read then 1 else 0 end) as all_read_count,
        sum(case when is_negative then 1 else 0 end) as all_negative_count,
        coalesce(sum(level), 0) as all_level_sum,
        sum(points) as all_points

    from tickets
    group by tenant_id

),

counted as (

    select
        tenant_id,
        topic,
        max(parent_topic) as parent_topic,
        count(*) as ticket_count,
        sum(case when is_read then 1 else 0 end) as read_count,
        sum(case when is_negative then 1 else 0 end) as negative_count,
        coalesce(sum(level), 0) as level_sum,
        sum(points) as points

    from topic_tickets
    group by tenant_id, topic

),

touched as (

    select distinct
        tenant_id,
        topic,
        company_id

    from topic_tickets
    where company_id is not null

),

valued as (

    select
        touched.tenant_id,
        touched.topic,
        count(*) as company_count,
        sum({{ exact('companies.known_mrr', 2) }}) as mrr_touched

    from touched
    inner join companies
        on
            touched.tenant_id = companies.tenant_id
            and touched.company_id = companies.company_id
    group by touched.tenant_id, touched.topic

),

compared as (

    select
        counted.*,
        whole.all_ticket_count,
        coalesce(valued.company_count, 0) as company_count,
        valued.mrr_touched,
        {{ share('counted.points', 'whole.all_points') }} as points_share,
        {{ share('counted.negative_count', 'counted.read_count') }} as negative_share,
        {{ share('whole.all_negative_count', 'whole.all_read_count') }} as all_negative_share,
        {{ share('whole.all_negative_count - counted.negative_count', '(whole.all_read_count - counted.read_count)') }} as negative_share_without,
        {{ share('whole.all_level_sum', 'whole.all_read_count') }} as all_mean_level,
        {{ share('whole.all_level_sum - counted.level_sum', '(whole.all_read_count - counted.read_count)') }} as mean_level_without

    from counted
    inner join whole
        on counted.tenant_id = whole.tenant_id
    left join valued
        on
            counted.tenant_id = valued.tenant_id
            and counted.topic = valued.topic

),

differing as (

    select
        *,
        {{ rounded('all_negative_share - negative_share_without') }} as negative_share_impact,
        {{ rounded('all_mean_level - mean_level_without') }} as mean_level_impact

    from compared

),

final as (

    select
        tenant_id,
        topic,
        parent_topic,
        cast(ticket_count as bigint) as ticket_count,
        cast(all_ticket_count as bigint) as all_ticket_count,
        cast(read_count as bigint) as read_count,
        cast(negative_count as bigint) as negative_count,
        negative_share,
        all_negative_share,
        negative_share_without,
        negative_share_impact,
        all_mean_level,
        mean_level_without,
        mean_level_impact,
        cast(points as bigint) as points,
        points_share,
        cast(company_count as bigint) as company_count,
        cast(mrr_touched as double precision) as mrr_touched,
        cast(row_number() over (
            partition by tenant_id order by negative_share_impact desc nulls last, negative_count desc, {{ byte_order('topic') }}
        ) as bigint) as negative_rank,
        cast(row_number() over (
            partition by tenant_id order by mean_level_impact nulls last, negative_count desc, {{ byte_order('topic') }}
        ) as bigint) as level_rank,
        cast(row_number() over (
            partition by tenant_id order by mrr_touched desc nulls last, company_count desc, {{ byte_order('topic') }}
        ) as bigint) as mrr_rank

    from differing

)

select * from final
