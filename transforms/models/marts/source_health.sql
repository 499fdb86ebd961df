with streams as (

    select * from {{ ref('int_streams') }}

),

final as (

    select
        tenant_id,
        stream,
        status,
        error_message,
        {{ with_zone('attempted_at') }} as attempted_at,
        {{ with_zone('synced_at') }} as synced_at,
        {{ with_zone('cursor_at') }} as cursor_at,
        lag_seconds,
        cast(held_count as bigint) as held_count,
        cast(portal_total as bigint) as portal_total,
        is_complete,
        is_fresh,
        is_backfilling

    from streams

)

select * from final
