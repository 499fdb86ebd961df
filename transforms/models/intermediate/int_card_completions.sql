-- A card that comes back within so many days was not done with.
{% set flap_days = 7 %}

with events as (

    select * from {{ ref('stg_app__card_events') }}
    where
        event_type in ('completed', 'reopened')
        and occurred_at <= {{ as_of_at() }}

),

followed as (

    select
        *,
        lead(event_type) over (partition by tenant_id, card_id order by seq) as next_type,
        lead(occurred_at) over (partition by tenant_id, card_id order by seq) as next_at

    from events

),

final as (

    select
        tenant_id,
        card_id,
        seq,
        occurred_at as completed_at,
        cast(occurred_at as date) as completed_on,
        case when next_type = 'reopened' then next_at end as reopened_at,
        coalesce(next_type = 'reopened' and next_at <= occurred_at + interval '{{ flap_days }} days', false) as is_flapped

    from followed
    where event_type = 'completed'

)

select * from final
