-- What is followed here stands in the place of what was followed on the stale days before.
-- depends_on: {{ ref('int_stale_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored',
    unique_key=['tenant_id', 'company_id', 'trigger_type', 'scored_on'],
) }}

{% set days_to_close = signal_days_to_close() %}

with {% if is_continued() or not execute -%}
stale_days as (

    select * from {{ ref('int_stale_days') }}

),

{% endif -%}
held as (

    select
        scores.tenant_id,
        scores.company_id,
        scores.trigger_type,
        scores.scored_on,
        {{ stale_from_on() }} as first_on,
        case when scores.is_opening then scores.scored_on end as came_on

    from {{ ref('int_trigger_scores_daily') }} as scores
    {% if is_continued() -%}
    left join stale_days
        on
            scores.tenant_id = stale_days.tenant_id
            and scores.company_id = stale_days.company_id
    {% endif -%}
    where
        scores.is_holding
        and scores.scored_on >= {{ stale_from_on() }}
    {% if is_continued() %}
    union all

    -- The days before, of which a stretch may go on.
    select
        kept.tenant_id,
        kept.company_id,
        kept.trigger_type,
        kept.scored_on,
        stale_days.stale_from_on,
        kept.came_on

    from {{ this }} as kept
    inner join stale_days
        on
            kept.tenant_id = stale_days.tenant_id
            and kept.company_id = stale_days.company_id
    where kept.scored_on between stale_days.stale_from_on - {{ days_to_close }} and stale_days.stale_from_on - 1
    {% endif %}
),

-- A run is a stretch of days no three of which in a row were below the closing threshold.
run_starts as (

    select
        *,
        case
            when
                scored_on - lag(scored_on) over (partition by tenant_id, company_id, trigger_type order by scored_on)
                <= {{ days_to_close }}
                then 0
            else 1
        end as is_run_start

    from held

),

runs as (

    select
        *,
        sum(is_run_start) over (
            partition by tenant_id, company_id, trigger_type
            order by scored_on
            rows between unbounded preceding and current row
        ) as run_number

    from run_starts

),

-- Within a run the signal is on from the first day that reaches the opening threshold; in a run without one it never is.
signals as (

    select
        tenant_id,
        company_id,
        trigger_type,
        run_number,
        min(came_on) as came_on

    from runs
    group by tenant_id, company_id, trigger_type, run_number

),

final as (

    select
        runs.tenant_id,
        runs.company_id,
        runs.trigger_type,
        runs.scored_on,
        case when signals.came_on <= runs.scored_on then signals.came_on end as came_on

    from runs
    inner join signals
        on
            runs.tenant_id = signals.tenant_id
            and runs.company_id = signals.company_id
            and runs.trigger_type = signals.trigger_type
            and runs.run_number = signals.run_number
    where runs.scored_on >= runs.first_on

)

select * from final
