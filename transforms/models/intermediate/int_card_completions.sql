-- A card that comes back within so many days was not done with.
{% set flap_days = 7 %}

with events as (

    {{ card_events() }}

),

followed as (

    select
        *,
        lead(event_type) over card_events as next_type,
        lead(occurred_at) over card_events as next_at

    from events
    where event_type in ('completed', 'reopened')
    window card_events as (partition by tenant_id, card_id order by occurred_at, {{ byte_order('written_for') }}, seq)

),

final as (

    select
        tenant_id,
        card_id,
        written_for,
        seq,
        occurred_at as completed_at,
        cast(occurred_at as date) as completed_on,
        case when next_type = 'reopened' then next_at end as reopened_at,
        coalesce(next_type = 'reopened' and next_at <= occurred_at + interval '{{ flap_days }} days', false) as is_flapped

    from followed
    where event_type = 'completed'

)

select * from final
