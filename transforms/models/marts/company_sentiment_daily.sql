with tickets as (

    select * from {{ ref('int_tickets') }}
    where company_id is not null and created_on > {{ as_of_on() }} - 90

),

final as (

    select
        tenant_id,
        company_id,
        created_on as metric_on,
        cast(count(*) as bigint) as ticket_count,
        cast(count(level) as bigint) as read_count,
        cast(sum(case when is_negative then 1 else 0 end) as bigint) as negative_count,
        {{ rounded('avg(level)') }} as mean_level

    from tickets
    group by tenant_id, company_id, created_on

)

select * from final
