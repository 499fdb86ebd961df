with scores as (

    select * from {{ ref('int_trigger_scores_daily') }}

),

final as (

    select
        tenant_id,
        company_id,
        trigger_type,
        scored_on,
        score,
        components

    from scores
    where scored_on >= {{ history_start_on() }}

)

select * from final
