with tenants as (

    select tenant_id from {{ ref('int_tenants') }}

),

tickets as (

    select
        tenant_id,
        count(*) as ticket_count,
        sum(case when company_id is null then 1 else 0 end) as unassociated_ticket_count,
        sum(case when created_on > {{ as_of_on() }} - 30 then 1 else 0 end) as ticket_count_30d,
        sum(case when created_on > {{ as_of_on() }} - 30 and company_id is null then 1 else 0 end) as unassociated_ticket_count_30d

    from {{ ref('int_tickets') }}
    group by tenant_id

),

streams as (

    select
        tenant_id,
        stream,
        status,
        lag_seconds,
        abs(portal_total - coalesce(held_count, 0)) as gap_count,
        portal_total,
        is_fresh,
        -- What was never read to its end is older than anything; what may not be read is not late.
        row_number() over (
            partition by tenant_id
            order by
                case when status = 'missing_scope' then 1 else 0 end asc,
                case when lag_seconds is null then 0 else 1 end asc,
                lag_seconds desc,
                stream asc
        ) as age_rank

    from {{ ref('int_streams') }}

),

sources as (

    select
        tenant_id,
        count(*) as stream_count,
        sum(case when status = 'missing_scope' then 1 else 0 end) as unreadable_stream_count,
        sum(case when status <> 'missing_scope' and not is_fresh then 1 else 0 end) as stale_stream_count,
        max(case when age_rank = 1 and status <> 'missing_scope' then stream end) as oldest_stream,
        max(case when age_rank = 1 and status <> 'missing_scope' then lag_seconds end) as oldest_lag_seconds,
        count(portal_total) as counted_stream_count,
        sum(gap_count) as reconciliation_gap_count,
        sum(portal_total) as portal_total

    from streams
    group by tenant_id

),

final as (

    select
        tenants.tenant_id,
        cast(coalesce(tickets.ticket_count, 0) as bigint) as ticket_count,
        cast(coalesce(tickets.unassociated_ticket_count, 0) as bigint) as unassociated_ticket_count,
        {{ rounded('cast(tickets.unassociated_ticket_count as double precision) / nullif(tickets.ticket_count, 0)') }} as unassociated_ticket_score,
        cast(coalesce(tickets.ticket_count_30d, 0) as bigint) as ticket_count_30d,
        {{ rounded('cast(tickets.unassociated_ticket_count_30d as double precision) / nullif(tickets.ticket_count_30d, 0)') }} as unassociated_ticket_score_30d,
        cast(coalesce(sources.stream_count, 0) as bigint) as stream_count,
        cast(coalesce(sources.unreadable_stream_count, 0) as bigint) as unreadable_stream_count,
        cast(coalesce(sources.stale_stream_count, 0) as bigint) as stale_stream_count,
        sources.oldest_stream,
        cast(sources.oldest_lag_seconds as bigint) as oldest_lag_seconds,
        cast(coalesce(sources.counted_stream_count, 0) as bigint) as counted_stream_count,
        cast(sources.reconciliation_gap_count as bigint) as reconciliation_gap_count,
        {{ rounded('cast(sources.reconciliation_gap_count as double precision) / nullif(sources.portal_total, 0)') }} as reconciliation_gap_score

    from tenants
    left join tickets
        on tenants.tenant_id = tickets.tenant_id
    left join sources
        on tenants.tenant_id = sources.tenant_id

)

select * from final
