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

final as (

    select
        typed.tenant_id,
        typed.company_id,
        typed.churned_on,
        -- Nothing is what it pays now, not what it paid.
        nullif(facts.known_mrr, 0) as mrr,
        'mapped_property' as source

    from typed
    left join facts
        on
            typed.tenant_id = facts.tenant_id
            and typed.company_id = facts.company_id
    -- Notice given for a day to come is no departure yet.
    where typed.churned_on <= {{ as_of_on() }}

)

select * from final
