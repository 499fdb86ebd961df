-- A build that goes on has what was scored in it beside what it keeps.
-- depends_on: {{ ref('int_new_scores_daily') }}
-- depends_on: {{ ref('int_trigger_scores_daily') }}
-- depends_on: {{ ref('int_stale_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored_in_window',
    on_schema_change='fail',
    unique_key=['tenant_id', 'company_id', 'trigger_type', 'scored_on'],
) }}

with final as (

    select
        tenant_id,
        company_id,
        trigger_type,
        scored_on,
        score,
        components

    from {{ ref('int_new_scores_daily') if is_continued() else ref('int_trigger_scores_daily') }}
    where scored_on >= {{ history_start_on() }}

)

select * from final
