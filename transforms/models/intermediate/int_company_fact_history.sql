with companies as (

    select * from {{ ref('int_company_facts') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

mapped as (

    select tenant_id, 'mrr' as fact, mrr_property as property_name from tenants
    union all
    select tenant_id, 'renewal', renewal_property from tenants
    union all
    select tenant_id, 'last_login', last_login_property from tenants
    union all
    select tenant_id, 'onboarding_step', onboarding_step_property from tenants
    union all
    select tenant_id, 'usage', usage_property from tenants

),

-- Of the values of one day the last one counts: what was known at its end.
changes as (

    select
        history.tenant_id,
        history.company_id,
        mapped.fact,
        history.value_text,
        cast(history.set_at as date) as set_on,
        row_number() over (
            partition by history.tenant_id, history.company_id, mapped.fact, cast(history.set_at as date)
            order by history.set_at desc, {{ byte_order('history.value_text') }} desc
        ) as day_rank

    from {{ ref('stg_hubspot__company_property_history') }} as history
    inner join mapped
        on
            history.tenant_id = mapped.tenant_id
            and history.property_name = mapped.property_name
    where history.set_at <= {{ as_of_at() }}

),

typed as (

    select
        changes.tenant_id,
        changes.company_id,
        changes.fact,
        changes.set_on as valid_from_on,
        coalesce(
            lead(changes.set_on) over (partition by changes.tenant_id, changes.company_id, changes.fact order by changes.set_on) - 1,
            {{ last_day() }}
        ) as valid_to_on,
        case
            when changes.fact = 'mrr'
                then case when companies.mrr_source <> 'other_currency' then {{ monthly_amount(text_to_number('changes.value_text'), 'tenants.mrr_unit') }} end
            when changes.fact in ('onboarding_step', 'usage') then {{ text_to_number('changes.value_text') }}
        end as fact_number,
        case when changes.fact in ('renewal', 'last_login') then {{ text_to_date('changes.value_text') }} end as fact_on

    from changes
    inner join companies
        on
            changes.tenant_id = companies.tenant_id
            and changes.company_id = companies.company_id
    inner join tenants
        on changes.tenant_id = tenants.tenant_id
    where changes.day_rank = 1

),

told as (

    select distinct
        tenant_id,
        company_id,
        fact

    from changes

),

-- Where only today's value is known it counts on the days it says something about. The last login was the last one on every day since. A step not
-- reached today had not been reached before. A usage figure holds since the record last changed.
today as (

    select tenant_id, company_id, 'mrr' as fact, {{ first_day() }} as valid_from_on, known_mrr as fact_number, cast(null as date) as fact_on
    from companies
    where known_mrr is not null
    union all
    select tenant_id, company_id, 'renewal', {{ first_day() }}, null, renewal_on
    from companies
    where renewal_on is not null
    union all
    select tenant_id, company_id, 'last_login', last_login_on, null, last_login_on
    from companies
    where last_login_on is not null
    union all
    select tenant_id, company_id, 'onboarding_step', {{ first_day() }}, onboarding_step, null
    from companies
    where onboarding_step is not null
    union all
    select tenant_id, company_id, 'usage', modified_on, usage_30d, null
    from companies
    where usage_30d is not null and modified_on is not null

),

final as (

    select
        tenant_id,
        company_id,
        fact,
        valid_from_on,
        cast(valid_to_on as date) as valid_to_on,
        fact_number,
        fact_on,
        true as is_history
    from typed
    where fact_number is not null or fact_on is not null

    union all

    select
        today.tenant_id,
        today.company_id,
        today.fact,
        today.valid_from_on,
        {{ last_day() }},
        today.fact_number,
        today.fact_on,
        false
    from today
    left join told
        on
            today.tenant_id = told.tenant_id
            and today.company_id = told.company_id
            and today.fact = told.fact
    where told.fact is null

)

select * from final
