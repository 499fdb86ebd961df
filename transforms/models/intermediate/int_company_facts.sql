with companies as (

    select * from {{ ref('stg_hubspot__companies') }}
    where
        not is_archived
        and (created_at is null or created_at <= {{ as_of_at() }})

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

owners as (

    select * from {{ ref('stg_hubspot__owners') }}

),

-- Which property holds a fact is the tenant's choice; what stands in it is whatever somebody typed.
mapped as (

    select
        companies.*,
        tenants.currency,
        tenants.mrr_unit,
        -- A company for which nobody filled in the currency is billed in the one the tenant named, or reports in.
        coalesce(
            {{ currency_code(json_field('companies.properties', 'tenants.mrr_currency_property')) }},
            tenants.mrr_currency,
            tenants.currency
        ) as mrr_currency,
        {{ json_field('companies.properties', 'tenants.mrr_property') }} as mrr_text,
        {{ json_field('companies.properties', 'tenants.renewal_property') }} as renewal_text,
        {{ json_field('companies.properties', 'tenants.last_login_property') }} as last_login_text,
        {{ json_field('companies.properties', 'tenants.onboarding_step_property') }} as onboarding_step_text,
        {{ json_field('companies.properties', 'tenants.usage_property') }} as usage_text

    from companies
    inner join tenants
        on companies.tenant_id = tenants.tenant_id

),

typed as (

    select
        *,
        {{ text_to_number('mrr_text') }} as mrr_number,
        {{ text_to_date('renewal_text') }} as renewal_on,
        {{ text_to_date('last_login_text') }} as last_login_date,
        {{ text_to_number('onboarding_step_text') }} as onboarding_step,
        {{ text_to_number('usage_text') }} as usage_30d

    from mapped

),

priced as (

    select
        *,
        {{ monthly_amount('mrr_number', 'mrr_unit') }} as amount,
        mrr_currency is null or coalesce(mrr_currency = currency, false) as is_reporting_currency,
        case when last_login_date <= {{ as_of_on() }} then last_login_date end as last_login_on,
        cast(created_at as date) as created_on

    from typed

),

-- Amounts in another currency are shown, and compared with nothing: no exchange rate is known here.
known as (

    select
        *,
        case when is_reporting_currency then amount end as known_mrr,
        amount is not null and not is_reporting_currency as is_other_currency

    from priced

),

tenant_mrr as (

    select
        tenant_id,
        count(*) as company_count,
        percentile_cont(0.5) within group (order by known_mrr) as median_mrr

    from known
    where known_mrr is not null
    group by tenant_id

),

-- Companies paying at least as much as this one, itself included: ties push each other down, so equal customers are not all "top".
ranked as (

    select
        tenant_id,
        company_id,
        count(*) over (partition by tenant_id order by known_mrr desc) as at_least_count

    from known
    where known_mrr is not null

),

final as (

    select
        -- ids
        known.tenant_id,
        known.company_id,
        known.company_name,
        known.domain,
        known.lifecyclestage,
        known.owner_id,
        coalesce(
            nullif(trim(coalesce(owners.first_name, '') || ' ' || coalesce(owners.last_name, '')), ''), owners.email
        ) as owner_name,

        -- money
        known.known_mrr,
        coalesce(known.known_mrr, {{ rounded('tenant_mrr.median_mrr', 2) }}) as comparable_mrr,
        coalesce(known.amount, {{ rounded('tenant_mrr.median_mrr', 2) }}) as mrr,
        case
            when known.known_mrr is not null then 'mapped_property'
            when known.is_other_currency then 'other_currency'
            when tenant_mrr.median_mrr is not null then 'tenant_median_assumed'
            else 'unknown'
        end as mrr_source,
        case when known.is_other_currency then known.mrr_currency else known.currency end as currency,
        coalesce(ranked.at_least_count <= greatest(1, floor(tenant_mrr.company_count * 0.1)), false) as is_mrr_top_tenth,
        coalesce(ranked.at_least_count <= greatest(1, floor(tenant_mrr.company_count * 0.25)), false) as is_mrr_top_quarter,

        -- facts, null where not mapped, absent or unreadable
        known.renewal_on,
        known.last_login_on,
        known.onboarding_step,
        known.usage_30d,

        -- time
        known.created_on,
        cast(known.modified_at as date) as modified_on

    from known
    left join tenant_mrr
        on known.tenant_id = tenant_mrr.tenant_id
    left join ranked
        on
            known.tenant_id = ranked.tenant_id
            and known.company_id = ranked.company_id
    left join owners
        on
            known.tenant_id = owners.tenant_id
            and known.owner_id = owners.owner_id

)

select * from final
