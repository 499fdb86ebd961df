with cursors as (

    select * from {{ ref('stg_hubspot__sync_cursors') }}

),

-- A stream that syncs is trusted for a while after what it has read, since it will be read again before that is over. One that failed,
-- or lost its scope, is trusted for no more than what it has read.
final as (

    select
        tenant_id,
        stream,
        coalesce(status, 'synced') as status,
        error_message,
        attempted_at,
        synced_at,
        cursor_at,
        {{ seconds_between('cursor_at', as_of_at()) }} as lag_seconds,
        held_count,
        portal_total,
        case when portal_total is not null then coalesce(held_count = portal_total, false) end as is_complete,
        coalesce(cursor_at >= {{ as_of_at() }} - {{ fresh_interval() }}, false) as is_fresh,
        resume_after is not null or resume_until_at is not null as is_backfilling,
        case
            when coalesce(status, 'synced') = 'synced' then cursor_at + {{ fresh_interval() }}
            else cursor_at
        end as trusted_until_at

    from cursors

)

select * from final
