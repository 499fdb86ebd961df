with companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

facts as (

    select * from {{ ref('int_company_facts') }}

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
        case when cards.opened_mrr_source = 'mapped_property' then cards.opened_mrr end as opened_mrr,
        case when states.outcome_mrr_source = 'mapped_property' then states.outcome_mrr end as outcome_mrr

    from {{ ref('int_cards') }} as cards
    inner join {{ ref('int_card_states') }} as states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
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
        row_number() over (partition by tenant_id, company_id order by source_rank asc, churned_on asc, mrr desc) as told_rank

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

final as (

    select
        ranked.tenant_id,
        ranked.company_id,
        ranked.churned_on,
        case
            -- Nothing is what it pays now, not what it paid.
            when ranked.source = 'mapped_property' then coalesce(nullif(facts.known_mrr, 0), paid.card_mrr)
            when ranked.source = 'card_churned' then coalesce(ranked.mrr, nullif(facts.known_mrr, 0))
            else ranked.mrr
        end as mrr,
        ranked.source

    from ranked
    left join facts
        on
            ranked.tenant_id = facts.tenant_id
            and ranked.company_id = facts.company_id
    left join paid
        on
            ranked.tenant_id = paid.tenant_id
            and ranked.company_id = paid.company_id
    where ranked.told_rank = 1

)

select * from final
