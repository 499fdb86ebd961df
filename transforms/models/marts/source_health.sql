with cursors as (

    select * from {{ ref('stg_hubspot__sync_cursors') }}

),

final as (

    select
        tenant_id,
        stream,
        {{ with_zone('synced_at') }} as synced_at,
        {{ with_zone('cursor_at') }} as cursor_at,
        cast(held_count as bigint) as held_count,
        cast(portal_total as bigint) as portal_total,
        coalesce(synced_at >= {{ as_of_at() }} - interval '{{ var("fresh_hours") | int }} hours', false) as is_fresh

    from cursors

)

select * from final
