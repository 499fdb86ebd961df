{{ config(materialized='view') }}

with scores as (

    select
        'frustrated' as trigger_type,
        tenant_id,
        company_id,
        scored_on,
        score,
        severity_rank,
        is_notify,
        ticket_id,
        components,
        why,
        message_points

    from {{ ref('int_frustrated_daily') }}
    union all
    select 'significant_support' as trigger_type, *, cast(null as text) as message_points from {{ ref('int_significant_support_daily') }}
    union all
    select 'silently_struggling' as trigger_type, *, cast(null as text) as message_points from {{ ref('int_silently_struggling_daily') }}
    union all
    select 'tenant_rule' as trigger_type, *, cast(null as text) as message_points from {{ ref('int_tenant_rule_daily') }}

),

params as (

    {{ params_by_day(['t_on', 't_off']) }}

),

final as (

    select
        scores.tenant_id,
        scores.company_id,
        scores.trigger_type,
        scores.scored_on,
        scores.score,
        scores.severity_rank,
        scores.is_notify,
        scores.score >= params.t_on as is_opening,
        -- A tenant who sets the closing threshold above the opening one means no hysteresis, not a signal that is off while it opens.
        scores.score >= least(params.t_on, params.t_off) as is_holding,
        scores.ticket_id,
        scores.components,
        scores.why,
        scores.message_points,
        params.rule_version

    from scores
    inner join params
        on
            scores.tenant_id = params.tenant_id
            and scores.trigger_type = params.trigger_type
            and scores.scored_on = params.day_on
    where scores.score > 0

)

select * from final
