with courses as (

    select
        *,
        {{ month_name('opened_on') }} as opened_month

    from {{ ref('int_card_courses') }}

),

sliced as (

    select
        tenant_id,
        trigger_type,
        opened_severity,
        prompt_version,
        opened_month as period,
        outcome,
        is_counted,
        is_right

    from courses

    union all

    -- All severities, prompts and months of a trigger together reach a number that says something first.
    select
        tenant_id,
        trigger_type,
        'all' as opened_severity,
        'all' as prompt_version,
        'all' as period,
        outcome,
        is_counted,
        is_right

    from courses

),

counted as (

    select
        tenant_id,
        trigger_type,
        opened_severity,
        prompt_version,
        period,
        count(*) as card_count,
        count(outcome) as completed_count,
        sum(case when outcome = 'saved' then 1 else 0 end) as saved_count,
        sum(case when outcome = 'at_risk_unresolved' then 1 else 0 end) as at_risk_unresolved_count,
        sum(case when outcome = 'churned' then 1 else 0 end) as churned_count,
        sum(case when outcome = 'contraction' then 1 else 0 end) as contraction_count,
        sum(case when outcome = 'false_alarm' then 1 else 0 end) as false_alarm_count,
        sum(case when outcome = 'known_expected' then 1 else 0 end) as known_expected_count,
        sum(case when is_counted then 1 else 0 end) as counted_count,
        sum(case when is_right then 1 else 0 end) as right_count

    from sliced
    group by tenant_id, trigger_type, opened_severity, prompt_version, period

),

judged as (

    select
        *,
        counted_count >= {{ var('measures_least_count') }} as is_told

    from counted

),

final as (

    select
        tenant_id,
        trigger_type,
        opened_severity,
        prompt_version,
        period,
        cast(card_count as bigint) as card_count,
        cast(completed_count as bigint) as completed_count,
        cast(saved_count as bigint) as saved_count,
        cast(at_risk_unresolved_count as bigint) as at_risk_unresolved_count,
        cast(churned_count as bigint) as churned_count,
        cast(contraction_count as bigint) as contraction_count,
        cast(false_alarm_count as bigint) as false_alarm_count,
        cast(known_expected_count as bigint) as known_expected_count,
        cast(right_count as bigint) as right_count,
        cast(counted_count as bigint) as counted_count,
        case when is_told then {{ rounded('cast(right_count as double precision) / counted_count') }} end as precision_score,
        case when is_told then {{ rounded(wilson_lower_bound('right_count', 'counted_count')) }} end as lower_bound_score,
        case when is_told then {{ rounded(wilson_upper_bound('right_count', 'counted_count')) }} end as upper_bound_score,
        case when not is_told then 'too_few' end as hidden_reason

    from judged

)

select * from final
