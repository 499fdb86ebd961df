with courses as (

    select * from {{ ref('int_card_courses') }}
    where outcome is not null

),

final as (

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        opened_severity,
        prompt_version,
        rule_version,
        opened_on,
        {{ with_zone('first_touched_at') }} as first_touched_at,
        {{ with_zone('completed_at') }} as completed_at,
        outcome,
        is_counted,
        is_right,
        opened_mrr,
        outcome_mrr,
        case when outcome = 'saved' then outcome_mrr end as saved_mrr,
        -- Who left pays nothing any more; who stayed for less pays the difference less.
        case
            when outcome = 'churned' then coalesce(nullif(opened_mrr, 0), nullif(outcome_mrr, 0))
            when outcome = 'contraction' and opened_mrr > outcome_mrr then {{ rounded('opened_mrr - outcome_mrr', 2) }}
        end as lost_mrr,
        currency,
        -- Late data may move the day a card opened behind the day somebody touched it.
        case
            when first_touched_at is not null
                then cast(greatest(cast(first_touched_at as date) - opened_on, 0) as bigint)
        end as days_to_first_touch,
        cast(churned_on - opened_on as bigint) as lead_days

    from courses

)

select * from final
