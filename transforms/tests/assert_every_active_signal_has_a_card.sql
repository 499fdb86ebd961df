-- Whoever is at or above the opening threshold on the last day is on the board, unless people called it a false alarm a short while ago;
-- and the board's companies agree with its cards.
with opening as (

    select
        tenant_id,
        company_id,
        trigger_type
    from {{ ref('int_trigger_scores_daily') }}
    where scored_on = {{ as_of_on() }} and is_opening

),

active as (

    select
        tenant_id,
        company_id,
        trigger_type
    from {{ ref('churn_risk_cards') }}
    where is_active

),

quieted as (

    select
        tenant_id,
        company_id,
        trigger_type
    from {{ ref('int_cards') }}
    where is_active and is_quieted

),

active_counts as (

    select
        tenant_id,
        company_id,
        count(*) as card_count
    from active
    group by tenant_id, company_id

)

select
    opening.tenant_id,
    opening.company_id,
    opening.trigger_type
from opening
left join active
    on
        opening.tenant_id = active.tenant_id
        and opening.company_id = active.company_id
        and opening.trigger_type = active.trigger_type
left join quieted
    on
        opening.tenant_id = quieted.tenant_id
        and opening.company_id = quieted.company_id
        and opening.trigger_type = quieted.trigger_type
where active.company_id is null and quieted.company_id is null

union all

select
    companies.tenant_id,
    companies.company_id,
    companies.active_triggers
from {{ ref('companies') }} as companies
left join active_counts
    on
        companies.tenant_id = active_counts.tenant_id
        and companies.company_id = active_counts.company_id
where companies.active_trigger_count <> coalesce(active_counts.card_count, 0)
