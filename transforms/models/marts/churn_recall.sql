-- A card counts as a warning if it opened so many days before the company left ...
{% set warning_days = 14 %}
-- ... and its sign was still on in so many days before: what had passed half a year ago warned nobody.
{% set reach_days = 90 %}

with tenants as (

    select * from {{ ref('int_tenants') }}

),

-- Before the first day signals are followed there is no card to have warned.
departures as (

    select
        tenant_id,
        company_id,
        churned_on,
        mrr,
        source = 'mapped_property' as is_recorded

    from {{ ref('int_churned_companies') }}
    where
        source <> 'card_contraction'
        and churned_on >= {{ spine_start_on() }} + {{ warning_days }}

),

cards as (

    select * from {{ ref('int_cards') }}

),

warned as (

    select
        departures.tenant_id,
        departures.company_id,
        min(cards.opened_on) as first_opened_on

    from departures
    inner join cards
        on
            departures.tenant_id = cards.tenant_id
            and departures.company_id = cards.company_id
            and cards.opened_on <= departures.churned_on
            and cards.last_signal_on >= departures.churned_on - {{ reach_days }}
    group by departures.tenant_id, departures.company_id

),

dated as (

    select
        departures.*,
        departures.churned_on - warned.first_opened_on as lead_days,
        coalesce(departures.churned_on - warned.first_opened_on >= {{ warning_days }}, false) as is_covered

    from departures
    left join warned
        on
            departures.tenant_id = warned.tenant_id
            and departures.company_id = warned.company_id

),

sliced as (

    select
        *,
        {{ quarter_name('churned_on') }} as period

    from dated

    union all

    select
        *,
        'all' as period

    from dated

),

counted as (

    select
        tenant_id,
        period,
        sum(case when not is_recorded then 1 else 0 end) as card_only_count,
        sum(case when is_recorded then 1 else 0 end) as churned_company_count,
        sum(case when is_recorded and lead_days is not null then 1 else 0 end) as warned_company_count,
        sum(case when is_recorded and is_covered then 1 else 0 end) as covered_company_count,
        percentile_cont(0.5) within group (order by case when is_recorded then lead_days end) as median_lead_days,
        count(case when is_recorded then mrr end) as known_mrr_count,
        sum(case when is_recorded then {{ exact('mrr', 2) }} end) as churned_mrr,
        sum(case when is_recorded and is_covered then {{ exact('mrr', 2) }} else 0 end) as covered_mrr,
        sum(case when is_recorded then {{ exact('mrr * mrr', 2) }} end) as squared_mrr

    from sliced
    group by tenant_id, period

),

-- Every tenant has a row for all time, if only to say why nothing is told.
periods as (

    select
        tenant_id,
        'all' as period

    from tenants

    union

    select
        tenant_id,
        period

    from counted

),

joined as (

    select
        periods.tenant_id,
        periods.period,
        tenants.currency,
        tenants.churn_property is not null as is_mapped,
        coalesce(counted.card_only_count, 0) as card_only_count,
        coalesce(counted.churned_company_count, 0) as churned_company_count,
        coalesce(counted.warned_company_count, 0) as warned_company_count,
        coalesce(counted.covered_company_count, 0) as covered_company_count,
        coalesce(counted.known_mrr_count, 0) as known_mrr_count,
        counted.median_lead_days,
        cast(counted.churned_mrr as double precision) as churned_mrr,
        case when counted.known_mrr_count > 0 then cast(counted.covered_mrr as double precision) end as covered_mrr,
        cast(counted.squared_mrr as double precision) as squared_mrr

    from periods
    inner join tenants
        on periods.tenant_id = tenants.tenant_id
    left join counted
        on
            periods.tenant_id = counted.tenant_id
            and periods.period = counted.period

),

-- Revenue is not a count: few large customers say less than many equal ones. Kish's effective sample size says how many equal ones
-- they are worth, and is what the interval is taken for (Kish 1965, "Survey Sampling"; docs/measures.md).
judged as (

    select
        *,
        churned_company_count >= {{ var('measures_least_count') }} as is_told,
        known_mrr_count >= {{ var('measures_least_count') }} and churned_mrr > 0 as is_mrr_told,
        covered_mrr / nullif(churned_mrr, 0) as mrr_share,
        churned_mrr * churned_mrr / nullif(squared_mrr, 0) as effective_count

    from joined

),

final as (

    select
        tenant_id,
        period,
        cast(churned_company_count as bigint) as churned_company_count,
        cast(card_only_count as bigint) as card_only_count,
        cast(warned_company_count as bigint) as warned_company_count,
        cast(covered_company_count as bigint) as covered_company_count,
        case when is_told then {{ rounded('cast(covered_company_count as double precision) / churned_company_count') }} end as company_recall_score,
        case when is_told then {{ rounded(wilson_lower_bound('covered_company_count', 'churned_company_count')) }} end as company_lower_bound_score,
        case when is_told then {{ rounded(wilson_upper_bound('covered_company_count', 'churned_company_count')) }} end as company_upper_bound_score,
        cast(known_mrr_count as bigint) as known_mrr_count,
        churned_mrr,
        covered_mrr,
        currency,
        case when is_mrr_told then {{ rounded('mrr_share') }} end as mrr_recall_score,
        case when is_mrr_told then {{ rounded(wilson_lower_bound('(mrr_share * effective_count)', 'effective_count')) }} end as mrr_lower_bound_score,
        case when is_mrr_told then {{ rounded(wilson_upper_bound('(mrr_share * effective_count)', 'effective_count')) }} end as mrr_upper_bound_score,
        case when is_told then {{ rounded('median_lead_days', 1) }} end as median_lead_days,
        case
            when not is_mapped then 'churn_not_mapped'
            when not is_told then 'too_few'
        end as hidden_reason,
        case
            when not is_mapped then 'churn_not_mapped'
            when not coalesce(is_mrr_told, false) then 'too_few'
        end as mrr_hidden_reason

    from judged

)

select * from final
