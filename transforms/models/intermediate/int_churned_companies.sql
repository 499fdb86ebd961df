with companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

history as (

    select * from {{ ref('int_company_fact_history') }}

),

-- Companies in the recycling bin too: that is where many who left end up.
dated as (

    select
        companies.tenant_id,
        companies.company_id,
        {{ json_field('companies.properties', 'tenants.churn_property') }} as churn_text

    from companies
    inner join tenants
        on companies.tenant_id = tenants.tenant_id
    where tenants.churn_property is not null

),

typed as (

    select
        tenant_id,
        company_id,
        {{ text_to_date('churn_text') }} as churned_on

    from dated

),

-- What people said a card ended in. Only figures that somebody entered are taken for what was paid.
completed as (

    select
        cards.tenant_id,
        cards.company_id,
        states.outcome,
        cast(states.completed_at as date) as completed_on,
        {{ paid_when_opened('cards', 'history') }} as opened_mrr,
        case when states.outcome_mrr_source = 'mapped_property' then states.outcome_mrr end as outcome_mrr

    from {{ ref('int_cards') }} as cards
    inner join {{ ref('int_card_states') }} as states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
    left join history
        on
            cards.tenant_id = history.tenant_id
            and cards.company_id = history.company_id
            and history.fact = 'mrr'
            and cards.opened_on between history.valid_from_on and history.valid_to_on
    where states.outcome in ('churned', 'contraction')

),

told as (

    select
        tenant_id,
        company_id,
        churned_on,
        cast(null as double precision) as mrr,
        'mapped_property' as source,
        1 as source_rank

    from typed
    -- Notice given for a day to come is no departure yet.
    where churned_on <= {{ as_of_on() }}

    union all

    select
        tenant_id,
        company_id,
        completed_on,
        case
            when outcome = 'churned' then coalesce(nullif(outcome_mrr, 0), nullif(opened_mrr, 0))
            when outcome_mrr < opened_mrr then opened_mrr - outcome_mrr
        end as mrr,
        case when outcome = 'churned' then 'card_churned' else 'card_contraction' end as source,
        case when outcome = 'churned' then 2 else 3 end as source_rank

    from completed

),

-- The surest source says when; the first card it was said on, where several were completed.
ranked as (

    select
        *,
        row_number() over (partition by tenant_id, company_id order by source_rank asc, churned_on asc, mrr desc nulls last) as told_rank

    from told

),

paid as (

    select
        tenant_id,
        company_id,
        max(mrr) as card_mrr

    from told
    where source = 'card_churned'
    group by tenant_id, company_id

),

-- What it paid last before it left. Nothing is what it pays now, not what it paid.
priced as (

    select
        ranked.tenant_id,
        ranked.company_id,
        history.fact_number as last_mrr,
        row_number() over (partition by ranked.tenant_id, ranked.company_id order by history.valid_from_on desc) as price_rank

    from ranked
    inner join history
        on
            ranked.tenant_id = history.tenant_id
            and ranked.company_id = history.company_id
            and history.fact = 'mrr'
            and history.fact_number > 0
            and history.valid_from_on <= ranked.churned_on
    where ranked.told_rank = 1

),

final as (

    select
        ranked.tenant_id,
        ranked.company_id,
        ranked.churned_on,
        case ranked.source
            when 'mapped_property' then coalesce(priced.last_mrr, paid.card_mrr)
            when 'card_churned' then coalesce(ranked.mrr, priced.last_mrr)
            else ranked.mrr
        end as mrr,
        ranked.source

    from ranked
    left join priced
        on
            ranked.tenant_id = priced.tenant_id
            and ranked.company_id = priced.company_id
            and priced.price_rank = 1
    left join paid
        on
            ranked.tenant_id = paid.tenant_id
            and ranked.company_id = paid.company_id
    where ranked.told_rank = 1

)

select * from final
