-- Joins fan out and drop rows silently: as many tickets must leave as came in, and each must be counted on exactly one day.
with expected as (

    select
        tenant_id,
        count(*) as ticket_count
    from {{ ref('stg_hubspot__tickets') }}
    where not is_archived and coalesce(created_at, modified_at, loaded_at) <= {{ as_of_at() }}
    group by tenant_id

),

joined as (

    select
        tenant_id,
        count(*) as ticket_count
    from {{ ref('int_tickets') }}
    group by tenant_id

),

counted as (

    select
        tenant_id,
        sum(ticket_count) as ticket_count
    from {{ ref('sentiment_daily') }}
    group by tenant_id

)

select
    expected.tenant_id,
    expected.ticket_count as expected_count,
    joined.ticket_count as joined_count,
    counted.ticket_count as counted_count
from expected
left join joined
    on expected.tenant_id = joined.tenant_id
left join counted
    on expected.tenant_id = counted.tenant_id
where
    coalesce(joined.ticket_count, 0) <> expected.ticket_count
    or coalesce(counted.ticket_count, 0) <> expected.ticket_count
