with tickets as (

    select * from {{ ref('int_tickets') }}

),

final as (

    select
        tenant_id,
        created_on as metric_on,
        cast(count(*) as bigint) as ticket_count,
        cast(sum(case when sentiment = 'very_negative' then 1 else 0 end) as bigint) as very_negative_count,
        cast(sum(case when sentiment = 'negative' then 1 else 0 end) as bigint) as negative_count,
        cast(sum(case when sentiment = 'neutral' then 1 else 0 end) as bigint) as neutral_count,
        cast(sum(case when sentiment = 'positive' then 1 else 0 end) as bigint) as positive_count,
        cast(sum(case when sentiment = 'very_positive' then 1 else 0 end) as bigint) as very_positive_count,
        cast(sum(case when sentiment is null then 1 else 0 end) as bigint) as unread_count,
        {{ rounded('avg(level)') }} as mean_level

    from tickets
    group by tenant_id, created_on

)

select * from final
