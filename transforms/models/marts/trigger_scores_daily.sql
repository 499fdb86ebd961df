{{ config(
    materialized='incremental',
    incremental_strategy='rescored_in_window',
    on_schema_change='fail',
    unique_key=['tenant_id', 'company_id', 'trigger_type', 'scored_on'],
) }}

with scores as (

    select * from {{ ref('int_trigger_scores_daily') }}

),

{% if is_continued() or not execute -%}
stale_days as (

    select * from {{ ref('int_stale_days') }}

),

{% endif -%}
final as (

    select
        scores.tenant_id,
        scores.company_id,
        scores.trigger_type,
        scores.scored_on,
        scores.score,
        scores.components

    from scores
    {% if is_continued() -%}
    left join stale_days
        on
            scores.tenant_id = stale_days.tenant_id
            and scores.company_id = stale_days.company_id
    {% endif -%}
    where
        scores.scored_on >= {{ history_start_on() }}
        and scores.scored_on >= {{ stale_from_on() }}

)

select * from final
