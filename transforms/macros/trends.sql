{#
    Seven days against the 56 before them, out of a relation with `<what>_count_7d` and `baseline_<what>_count` of tickets, read and negative ones, and
    `baseline_day_count`: what was expected, and where noise ends. `dimensions` come first.
#}
{% macro seven_days_against_baseline(relation, dimensions) %}
with spans as (

    select
        *,
        case when baseline_day_count >= {{ var('trend_least_baseline_days') }} then 7.0 / nullif(baseline_day_count, 0) end as span_ratio

    from {{ relation }}
    -- Today is not over: its seven days would look quiet.
    where
        day_on >= {{ history_start_on() }}
        and day_on < {{ as_of_on() }}

),

banded as (

    select
        *,
        {{ rounded('baseline_ticket_count * span_ratio') }} as expected_count,
        {{ rounded(poisson_band_lower('baseline_ticket_count', 'span_ratio')) }} as lower_count,
        {{ rounded(poisson_band_upper('baseline_ticket_count', 'span_ratio')) }} as upper_count,
        {{ share('negative_count_7d', 'read_count_7d') }} as negative_share,
        {{ rounded(wilson_lower_bound('negative_count_7d', 'read_count_7d')) }} as negative_share_lower,
        {{ rounded(wilson_upper_bound('negative_count_7d', 'read_count_7d')) }} as negative_share_upper,
        {{ share('baseline_negative_count', 'baseline_read_count') }} as expected_negative_share,
        {{ rounded(wilson_lower_bound('baseline_negative_count', 'baseline_read_count')) }} as expected_share_lower,
        {{ rounded(wilson_upper_bound('baseline_negative_count', 'baseline_read_count')) }} as expected_share_upper

    from spans

),

-- By how much two shares may differ before the 95 % interval of their difference, each with its Wilson interval, leaves zero out (Newcombe 1998, "Interval
-- estimation for the difference between independent proportions", method 10): the baseline is a sample too.
margined as (

    select
        *,
        sqrt(power(negative_share - negative_share_lower, 2) + power(expected_share_upper - expected_negative_share, 2)) as margin_above,
        sqrt(power(negative_share_upper - negative_share, 2) + power(expected_negative_share - expected_share_lower, 2)) as margin_below

    from banded

),

final as (

    select
        {%- for dimension in dimensions %}
        {{ dimension }},
        {%- endfor %}
        ticket_count_7d as ticket_count,
        case when span_ratio is not null then expected_count end as expected_count,
        case when span_ratio is not null then lower_count end as lower_count,
        case when span_ratio is not null then upper_count end as upper_count,
        case when span_ratio is not null then ticket_count_7d < lower_count or ticket_count_7d > upper_count end as is_outside_band,
        read_count_7d as read_count,
        negative_count_7d as negative_count,
        negative_share,
        negative_share_lower,
        negative_share_upper,
        expected_negative_share,
        {{ rounded('greatest(0, expected_negative_share - margin_below)') }} as noise_share_lower,
        {{ rounded('least(1, expected_negative_share + margin_above)') }} as noise_share_upper,
        case
            when negative_share > expected_negative_share then negative_share - expected_negative_share > margin_above
            when negative_share <= expected_negative_share then expected_negative_share - negative_share > margin_below
        end as is_negative_share_outside_band

    from margined

)

select * from final
{% endmacro %}
