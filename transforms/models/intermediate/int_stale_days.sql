{% if is_continued() -%}

with inputs as (

    select * from {{ ref('int_day_inputs') }}

),

changes as (

    select
        tenant_id,
        company_id,
        min(day_on) as changed_on

    from inputs
    where {{ is_changed() }}
    group by tenant_id, company_id

),

-- Those that were there before, too: their scores have to go.
companies as (

    select distinct
        tenant_id,
        company_id

    from inputs
    where company_id <> ''

),

final as (

    select
        companies.tenant_id,
        companies.company_id,
        -- Neither engine's least() minds what is null.
        cast(least({{ scored_until_on() }}, of_company.changed_on, of_tenant.changed_on) as date) as stale_from_on

    from companies
    left join changes as of_company
        on
            companies.tenant_id = of_company.tenant_id
            and companies.company_id = of_company.company_id
    left join changes as of_tenant
        on
            companies.tenant_id = of_tenant.tenant_id
            and of_tenant.company_id = ''

)

select * from final

{%- else -%}

-- depends_on: {{ ref('int_day_inputs') }}
-- Every day is scored anew, so none is told apart.
select
    cast(null as text) as tenant_id,
    cast(null as text) as company_id,
    cast(null as date) as stale_from_on
where false

{%- endif %}
