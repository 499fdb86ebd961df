-- What is scored here stands in the place of what was scored of the stale days before.
-- depends_on: {{ ref('int_stale_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored',
    unique_key=['tenant_id', 'company_id', 'trigger_type', 'scored_on'],
) }}

with final as (

    select
        tenant_id,
        company_id,
        trigger_type,
        scored_on,
        score,
        severity_rank,
        is_notify,
        is_opening,
        is_holding,
        ticket_id,
        components,
        why,
        message_points,
        rule_version

    from {{ ref('int_new_scores_daily') }}

)

select * from final
