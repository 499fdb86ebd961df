with events as (

    {{ card_events() }}

),

sided as (

    select
        *,
        {{ side_of_event('event_type') }} as side

    from events

),

last_first as (

    select
        *,
        row_number() over (
            partition by tenant_id, card_id, side
            order by occurred_at desc, {{ byte_order('written_for') }} desc, seq desc
        ) as recency_rank

    from sided

),

gathered as (

    select
        tenant_id,
        card_id,
        coalesce(max(case when side = 'status' and recency_rank = 1 then status end), 'new') as status,
        max(case when side = 'status' and recency_rank = 1 then payload end) as status_payload,
        max(case when side = 'status' and recency_rank = 1 then occurred_at end) as status_at,
        max(case when side = 'assignee' and recency_rank = 1 then payload end) as assignee_payload,
        max(case when side = 'severity' and recency_rank = 1 then payload end) as severity_payload,
        min(case when actor <> {{ machine() }} then occurred_at end) as first_touched_at,
        max(case when actor <> {{ machine() }} then occurred_at end) as last_touched_at,
        sum(case when event_type = 'reopened' then 1 else 0 end) as reopen_count,
        max(case when written_for = card_id then seq else 0 end) as last_seq,
        max(occurred_at) as last_event_at

    from last_first
    group by tenant_id, card_id

),

final as (

    select
        tenant_id,
        card_id,
        cast(last_seq as bigint) as last_seq,
        status,
        status_at,
        {{ json_field('assignee_payload', "'assignee'") }} as assignee,
        {{ json_field('severity_payload', "'severity'") }} as severity_override,
        first_touched_at,
        last_touched_at,
        case when status = 'completed' then status_at end as completed_at,
        case when status = 'completed' then {{ json_field('status_payload', "'outcome'") }} end as outcome,
        case when status = 'completed' then {{ text_to_number(json_field('status_payload', "'mrr'")) }} end as outcome_mrr,
        case when status = 'completed' then {{ json_field('status_payload', "'mrr_source'") }} end as outcome_mrr_source,
        cast(reopen_count as bigint) as reopen_count,
        case when status = 'waiting' then {{ text_to_date(json_field('status_payload', "'until_on'")) }} end as waiting_until_on,
        coalesce(status = 'waiting' and {{ json_field('status_payload', "'is_for_reply'") }} = 'true', false) as is_waiting_for_reply,
        last_event_at

    from gathered

)

select * from final
